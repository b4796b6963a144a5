"""Folders of results: what is damaged is named."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from draggan_widget.batch import drag_batch
from draggan_widget.batch.folder import FINGERPRINT_FILE, ITEMS_FOLDER
from draggan_widget.errors import InputError
from tests.batch.items import job
from tests.picture_blobs import PictureBlobs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one result."""
    drag_batch([job(1)], generator=PictureBlobs(), out=tmp_path / "new" / "b")
    return tmp_path / "new" / "b"


def again(folder: Path) -> None:
    """Go on with the batch of a folder."""
    drag_batch([job(1)], generator=PictureBlobs(), out=folder)


def test_each_result_is_a_file(folder: Path) -> None:
    assert [path.name for path in (folder / ITEMS_FOLDER).iterdir()] == ["00000000.safetensors"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "batch.json",
        "items",
        "table.csv",
        "table.json",
    ]


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00" * 99])
def test_a_damaged_result_is_named(folder: Path, content: bytes) -> None:
    path = folder / ITEMS_FOLDER / "00000000.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"00000000\.safetensors is damaged .*; remove it"):
        again(folder)
    path.unlink()
    again(folder)


def test_a_result_of_another_kind_is_named(folder: Path) -> None:
    path = folder / ITEMS_FOLDER / "00000000.safetensors"
    for metadata in ({}, {"format": "draggan_widget batch item 1", "row": "{}"}):
        save_file({"w": np.zeros(3)}, path, metadata)
        with pytest.raises(InputError, match=r"00000000\.safetensors is damaged"):
            again(folder)


@pytest.mark.parametrize("content", ["", "[]", "3"])
def test_a_damaged_fingerprint_is_named(folder: Path, content: str) -> None:
    (folder / FINGERPRINT_FILE).write_text(content)
    with pytest.raises(InputError, match=r"batch\.json is damaged|holds another batch"):
        again(folder)


def test_results_of_nobody_knows_what_are_refused(folder: Path) -> None:
    (folder / FINGERPRINT_FILE).unlink()
    with pytest.raises(InputError, match=r"holds results, but batch\.json"):
        again(folder)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(InputError, match="cannot be used as the folder of a batch"):
        again(tmp_path / "a")
