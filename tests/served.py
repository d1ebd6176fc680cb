"""Whatever serves feeds, held against the numbered checks of a publisher that lie beside this checkout.

They call a validator of their own beside them; ours takes its place, and answers in the form that they read:
`validate.sh --json URL` prints `{"errors": 1, "events": [["ERROR", where, what], …]}`, and `validate.sh -l A URL …` ends with 1
where something is wrong.

    python tests/served.py --json URL | -l A URL …
"""

import json
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

from feed_validator import problems

CHECKS = Path(__file__).parents[2] / "shared" / "tools" / "pubcheck.py"
KINDS = {
    "application/atom+xml": "atom",
    "application/rss+xml": "rss",
    "application/feed+json": "json",
    "text/x-opml": "opml",
}


def checked(base, *, gone, change, name="all"):
    """Run every check but RFC 3229's on the feed `name` below `base` ("http://…/feeds/"); the lines, by their state."""
    with tempfile.TemporaryDirectory() as folder:
        tool = Path(shutil.copy(CHECKS, folder))
        validator = tool.with_name("validate.sh")
        validator.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "$@"\n')
        validator.chmod(0o755)
        options = {kind: f"{base}{name}.{kind}" for kind in ("atom", "rss", "json")}
        options |= {"opml": f"{base}subscriptions.opml", "missing": f"{base}no-such-topic.atom", "gone": gone}
        options |= {"change": change, "only": "H,F,S,A,T,J,O,W,C"}
        command = [sys.executable, tool, *(word for name, value in options.items() for word in (f"--{name}", value))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    *lines, last = [line.split(" ", 1) for line in done.stdout.splitlines()] or [["nothing"]]
    assert last[0] == "RESULT", done.stderr
    return {state: [rest for word, rest in lines if word == state] for state in ("PASS", "FAIL", "SKIP")}


def passes(found):
    """Everything was looked at, and nothing found; what is left out, we have not (pages by rel=next)."""
    assert found["FAIL"] == []
    assert {line.split(":")[0] for line in found["SKIP"]} <= {"A01"}
    groups = {line[0] for line in found["PASS"]}
    assert groups == set("HFSATJOWC")


def found_at(url):
    with urlopen(url, timeout=20) as answer:
        kind = KINDS[answer.headers["Content-Type"].split(";")[0]]
        return problems(answer.read(), kind, now=datetime.now(UTC), url=url if kind != "opml" else None)


def main(words):
    if words[0] == "--json":
        events = [["ERROR", "", line] for line in found_at(words[1])]
        print(json.dumps({"errors": len(events), "events": events}))
        return 0
    lines = [line for url in words[2:] for line in found_at(url)]
    print("\n".join(lines))
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
