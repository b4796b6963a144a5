import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import draggan_widget as dg

ROOT = Path(__file__).parent.parent
IMPORT_S = 0.5
"""What importing may cost beyond torch."""

MEASURE = """
import json, sys, time
begin = time.perf_counter()
import draggan_widget
print(json.dumps({"seconds": time.perf_counter() - begin, "torch": "torch" in sys.modules}))
"""
WIDGET_MODULES = """
import sys
import draggan_widget.widget
print("torch" in sys.modules)
"""


def run(code: str) -> str:
    """Run code in a fresh interpreter, and return what it prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_every_public_name_is_there() -> None:
    for name in dg.__all__:
        assert getattr(dg, name) is not None
    assert set(dg.__all__) <= set(dir(dg))


def test_a_wrong_name_is_told_as_always() -> None:
    with pytest.raises(AttributeError, match="module 'draggan_widget' has no attribute 'Dragger'"):
        dg.Dragger  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_is_quick_and_imports_no_torch(
    record_property: Callable[[str, object], None],
) -> None:
    measured = json.loads(run(MEASURE))
    record_property("import_s", round(measured["seconds"], 3))
    assert not measured["torch"]
    assert measured["seconds"] < IMPORT_S


def test_a_cell_with_a_widget_does_not_wait_for_torch() -> None:
    assert run(WIDGET_MODULES) == "False\n"


def test_the_package_is_typed() -> None:
    assert (ROOT / "draggan_widget" / "py.typed").is_file()
