// What makes the desk quicker where scripts run. Every page works without it.
"use strict";

// The alert editor: looks back as somebody types. The last answer wins.
for (const form of document.querySelectorAll("form[data-preview]")) {
  const shown = document.getElementById("preview");
  const told = document.getElementById("preview-told");
  let timer = 0;
  let asking = null;

  const lost = (why) => {
    const text = document.createElement("p");
    text.className = "look-wrong";
    text.textContent = told.textContent = `This no longer follows what you write: ${why}`;
    shown.replaceChildren(text);
  };

  const ask = async () => {
    clearTimeout(timer);
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const answer = await fetch(form.dataset.preview, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        redirect: "error",
        signal: mine.signal,
      });
      const page = await answer.text();
      if (mine !== asking) return;
      if (answer.status === 403) {
        lost("you were signed out. Press “Look back” to sign in again and keep it.");
      } else if (!answer.ok) {
        lost("the desk is in trouble. Go on writing, and it is tried again.");
      } else {
        shown.innerHTML = page;
        told.textContent = shown.firstElementChild.dataset.told;
      }
    } catch {
      if (mine === asking) lost("the desk does not answer. Go on writing, and it is tried again.");
    } finally {
      if (mine === asking) shown.classList.remove("waiting");
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 120);
    shown.classList.add("waiting");
  });

  // Enter presses the first button of the form, which nobody sees: it looks back, and the focus stays where it is.
  form.addEventListener("submit", (event) => {
    if (!event.submitter?.classList.contains("default")) return;
    event.preventDefault();
    ask();
  });
}
