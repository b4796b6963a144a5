"""The page about hosts: each test that it names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "hosts.md"
HOSTS = "tests/browser/test_hosts.py"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
SHORT = re.compile(r"`(test_\w+)`")
"""Tests of :data:`HOSTS`, named alone."""
OF_PAGES = re.compile(r"`(js/tests/[\w/]+\.test\.ts)`")


def test_every_test_that_the_page_names_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = [*NAMED.findall(text), *((HOSTS, name) for name in SHORT.findall(text))]
    assert len(named) > 20
    missing = [
        (path, name)
        for path, name in named
        if not (ROOT / path).is_file()
        or (name and f"\ndef {name}(" not in (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert missing == []
    assert all((ROOT / path).is_file() for path in OF_PAGES.findall(text))


def test_the_page_names_every_test_with_a_double() -> None:
    tests = re.findall(r"^def (test_\w+)", (ROOT / HOSTS).read_text(encoding="utf-8"), re.MULTILINE)
    assert len(tests) >= 6
    assert set(tests) <= set(SHORT.findall(PAGE.read_text(encoding="utf-8")))
