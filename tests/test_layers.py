"""Imports run downward only: docs/design.md's table of layers, held against the code."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "syndicator"

# The room a module is in (its first name below the package) and the layer that room stands on.
LAYERS = {
    "model": 0,
    "errors": 0,
    "config": 1,
    "query": 1,
    "identity": 1,
    "ingest": 1,
    "editorial": 1,
    "network": 1,
    "httptimes": 1,
    "pace": 1,
    "health": 1,
    "scoring": 1,
    "plurals": 1,
    "alerts": 1,
    "metrics": 1,
    "readiness": 1,
    "people": 1,
    "websub": 1,
    "access": 1,
    "sources": 2,
    "store": 2,
    "publish": 2,
    "delivery": 2,
    "watch": 3,
    "storying": 3,
    "alerting": 3,
    "composing": 3,
    "addresses": 3,
    "courier": 3,
    "pushing": 3,
    "oidc": 3,
    "maintenance": 3,
    "alertdesk": 3,
    "destinationdesk": 3,
    "deliverydesk": 3,
    "tokendesk": 3,
    "userdesk": 3,
    "sourcedesk": 3,
    "topicdesk": 3,
    "shapes": 3,
    "previewing": 3,
    "privatefeed": 3,
    "provenance": 3,
    "searchfeed": 3,
    "filing": 3,
    "intake": 3,
    "subscribing": 3,
    "receiving": 3,
    "rendering": 3,
    "pipeline": 3,
    "articledesk": 3,
    "reach": 3,
    "desk": 3,
    "worker": 4,
    "web": 4,
    "cli": 5,
    "__main__": 5,
}
PURE = {"model", "errors"}
# Layer 1 decides and does no I/O: these modules would be a sign that it does.
IO_MODULES = {"sqlite3", "sqlite_utils", "socket", "subprocess", "urllib.request", "tempfile", "shutil"}


MODULES = [
    pytest.param(path, parts[0], id=".".join(parts))
    for path in sorted(PACKAGE.rglob("*.py"))
    for parts in [path.relative_to(PACKAGE).with_suffix("").parts]
    if parts != ("__init__",)
]
FACES = [pytest.param(path, id=path.parent.name) for path in PACKAGE.rglob("__init__.py")]


def imported(path):
    """Every module that a file names in an import, with `syndicator.` still on it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it goes"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield str(node.module)


def rooms(path):
    """The rooms that a file imports from."""
    ours = [name.split(".") for name in imported(path) if name.startswith("syndicator.")]
    return {parts[1] for parts in ours if parts[1] in LAYERS}


@pytest.mark.parametrize(("path", "room"), MODULES)
def test_every_module_has_a_layer(path, room):
    assert room in LAYERS, f"{path.name}: name its layer in tests/test_layers.py and docs/design.md"


@pytest.mark.parametrize(("path", "room"), MODULES)
def test_imports_run_downward(path, room):
    above = {other for other in rooms(path) if LAYERS[other] > LAYERS[room]}
    assert not above


@pytest.mark.parametrize(("path", "room"), MODULES)
def test_rooms_with_io_never_import_each_other(path, room):
    if LAYERS[room] == 2:
        assert not {other for other in rooms(path) if LAYERS[other] == 2} - {room}


@pytest.mark.parametrize(("path", "room"), MODULES)
def test_the_ground_floor_knows_the_standard_library_alone(path, room):
    if room in PURE:
        assert not [
            name for name in imported(path) if name.split(".")[0] not in {*sys.stdlib_module_names, "syndicator"}
        ]


@pytest.mark.parametrize(("path", "room"), MODULES)
def test_pure_rooms_do_no_io(path, room):
    if LAYERS[room] <= 1 and room != "network":
        assert not IO_MODULES & set(imported(path))


@pytest.mark.parametrize("path", FACES)
def test_a_folders_face_holds_no_logic(path):
    for node in ast.parse(path.read_text("utf-8")).body:
        kept = isinstance(node, ast.Import | ast.ImportFrom | ast.Assign) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        )
        assert kept, f"{path}:{node.lineno}"


@pytest.mark.parametrize(("path", "room"), MODULES)
def test_modules_stay_small(path, room):
    assert len(path.read_text("utf-8").splitlines()) <= 400
