"""What all tests share: tests of CUDA code need a device; what tests measure is told at the end."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation site, built as `make docs` does; a warning fails it."""
    folder = tmp_path_factory.mktemp("site")
    options = ("-W", "--keep-going", "-q", "-c", "docs/site", "-d", str(folder / "read"))
    command = (sys.executable, "-m", "sphinx", *options, ".", str(folder / "pages"))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "pages"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests in a browser last, and skip those marked ``cuda`` where there is no device.

    Playwright keeps an event loop running in the main thread as long as its browser lives; other tests start their own.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    marked = [item for item in items if item.get_closest_marker("cuda")]
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="there is no CUDA device here"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what the tests have measured with ``record_property``."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"measured {name} = {value}")
