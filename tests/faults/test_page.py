"""The page about reliability: each test that it names is there, and each group of faults is on it."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def names_in(path: Path) -> set[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_test_that_the_page_names_is_there() -> None:
    named = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    assert len(named) > 25
    missing = [f"{path}::{name}" for path, name in named if name not in names_in(ROOT / path)]
    assert missing == []


def test_every_row_of_faults_names_a_test_and_every_file_of_tests_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    faults = text.partition("\n## Faults\n")[2].partition("\n## ")[0]
    rows = [row for row in faults.splitlines() if row.startswith("| ")][1:]
    assert len(rows) >= 15
    assert [row for row in rows if not NAMED.search(row)] == []
    files = {path.name for path in (ROOT / "tests" / "faults").glob("test_*.py")}
    assert files - {Path(path).name for path, _ in NAMED.findall(text)} == {"test_page.py"}
