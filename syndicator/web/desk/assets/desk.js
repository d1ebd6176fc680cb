// What makes the desk quicker where scripts run. Every page works without it.
"use strict";

// The alert editor: looks back as somebody types. The last answer wins.
for (const form of document.querySelectorAll("form[data-preview]")) {
  const shown = document.getElementById("preview");
  const told = document.getElementById("preview-told");
  let timer = 0;
  let asking = null;

  const ask = async () => {
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const answer = await fetch(form.dataset.preview, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        redirect: "error",
        signal: mine.signal,
      });
      if (!answer.ok) return;
      const page = await answer.text();
      if (mine !== asking) return;
      shown.innerHTML = page;
      told.textContent = shown.firstElementChild.dataset.told;
    } catch {
      // The next letter asks again, and the button is still there.
    } finally {
      if (mine === asking) shown.classList.remove("waiting");
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 120);
    shown.classList.add("waiting");
  });
}
