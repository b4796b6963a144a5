"""The documentation: the site as `make docs` builds it, and the commands and scripts that its pages name."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import shlex
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import CodeType
from urllib.parse import unquote, urlsplit

import pytest

import draggan_widget as dg
from draggan_widget.cli import COMMANDS, _parser

ROOT = Path(__file__).parent.parent
PAGES = (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("draggan_widget/**/*.md"))
"""Every page that is written in Markdown."""

TAUGHT = [path for path in PAGES if path.name != "ARCHITECTURE.md"]
"""Pages whose Python is meant to be run; that of the architecture is signatures."""

LOADED = {"script": "src", "img": "src", "source": "srcset", "iframe": "src", "video": "src"}
"""Elements that make a browser load something, and the attribute that names it."""

LOADING_LINKS = {"stylesheet", "icon", "shortcut icon", "preload", "prefetch", "preconnect"}
"""Kinds of ``link`` that make a browser load something or reach for a host; the others only tell."""

CSS_ADDRESS = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
INDENTED = re.compile(r"^    (draggan-widget [^\n]*)", re.MULTILINE)
INLINE = re.compile(r"`(draggan-widget [^`]*)`")
TARGET = re.compile(r"`?\bmake ([a-z-]+)(?= |`|$)", re.MULTILINE)


class Page(HTMLParser):
    """What a page loads, where it leads and which places it has.

    Attributes:
        loads: Addresses of scripts, styles, pictures and fonts.
        links: Addresses to which a reader can go.
        places: Ids that a link can name.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element loads, where it leads and how it is called."""
        of = {name: value or "" for name, value in attrs}
        if "id" in of:
            self.places.add(of["id"])
        if (name := LOADED.get(tag)) and of.get(name):
            self.loads.append(of[name])
        elif tag == "link" and of.get("rel", "") in LOADING_LINKS:
            self.loads.append(of["href"])
        elif tag == "a" and of.get("href"):
            self.links.append(of["href"])


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Every page of the site by its file."""
    return {path: Page(path) for path in site.rglob("*.html")}


def is_elsewhere(address: str) -> bool:
    """Whether an address is on a host of its own."""
    return bool(urlsplit(address).netloc)


def scripts(path: Path) -> list[str]:
    """Return the Python code of a page, block by block."""
    return [
        code for kind, code in FENCE.findall(path.read_text(encoding="utf-8")) if kind == "python"
    ]


def command_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a page that call the ``draggan-widget`` command."""
    text = path.read_text(encoding="utf-8")
    for kind, code in FENCE.findall(text):
        if kind == "sh":
            yield from (line for line in code.splitlines() if line.startswith("draggan-widget "))
    yield from INDENTED.findall(text)
    yield from INLINE.findall(text)


def test_the_site_holds_every_page_of_the_navigation(pages: dict[Path, Page], site: Path) -> None:
    start = pages[site / "README.html"].links
    found = {path.relative_to(site).with_suffix("").as_posix() for path in pages}
    written = {path.relative_to(ROOT).with_suffix("").as_posix() for path in PAGES}
    examples = {
        path.relative_to(ROOT).with_suffix("").as_posix() for path in ROOT.glob("examples/*.ipynb")
    }
    assert found >= written | examples
    assert {f"{name}.html" for name in (written | examples) - {"README"}} <= set(start)


def test_no_page_loads_anything_from_another_host(pages: dict[Path, Page], site: Path) -> None:
    loaded = {address for page in pages.values() for address in page.loads}
    for sheet in site.rglob("*.css"):
        for url, imported in CSS_ADDRESS.findall(sheet.read_text(encoding="utf-8")):
            loaded.add(url or imported)
    assert [address for address in loaded if is_elsewhere(address)] == []
    assert [address for address in loaded if address.endswith(".webp")], "no picture was found"


def test_every_link_leads_to_a_page_and_a_place_of_the_site(pages: dict[Path, Page]) -> None:
    lost = []
    for path, page in pages.items():
        for address in [*page.links, *page.loads]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = target.is_file()
            if there and parts.fragment and target in pages:
                there = unquote(parts.fragment) in pages[target].places
            if not there:
                lost.append(f"{path.name}: {address}")
    assert lost == []


def test_every_public_name_has_its_entry(pages: dict[Path, Page], site: Path) -> None:
    places = pages[site / "docs" / "api.html"].places
    names = {f"draggan_widget.{name}" for name in dg.__all__ if name != "__version__"}
    assert names <= places
    assert {
        f"draggan_widget.DragWidget.{name}" for name in ("drag_async", "undo", "save")
    } <= places


def test_every_command_of_the_pages_can_be_called() -> None:
    lines = {line for path in PAGES for line in command_lines(path)}
    called = set()
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        named = [word for word in words if not word.startswith("-")]
        if len(words) == 1:  # a bare name, as in a sentence
            assert words[0] in {command.name for command in COMMANDS} or words[0].startswith("-")
        else:
            _parser(words).parse_args(words)
        called.update(named[:1])
    assert called == {command.name for command in COMMANDS}


def test_the_guide_tells_every_key_of_the_widget() -> None:
    told = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8").split("## Keys")[1]
    keys = set(
        re.findall(r"[A-Z0-9]\b|[^\w\s|]", " ".join(re.findall(r"^\| (.+?) \|", told, re.M)))
    )
    source = "".join(
        (ROOT / "js" / "src" / "view" / name).read_text(encoding="utf-8")
        for name in ("keys.ts", "sight_keys.ts")
    )
    listed = " ".join(re.findall(r"^  \[\"([^\"]+)\", \"", source, re.MULTILINE))
    words = [each.strip(",") or "," for each in listed.split()]
    single = {each for each in words if len(each) == 1 and not each.islower()}
    assert len(single) > 15
    assert single <= keys


def test_every_make_target_of_the_pages_is_there() -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {
        target
        for path in PAGES
        for code in re.findall(r"`+[^`]*`+", path.read_text(encoding="utf-8"))
        for target in TARGET.findall(code)
    }
    assert named <= known
    assert {"lab", "test", "docs", "audit"} <= named


@pytest.mark.parametrize("path", TAUGHT, ids=lambda path: path.stem)
def test_the_scripts_of_the_pages_are_python_and_name_what_there_is(path: Path) -> None:
    for code in scripts(path):
        _compiled(code)
        for node in ast.walk(ast.parse(code)):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "dg"
            ):
                assert node.attr in dg.__all__


@pytest.mark.slow
def test_the_page_about_scripts_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}

    async def run() -> None:
        for code in scripts(ROOT / "docs" / "scripting.md"):
            value = eval(_compiled(code), names)  # noqa: S307  (the page of this repository)
            if inspect.isawaitable(value):
                await value

    asyncio.run(run())
    widget = names["widget"]
    assert isinstance(widget, dg.DragWidget)
    assert widget.status == "arrived"
    widget.close()
    assert capsys.readouterr().out.startswith("arrived")
    written = {"turned.png", "turned.dgs", "ear.png", "ear-mask.png"}
    assert {path.name for path in tmp_path.iterdir()} == written


def _compiled(code: str) -> CodeType:
    """Return the code of a cell, which may wait."""
    compiled: CodeType = compile(code, "a page", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return compiled
