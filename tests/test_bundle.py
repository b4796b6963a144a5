"""The built front end: it runs no text as code, and asks no other host for anything."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "draggan_widget" / "static"

NAMES_ONLY = {"http://www.w3.org/2000/svg"}
"""Addresses that name a kind of element and are never asked for."""

RUNS_TEXT = re.compile(
    r"\beval\b|\bFunction\s*\(|\bsetTimeout\(\s*[\"'`]|\bimportScripts\b|\bWorker\b|javascript:"
)
ASKS = re.compile(
    r"\bfetch\s*\(|\bXMLHttpRequest\b|\bWebSocket\b|\bEventSource\b|\bsendBeacon\b|\bimport\s*\("
    r"|\bimport\s*[\"'{*]|\bfrom\s*[\"']|@import"
)
ADDRESS = re.compile(r"(?:https?|wss?|ftp)://[^\s\"'`)<>]+|url\(\s*[\"']?//[^)]*")


@pytest.fixture(params=["widget.js", "widget.css"])
def built(request: pytest.FixtureRequest) -> str:
    """A file of the bundle."""
    path = STATIC / str(request.param)
    return path.read_text(encoding="utf-8")


def test_the_bundle_runs_no_text_as_code(built: str) -> None:
    assert RUNS_TEXT.findall(built) == []


def test_the_bundle_asks_for_nothing_and_names_no_other_host(built: str) -> None:
    assert ASKS.findall(built) == []
    assert set(ADDRESS.findall(built)) <= NAMES_ONLY


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("let a=eval(b)", RUNS_TEXT),
        ("new Function('a')", RUNS_TEXT),
        ("setTimeout('a()',1)", RUNS_TEXT),
        ("await fetch(a)", ASKS),
        ("import('./a.js')", ASKS),
        ('import{a}from"b"', ASKS),
        ("@import url(a.css)", ASKS),
        ("src='https://a.example/b.js'", ADDRESS),
        ("url(//a.example/b.woff2)", ADDRESS),
    ],
)
def test_what_is_looked_for_would_be_found(text: str, pattern: re.Pattern[str]) -> None:
    assert pattern.search(text)


def test_every_package_of_the_front_end_is_pinned_with_its_digest() -> None:
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert "dependencies" not in package, "everything is bundled, and needed for building only"
    versions = package["devDependencies"].values()
    assert [each for each in versions if not re.fullmatch(r"\d+\.\d+\.\d+", each)] == []
    locked = {name: each for name, each in lock["packages"].items() if name}
    assert [name for name, each in locked.items() if not each.get("integrity")] == []


def test_scripts_of_others_below_a_clone_stay_what_they_are() -> None:
    """Node takes the kind of a script from the nearest ``package.json``: that of JupyterLab's in ``.venv`` is this one."""
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    assert package.get("type", "commonjs") == "commonjs"


def test_every_python_package_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [each for each in pins if not re.fullmatch(r"[\w.-]+==[^\s;,*]+(; .+)?", each)] == []
