"""README's console examples are run, in order, as one shell session with no network; their output must be what it says.

A line that begins with `$ ` is a command (a here-document goes on to its end); the lines below it are its output, of
which `…` stands for any part of a line, and alone on a line for any lines. Times are held against their form only,
and runs of spaces count as one, since a table's columns are as wide as the times in them.
"""

import re
import subprocess
import sys
from dataclasses import dataclass

import pytest
from documents import ROOT, Document, read

TIMES = [
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<moment>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d\b"), "<minute>"),
    (re.compile(r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}\b(?:, \d\d:\d\d UTC)?"), "<day>"),
    (re.compile(r"\b\d+ (?:s|min|h|d) ago\b"), "<ago>"),
    (re.compile(r"\b(?:in \d+ (?:s|min|h|d)|now)(?= )"), "<soon>"),
]  # fmt: skip

# Python looks for this module when it starts: whoever asks for another machine is refused, and remembered.
NO_NETWORK = """
import os, sys
def refuse(event, args):
    if event in {"socket.connect", "socket.sendto"} and isinstance(args[1], tuple) or event == "socket.getaddrinfo":
        with open(os.environ["ASKED_FILE"], "a", encoding="utf-8") as asked:
            asked.write(f"{event} {args!r}\\n")
        raise OSError("tests have no network")
sys.addaudithook(refuse)
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One command and the output that is shown for it."""

    command: str
    expected: str
    line: int


def steps(document):
    """The commands of all console blocks, in order."""
    found = []
    for block in document.blocks("console"):
        lines = list(enumerate(block.body.splitlines(), start=block.line))
        assert lines[0][1].startswith("$ "), f"{document.name}:{block.line}: a console block begins with a command"
        while lines:
            number, line = lines.pop(0)
            command = [line.removeprefix("$ ")]
            if here := re.search(r"<<\s*'?(\w+)'?", line):
                while command[-1] != here[1]:
                    command.append(lines.pop(0)[1])
            output = []
            while lines and not lines[0][1].startswith("$ "):
                output.append(lines.pop(0)[1])
            found.append(Step("\n".join(command), "\n".join(output), number))
    return found


def plain(text):
    """Without what differs from run to run: times, the widths of columns, empty lines at the end."""
    for pattern, name in TIMES:
        text = pattern.sub(name, text)
    return "\n".join(" ".join(line.split()) for line in text.rstrip().splitlines())


def agree(expected, actual):
    """Tell whether an output is the expected one, wildcards and times apart."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "…" else ".*".join(map(re.escape, line.split("…"))) + r"\n"
        for line in plain(expected).splitlines()
    )
    shown = plain(actual)
    return re.fullmatch(pattern, shown + "\n" if shown else "") is not None


def outputs(commands, folder):
    """What each of these commands prints, in one shell session that begins in `folder`; and who asked for the network."""
    binaries, home = folder / "bin", folder / "home"
    binaries.mkdir()
    home.mkdir()
    (binaries / "syndicator").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m syndicator "$@"\n')
    (binaries / "syndicator").chmod(0o755)
    (binaries / "sitecustomize.py").write_text(NO_NETWORK)
    environment = {
        "PATH": f"{binaries}:/usr/bin:/bin",
        "PYTHONPATH": f"{binaries}:{ROOT}",
        "ASKED_FILE": str(folder / "asked"),
        "HOME": str(home),
        "LOGNAME": "anna",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
    }
    script = "".join(f"{command}\nprintf '\\036'\n" for command in commands)
    done = subprocess.run(
        ["/bin/bash"],
        input=script,
        cwd=home,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    printed = done.stdout.split("\036")
    assert len(printed) == len(commands) + 1, f"the session broke off:\n{printed[-1]}"
    asked = folder / "asked"
    return printed[:-1], asked.read_text("utf-8") if asked.exists() else ""


def disagreements(document, folder):
    """Every command of a page that printed something else than is shown for it; and who asked for the network."""
    session = steps(document)
    printed, asked = outputs([step.command for step in session], folder)
    wrong = [
        f"{document.name}:{step.line}: $ {step.command}\nshown:\n{step.expected}\nprinted:\n{actual}"
        for step, actual in zip(session, printed, strict=True)
        if not agree(step.expected, actual)
    ]
    return wrong, asked


@pytest.mark.thorough
def test_the_tour_prints_what_readme_shows(tmp_path):
    wrong, asked = disagreements(read("README.md"), tmp_path)
    assert not wrong, "\n\n".join(wrong)
    assert asked == ""


def test_a_page_that_shows_something_else_is_found_out(tmp_path):
    text = (
        "# T\n```console\n$ cat > a <<'END'\nx\nEND\n$ cat a\ny\n$ echo z\nz\n```\n\n```console\n$ nosuchcommand\n```\n"
    )
    wrong, _ = disagreements(Document(ROOT / "T.md", text), tmp_path)
    assert [line.splitlines()[0] for line in wrong] == ["T.md:6: $ cat a", "T.md:13: $ nosuchcommand"]


def test_the_tour_has_every_command_that_a_newcomer_needs():
    commands = "\n".join(step.command for step in steps(read("README.md")))
    for needed in (
        "init", "check", "once", "search", "topics", "sources", "article show", "article correct", "article kill",
        "topics score",
    ):  # fmt: skip
        assert f"syndicator {needed}" in commands


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("1 file", "1 file\n", True),
        ("1 file", "2 files\n", False),
        ("1 file", "1 file\nand a line more\n", False),
        ("one\ntwo", "one\n", False),
        ("", "an error nobody expected\n", False),
        ("a … z", "a to z\n", True),
        ("a … z", "a\nz\n", False),
        ("a\n…\nz", "a\nb\nc\nz\n", True),
        ("a\n…\nz", "a\nb\n", False),
        ("at 2026-11-23 04:06 by anna", "at 2027-01-02 13:14 by anna\n", True),
        ("at 2026-11-23 04:06 by anna", "at 2027-01-02 13:14 by bert\n", False),
        ("at 2026-11-23 04:06", "at noon\n", False),
        ("all    3 s ago", "all  12 min ago\n", True),
        ("(a+b)", "(a+b)\n", True),
    ],
)
def test_an_output_that_differs_is_noticed(expected, actual, same):
    assert agree(expected, actual) is same


def test_a_command_that_asks_for_the_network_is_noticed(tmp_path):
    commands = ["syndicator init .", "syndicator ingest http://9.9.9.9/feed http://nowhere.example/feed"]
    _, asked = outputs(commands, tmp_path)
    assert "9.9.9.9" in asked
    assert "nowhere.example" in asked
