"""What is in the repository: every example opens with a picture in it, and tells nothing of where it was run."""

import json
import re

import nbformat
import pytest

from tests.examples.notebooks import EXAMPLES, IMAGES, picture_of, stored

LARGEST_BYTES = 300_000
NAMES = sorted(path.name for path in EXAMPLES.glob("*.ipynb"))

MACHINE_FOLDERS = ("home", "root", "tmp", "Users", "usr", "mnt", "var")
"""Where paths of machines begin."""

MACHINE_PATH = re.compile(rf"/(?:{'|'.join(MACHINE_FOLDERS)})/|[A-Za-z]:\\\\|site-packages")


def outputs(name: str) -> list[nbformat.NotebookNode]:
    """Return every output of a notebook."""
    return [output for cell in stored(name).values() for output in cell.get("outputs", [])]


def test_there_are_the_examples_that_the_readme_lists() -> None:
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    assert set(NAMES) <= set(re.findall(r"examples/(\w+\.ipynb)", readme))


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_stored_with_a_picture_and_is_small(name: str) -> None:
    assert (EXAMPLES / name).stat().st_size < LARGEST_BYTES
    pictures = [
        cell
        for cell in stored(name).values()
        if any(
            kind in output.get("data", {}) for output in cell.get("outputs", []) for kind in IMAGES
        )
    ]
    assert pictures
    for cell in pictures:
        assert min(picture_of(cell).shape[:2]) >= 128


@pytest.mark.parametrize("name", NAMES)
def test_the_stored_outputs_are_clean(name: str) -> None:
    assert all(output.output_type == "display_data" for output in outputs(name))
    code = [cell for cell in stored(name).values() if cell.cell_type == "code"]
    assert all(cell.execution_count is None for cell in code)
    texts = [
        text for output in outputs(name) for kind, text in output.data.items() if kind not in IMAGES
    ]
    assert [text for text in texts if MACHINE_PATH.search(text)] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_stored_notebook_names_no_machine(name: str) -> None:
    content = nbformat.read(EXAMPLES / name, as_version=4)
    assert set(content.metadata) <= {"kernelspec", "language_info"}
    for cell in content.cells:
        assert MACHINE_PATH.search(cell.source) is None
        assert json.dumps(cell.metadata) == "{}"


def test_machine_paths_are_found() -> None:
    for folder in MACHINE_FOLDERS:
        assert MACHINE_PATH.search(f"/{folder}/me/x.png")
    for path in ("C:\\\\Users\\\\me", "lib/site-packages/torch"):
        assert MACHINE_PATH.search(path)
    assert MACHINE_PATH.search("arrived after 2 steps, docs/images/x.webp") is None
