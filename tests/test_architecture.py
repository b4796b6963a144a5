"""ARCHITECTURE.md's module map against the imports of every source file.

A line of the map is ``- `name` role ← what it may import``. A file may import its own group and what its line, or
else its group's line, names after the arrow; a file of its own without an arrow (an entry point) may import
everything. A file whose own line in a group has an arrow imports of its group only the files that it names. A line that names third-party packages or ``stdlib`` allows no other third-party package; any other
line allows every dependency of the project.
"""

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "draggan_widget"
FRONT_END = "js/src"
EVERYTHING = frozenset({"everything"})
EVERYWHERE = frozenset({"_version", "errors"})
"""What every file of the package may import: modules that depend on nothing."""

ENTRY = re.compile(r"`(\w+/|\w+\.(?:py|ts))`")
ALLOWED = re.compile(r"← ([^:;]+)")
IMPORT_NAMES = {"pil": "pillow"}
"""Import names that differ from the name of the distribution, in lower case."""

MODULE_NAME = re.compile(rf"{PACKAGE}(\.\w+)+")
TYPESCRIPT_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"']+)["']""")
TYPESCRIPT_COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Import:
    """One import: a file or group of the same tree (a path without suffix), or a package from outside."""

    name: str
    inside: bool


@cache
def module_map(tree: str) -> dict[str, frozenset[str]]:
    """Return what each file and each group (``name/``) of a tree may import, by path in the tree."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.split("## Module map")[1].split("\n## ")[0]
    entries: dict[str, frozenset[str]] = {}
    group = ""
    for row in section.split(f"`{tree}/`\n")[1].split("\n\n")[0].splitlines():
        names = ENTRY.findall(row)
        found = ALLOWED.search(row)
        allowed = frozenset(name.strip() for name in found[1].split(",")) if found else None
        if names[0].endswith("/"):
            group = names.pop(0)
            entries[group] = allowed or frozenset()
        elif not row.startswith(" "):
            group = ""
        for name in names:
            entries[group + name] = allowed or entries.get(group, EVERYTHING)
    return entries


def allowed_to(tree: str, path: str) -> frozenset[str]:
    """Return what a file may import by its own line or its group's."""
    entries = module_map(tree)
    for name in (path, _group(path) + "/"):
        if name in entries:
            return entries[name]
    pytest.fail(f"{tree}/{path} is not in ARCHITECTURE.md; give it or its group a line")


def allowed_of_own_group(tree: str, path: str) -> frozenset[str]:
    """Return what a file may import of its group: all of it, or the files that its own line names."""
    group, entries = _group(path), module_map(tree)
    own = entries.get(path)
    if own is None or own == entries.get(group + "/", own):
        return frozenset({group})
    return frozenset(f"{group}/{name}" for name in own)


def _group(path: str) -> str:
    """Return the group of a file: its first folder, or its own name without suffix."""
    return path.split("/")[0].split(".")[0]


def python_imports(path: str) -> Iterator[Import]:
    """Yield what a Python file imports, inside functions too, and the modules it names in strings."""
    source = (ROOT / PACKAGE / path).read_text(encoding="utf-8")
    for name in _names_read(path, ast.parse(source)):
        if name.split(".")[0] not in sys.stdlib_module_names:
            yield _python_import(name)


def _names_read(path: str, tree: ast.Module) -> Iterator[str]:
    """Yield the dotted names that a Python file imports or names in strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full, as {PACKAGE}.name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and MODULE_NAME.fullmatch(str(node.value)):
            yield str(node.value)


def _python_import(name: str) -> Import:
    """Return an import by the file or group that it reads."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        outside = parts[0].lower().replace("_", "-")
        return Import(IMPORT_NAMES.get(outside, outside), inside=False)
    base = ROOT / PACKAGE
    for count in range(len(parts), 1, -1):
        inner = "/".join(parts[1:count])
        if (base / f"{inner}.py").is_file() or (base / inner).is_dir():
            return Import(inner, inside=True)
    return Import("__init__", inside=True)


def typescript_imports(path: str) -> Iterator[Import]:
    """Yield what a TypeScript file imports, types included."""
    source = TYPESCRIPT_COMMENT.sub("", (ROOT / FRONT_END / path).read_text(encoding="utf-8"))
    for name in TYPESCRIPT_IMPORT.findall(source):
        if name.startswith("."):
            target = (ROOT / FRONT_END / path).parent.joinpath(name).resolve()
            inner = target.relative_to(ROOT / FRONT_END).with_suffix("")
            yield Import(inner.as_posix(), inside=True)
        else:
            yield Import(name, inside=False)


@cache
def dependencies(tree: str) -> frozenset[str]:
    """Return the packages that a tree declares to need when it runs, the extras that the package itself uses included."""
    if tree == FRONT_END:
        package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
        return frozenset(package.get("dependencies", {}))
    texts = [text for text in requires("draggan-widget") or [] if _is_needed(text)]
    return frozenset(re.split(r"[^\w-]", text)[0].lower() for text in texts)


def described_dependencies() -> set[str]:
    """Return the packages that ARCHITECTURE.md gives a reason for."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    return set(re.findall(r"^- ([\w-]+): ", text.split("\n## Dependencies")[1], re.MULTILINE))


def _is_needed(requirement: str) -> bool:
    """Whether a requirement belongs to the package itself or to an extra that a part of it uses."""
    return "extra ==" not in requirement or bool(
        re.search(r"extra == .(dask|evaluation|lab|video).", requirement)
    )


def forbidden(tree: str, path: str, imports: Iterable[Import]) -> list[str]:
    """Return the imports that the map does not allow to a file."""
    allowed = allowed_to(tree, path)
    if allowed == EVERYTHING:
        allowed = frozenset(_group(name) for name in module_map(tree))
    inside = allowed | EVERYWHERE | allowed_of_own_group(tree, path)
    outside = dependencies(tree)
    named = frozenset(name.lower() for name in allowed)
    if named & (outside | {"stdlib"}):
        outside &= named
    return [
        each.name
        for each in imports
        if not {each.name, each.name.split("/")[0]} & (inside if each.inside else outside)
    ]


def sources(tree: str, suffix: str) -> list[str]:
    """Return the source files of a tree, relative to it."""
    return sorted(
        path.relative_to(ROOT / tree).as_posix() for path in (ROOT / tree).rglob(f"*{suffix}")
    )


@pytest.mark.parametrize("path", sources(PACKAGE, ".py"))
def test_a_python_file_imports_only_what_the_map_allows(path: str) -> None:
    assert forbidden(PACKAGE, path, python_imports(path)) == []


@pytest.mark.parametrize("path", sources(FRONT_END, ".ts"))
def test_a_typescript_file_imports_only_what_the_map_allows(path: str) -> None:
    assert forbidden(FRONT_END, path, typescript_imports(path)) == []


@pytest.mark.parametrize(("tree", "suffix"), [(PACKAGE, ".py"), (FRONT_END, ".ts")])
def test_the_map_names_every_file_and_no_other(tree: str, suffix: str) -> None:
    named = {path for path in module_map(tree) if path.endswith(suffix)}
    found = {path for path in sources(tree, suffix) if not path.endswith("/__init__.py")}
    assert named == found


def test_every_dependency_has_its_reason() -> None:
    required = {
        re.split(r"[^\w-]", text)[0]
        for text in requires("draggan-widget") or []
        if "extra ==" not in text
    }
    assert described_dependencies() == required


def _targets(tree: str, path: str) -> set[str]:
    """Return the files of the same tree that a file imports, itself excepted."""
    read = python_imports if tree == PACKAGE else typescript_imports
    suffix, index = (".py", "__init__.py") if tree == PACKAGE else (".ts", "index.ts")
    files = set(sources(tree, suffix))
    names = {each.name for each in read(path) if each.inside}
    return ({name + suffix for name in names} | {f"{name}/{index}" for name in names}) & files - {
        path
    }


@pytest.mark.parametrize(("tree", "suffix"), [(PACKAGE, ".py"), (FRONT_END, ".ts")])
def test_imports_run_one_way(tree: str, suffix: str) -> None:
    left = {path: _targets(tree, path) for path in sources(tree, suffix)}
    # The lazy index of the public names reads every module by name; no module is loaded by it early.
    left.pop("__init__.py", None)
    while leaves := {path for path, targets in left.items() if not targets & left.keys()}:
        left = {path: targets for path, targets in left.items() if path not in leaves}
    assert left == {}, "these files import each other"


def test_the_map_is_read_as_it_is_meant() -> None:
    package, front_end = module_map(PACKAGE), module_map(FRONT_END)
    assert package["session/history.py"] == {"stdlib"}
    assert package["cli.py"] == package["__init__.py"] == EVERYTHING
    assert package["generator/layers.py"] == package["generator/"] == {"ops"}
    assert package["drag/optimizer.py"] == {"ops"}
    assert package["animals/shading.py"] == {"torch", "numpy"}
    assert front_end["view/draw.ts"] == {"core"}
    assert front_end["core/"] == frozenset()


@pytest.mark.parametrize(
    ("path", "name", "inside"),
    [
        ("session/history.py", "torch", False),
        ("session/history.py", "session/session", True),
        ("session/driver.py", "session", True),
        ("drag/config.py", "generator/stylegan2", True),
        ("runner.py", "scipy", False),
        ("ops/bias_act.py", "drag", True),
    ],
)
def test_an_import_against_the_map_is_found(path: str, name: str, inside: bool) -> None:
    assert forbidden(PACKAGE, path, [Import(name, inside)]) == [name]
