"""What the documents say is there: commands, options, JSON, paths, names, links, queries, layers, the version.

tests/test_config.py holds docs/configuration.md, tests/test_readme.py runs README's examples, and tests/test_nginx.py
the set-up in docs/deploy.md.
"""

import configparser
import importlib
import inspect
import json
import pkgutil
import re
import shlex
import tomllib
from collections import Counter
from itertools import pairwise

import pytest
import typer
import typer.main
from documents import ROOT, Document, markdown, read
from test_layers import LAYERS
from typer.testing import CliRunner

import syndicator
from syndicator.cli.app import app
from syndicator.query import parse
from syndicator.sources import frontmatter

DOCUMENTS = [pytest.param(document, id=document.name) for document in markdown()]
SHELL = ("console", "sh", "ini", "")
CLI = typer.main.get_command(app)
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


# Commands and options


def commands(command=CLI, path=("syndicator",)):
    """Every command of the program that does something by itself: its name and its click command."""
    inner = getattr(command, "commands", {})
    if not inner or (getattr(command, "invoke_without_command", False) and len(path) > 1):
        yield " ".join(path), command
    for name, each in inner.items():
        yield from commands(each, (*path, name))


COMMANDS = dict(commands())


def options(command):
    """The options of a command, by all their names."""
    return {name for parameter in command.params if parameter.param_type_name == "option" for name in parameter.opts}


EVERY_OPTION = {"--help", "--version"}.union(*map(options, COMMANDS.values()))


def spoken(document):
    """The command lines of ours that a document names: in code, in examples, in unit files."""
    lines = document.inline_code()
    for block in document.blocks(*SHELL):
        lines += [line.removeprefix("$ ") for line in block.body.replace("\\\n", " ").splitlines()]
    lines += [line.strip() for line in re.findall(r"(?<=\n) {4}(.*)", document.text)]
    for line in lines:
        for match in re.finditer(r"(?<!-u)(?:^|[\s=/(])syndicator\s+((?:[a-z]|--?[a-z]).*)", line):
            yield match[0].strip(), match[1]


def words(line):
    """The words of a command line, up to a pipe or the next command; brackets and dots of a synopsis aside."""
    line = re.split(r" (?:\||&&|;|>|<) | #", line)[0]
    try:
        found = shlex.split(line)
    except ValueError:
        found = line.split()
    return [word.strip("[]") for word in found]


def misspoken(line):
    """What is wrong with a command line: a command or an option that does not exist; None when all is well."""
    command = CLI
    rest = iter(words(line))
    for word in rest:
        if word == "--":
            break
        if word.startswith("-"):
            name = word.split("=")[0]
            known = next((parameter for parameter in command.params if name in parameter.opts), None)
            if known is None and name != "--help":
                return f"{command.name} has no option {name}"
            if known is not None and not known.is_flag and "=" not in word:
                next(rest, None)
        elif inner := getattr(command, "commands", {}):
            if word not in inner and not word.isupper():
                return f"{command.name} has no command {word}"
            command = inner.get(word, command)
    return None


@pytest.mark.parametrize("document", [*DOCUMENTS, pytest.param(read("config.toml"), id="config.toml")])
def test_every_command_and_option_that_is_named_exists(document):
    assert not {said: wrong for said, line in spoken(document) if (wrong := misspoken(line))}


def test_commands_are_found_where_documents_name_them():
    """The test above would pass if it saw nothing."""
    found = Counter(document.name for document in markdown() for _ in spoken(document))
    assert found["README.md"] > 10
    assert found["docs/commands.md"] > 15
    assert found["docs/deploy.md"] >= 3
    made_up = (
        "`syndicator once --jsno`, `syndicator serve`, `syndicator topics sort`\n\n```sh\n/bin/syndicator run -x\n```\n"
    )
    wrong = [misspoken(line) for _, line in spoken(Document(ROOT / "x.md", made_up))]
    assert wrong == [
        "once has no option --jsno",
        "syndicator has no command serve",
        "topics has no command sort",
        "run has no option -x",
    ]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_options_that_are_named_alone_exist(document):
    named = {code.split()[0].split("=")[0] for code in document.inline_code() if re.match(r"--?[a-z]", code)}
    named = {name for name in named if name.startswith("--") or name in {"-c", "-v"}}
    assert named <= EVERY_OPTION


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_on_its_page_with_all_its_options(name):
    text = read("docs/commands.md").text
    assert f"\n## {name}\n" in text
    section = text.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]
    synopsis = re.search(rf"\n    {name}(.*)\n", section)
    assert synopsis, f"docs/commands.md: {name} has no synopsis"
    command = COMMANDS[name]
    shown = set(re.findall(r"--[a-z-]+", synopsis[1]))
    assert shown == {option for option in options(command) if option.startswith("--")}
    needed = [parameter for parameter in command.params if parameter.param_type_name == "option" and parameter.required]
    for parameter in needed:
        assert not re.search(rf"\[{parameter.opts[0]}\b", synopsis[1]), f"{parameter.opts[0]} is not optional"
    assert len(re.findall(r"\[--", synopsis[1])) == len(shown) - len(needed)
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    shown_arguments = re.split(r"\[?--", synopsis[1])[0].split()
    assert shown_arguments == " ".join(parameter.metavar or parameter.name.upper() for parameter in arguments).split()


def test_the_page_of_commands_names_no_other_and_describes_the_shared_options():
    page = read("docs/commands.md")
    assert {heading for heading in page.headings() if heading.startswith("syndicator ")} == COMMANDS.keys()
    used = Counter(option for command in COMMANDS.values() for option in options(command))
    table = " ".join(row[0] for row in page.table("option", "meaning"))
    for option, count in used.items():
        if count > 5 or option in {"-v", "--verbose"}:
            assert re.search(rf"`{option}\b", table), option


def test_make_targets_that_are_named_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set()
    for document in markdown():
        lines = [*document.inline_code(), *re.findall(r"(?<=\n) {4}(.*)", document.text)]
        lines += [line for block in document.blocks("sh", "console") for line in block.body.splitlines()]
        named |= {found[1] for line in lines if (found := re.match(r"(?:\$ )?make ([a-z]+)", line))}
    assert {"run", "test", "check"} <= named <= targets


# JSON


@pytest.mark.parametrize("document", DOCUMENTS)
def test_json_that_is_shown_parses(document):
    for block in document.blocks("json"):
        json.loads(block.body)
    for block in document.blocks("toml"):
        tomllib.loads(block.body)


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What the commands really answer with --json, by name, in a small newsroom."""
    root = tmp_path_factory.mktemp("newsroom")
    (root / "config.toml").write_text(
        '[site]\ntitle = "T"\nurl = "https://t.example"\ncontact = "a@t.example"\n'
        '[[sources]]\nname = "Inbox"\nkind = "folder"\npath = "inbox"\n'
        '[topics.asylum]\ntitle = "Asylum"\nquery = "asylum"\n'
        '[destinations.log]\nkind = "file"\npath = "log.jsonl"\n[maintenance]\ndestinations = ["log"]\n',
        "utf-8",
    )
    (root / "inbox").mkdir()
    (root / "alerts.toml").write_text("[[alerts]]\nname = 'Other'\nquery = 'claims'\n", "utf-8")
    (root / "hubs.txt").write_text("Asylum claims rise\n\nMore claims were made.", "utf-8")
    (root / "tagged.jsonl").write_text('{"id": "1", "title": "a", "text": "b", "labels": ["asylum"]}\n', "utf-8")
    found = {}

    def ask(line):
        result = CliRunner().invoke(app, [*line, "--config", str(root / "config.toml"), "--json"])
        assert result.exit_code == 0, f"{line}: {result.output} {result.exception!r}"
        spelt = ["syndicator", *line]
        name = max((" ".join(spelt[:length]) for length in (2, 3)), key=lambda name: (name in COMMANDS, len(name)))
        found[name] = json.loads(result.stdout)

    ask(["alerts", "add", "Claims", "asylum", "--to", "log"])
    ask(["ingest", str(root / "hubs.txt")])
    ask(["once"])
    ask(["check"])
    ask(["backup", str(root / "backup.db")])
    ask(["search", "asylum"])
    article = found["syndicator search"][0]["id"]
    ask(["topics"])
    ask(["topics", "score", str(root / "tagged.jsonl")])
    ask(["topics", "retag"])
    ask(["sources"])
    ask(["article", "show", article])
    ask(["alerts"])
    ask(["alerts", "list"])
    ask(["alerts", "show", "claims"])
    ask(["alerts", "preview", "asylum"])
    ask(["alerts", "why", "claims", article])
    ask(["alerts", "history", "claims"])
    ask(["alerts", "feed", "claims"])
    ask(["alerts", "import", str(root / "alerts.toml")])
    ask(["destinations"])
    ask(["destinations", "list"])
    ask(["destinations", "add", "more", "--kind", "console"])
    ask(["destinations", "test", "log"])
    ask(["deliveries"])
    ask(["deliveries", "list"])
    ask(["deliveries", "show", found["syndicator deliveries list"][0]["id"]])
    ask(["deliveries", "replay", "--all"])
    ask(["article", "correct", article, "--note", "So it is."])
    ask(["tokens", "add", "cms", "--scope", "news:read"])
    ask(["tokens"])
    ask(["tokens", "list"])
    ask(["users", "add", "Anna"])
    ask(["users", "link", "Anna"])
    ask(["users"])
    ask(["users", "list"])
    ask(["restore", str(root / "backup.db")])
    return found


# Their answers are told to be those of another command.
TOLD_ELSEWHERE = {
    "syndicator article kill",
    "syndicator article embargo",
    "syndicator article topic",
    "syndicator alerts edit",
    "syndicator alerts import",
    "syndicator alerts mute",
    "syndicator destinations edit",
    "syndicator destinations on",
    "syndicator users link",
}


def shape(value):
    """The keys of a JSON document, to the depth of its records."""
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return {key: shape(each) for key, each in value.items()} if isinstance(value, dict) else None


def same_shape(shown, real):
    """Equal keys; a list or a span of names that one of them leaves empty agrees with any."""
    if isinstance(shown, list) and isinstance(real, list):
        return not shown or not real or same_shape(shown[0], real[0])
    if isinstance(shown, dict) and isinstance(real, dict):
        return shown.keys() == real.keys() and all(same_shape(shown[key], real[key]) for key in shown)
    return shown is None or real is None


def test_json_that_is_shown_has_the_keys_of_the_real_answers(answers):
    text = read("docs/commands.md").text
    for name, real in answers.items():
        if name in TOLD_ELSEWHERE:
            continue
        section = text.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]
        shown = json.loads(Document(ROOT / "docs/commands.md", section).blocks("json")[-1].body)
        assert same_shape(shape(shown), shape(real)), f"{name}: {json.dumps(shape(real))}"
    takes_json = {name for name, command in COMMANDS.items() if "--json" in options(command)}
    assert takes_json - answers.keys() <= TOLD_ELSEWHERE


# Paths, names, links

TOP = {"syndicator", "docs", "tests", "bench", "requirements", ".ci"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_is_named_exists(document):
    rooms = {room for room in LAYERS if (ROOT / "syndicator" / room).is_dir()}
    missing = set()
    for code in document.inline_code():
        if re.fullmatch(r"(?:[\w.-]+/)+[\w.-]*", code):
            first = code.split("/")[0]
            home = ROOT if first in TOP else ROOT / "syndicator" if first in rooms else None
            if home and not (home / code).exists():
                missing.add(code)
        elif re.fullmatch(r"bench_\w+\.py|test_\w+\.py", code):
            missing |= {code} - {path.name for path in ROOT.glob("[bt]e*/*.py")}
        elif re.fullmatch(r"[a-z]\w+\.py", code) and not list((ROOT / "syndicator").rglob(code)):
            missing.add(code)
    for block in document.blocks("sh", "console"):
        named = re.findall(r"(?<![\w/.-])((?:requirements|docs|tests|bench)/[\w./-]+)", block.body)
        missing |= {path for path in named if not (ROOT / path).exists()}
    assert not missing


def _classes():
    """Every class of the package by its name."""
    for found in pkgutil.walk_packages(syndicator.__path__, "syndicator."):
        if found.name != "syndicator.__main__":
            for name, value in inspect.getmembers(importlib.import_module(found.name), inspect.isclass):
                if value.__module__.startswith("syndicator"):
                    yield name, value


CLASSES = dict(_classes())


def resolves(name):
    """Tell whether a dotted Python name leads to something."""
    parts = name.split(".")
    if parts[0] in CLASSES:
        held = CLASSES[parts[0]]
        return all(hasattr(held, part) or part in getattr(held, "__annotations__", ()) for part in parts[1:2])
    for end in range(len(parts), 0, -1):
        try:
            held = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if not hasattr(held, part):
                return False
            held = getattr(held, part)
        return True
    return False


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_python_name_that_is_named_exists(document):
    files = {"syndicator.db", "syndicator.service"}
    unknown = set()
    for code in document.inline_code():
        found = re.fullmatch(r"([A-Za-z_]\w*(?:\.\w+)+)(?:\(.*\))?", code)
        if not found or found[1] in files or re.search(r"\.(?:py|toml|txt|md|html|db|json|map)$", found[1]):
            continue
        first = found[1].split(".")[0]
        name = f"syndicator.{found[1]}" if first in LAYERS else found[1]
        if (first in {"syndicator", *LAYERS, *CLASSES}) and not resolves(name):
            unknown.add(found[1])
    assert not unknown


def test_names_that_do_not_exist_are_found_out():
    assert resolves("syndicator.query.parse")
    assert resolves("Pipeline.once")
    assert not resolves("syndicator.query.prase")
    assert not resolves("syndicator.quarry")
    assert not resolves("Pipeline.twice")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document):
    broken = []
    for target in document.links():
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        linked = (document.path.parent / path).resolve() if path else document.path
        if not linked.exists() or (anchor and anchor not in Document(linked, linked.read_text("utf-8")).anchors()):
            broken.append(target)
    assert not broken


def test_every_page_is_reached_from_readme():
    reached, open_ = set(), [ROOT / "README.md"]
    while open_:
        path = open_.pop()
        if path in reached or path.suffix != ".md":
            continue
        reached.add(path)
        links = Document(path, path.read_text("utf-8")).links()
        open_ += [
            (path.parent / link.split("#")[0]).resolve() for link in links if "://" not in link and link[0] != "#"
        ]
    assert {document.path for document in markdown()} <= reached


# What single pages say


def test_the_layers_are_those_that_are_held_against_the_imports():
    documented = {}
    for layer, modules, _ in read("docs/design.md").table("layer", "modules", "may import"):
        for module in re.findall(r"`([\w/]+)`", modules):
            documented[module.rstrip("/")] = int(layer)
    assert documented == LAYERS


@pytest.mark.parametrize("name", ["README.md", "docs/query-language.md"])
def test_every_query_in_the_table_parses(name):
    rows = read(name).table("write", "to find articles")
    assert len(rows) > 10
    for query, meaning in rows:
        parse(query.strip("`"))
        for other in re.findall(r"`([^`]+)` is the same", meaning):
            parse(other)


def test_readmes_table_of_queries_is_an_extract_of_the_full_one():
    full = read("docs/query-language.md").table("write", "to find articles")
    assert [row for row in read("README.md").table("write", "to find articles") if row not in full] == []


def test_the_changelog_is_in_its_form_and_has_this_version():
    text = read("CHANGELOG.md").text
    assert syndicator.__version__ == VERSION
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    dates = []
    for heading in headings[1:]:
        released = re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", heading)
        assert released, heading
        dates.append(released[2])
    assert headings[1].startswith(f"[{VERSION}] ")
    assert all(later >= earlier for later, earlier in pairwise(dates))
    kinds = set(re.findall(r"^### (.*)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_unit_file_starts_the_service():
    block = read("docs/deploy.md").blocks("ini")[0]
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read_string(block.body)
    program, *line = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/bin/syndicator")
    assert misspoken(shlex.join(line)) is None
    assert line[0] == "run"
    config = line[line.index("--config") + 1]
    assert config.startswith(unit["Service"]["ReadWritePaths"] + "/")


def test_the_keys_of_dropped_files_are_all_listed():
    listed = {
        key: row[0].strip("`")
        for row in read("docs/inbox.md").table("key", "also written", "meaning")
        for key in [row[0].strip("`"), *re.findall(r"`(\w+)`", row[1])]
    }
    by_meaning = {}
    for key, meaning in frontmatter._KEYS.items():
        by_meaning.setdefault(meaning, set()).add(key)
    grouped = {}
    for key, first in listed.items():
        grouped.setdefault(first, set()).add(key)
    assert sorted(map(sorted, grouped.values())) == sorted(map(sorted, by_meaning.values()))
