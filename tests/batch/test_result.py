"""Results of batches: rows, latents, tables, pictures."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from draggan_widget.batch import BatchResult, drag_batch
from draggan_widget.batch.rows import COLUMNS
from draggan_widget.errors import InputError
from draggan_widget.session.pictures import picture_of
from tests.batch.items import job
from tests.picture_blobs import PictureBlobs


@pytest.fixture(scope="module")
def done() -> BatchResult:
    """Two items that were dragged, and between them one that failed."""
    return drag_batch([job(1), job(-2), job(3)], generator=PictureBlobs())


def test_a_result_is_a_sequence_of_rows(done: BatchResult) -> None:
    assert len(done) == 3
    assert [row.index for row in done] == [0, 1, 2]
    assert done[-1].seed == 3
    assert [row.seed for row in done[:1]] == [1]
    assert repr(done) == "<BatchResult 3 items: 2 max_steps, 1 failed>"


def test_latents_and_pictures_are_those_of_an_item(done: BatchResult) -> None:
    generator = PictureBlobs()
    assert np.array_equal(done.start_w(2), generator.sample_w(3).numpy())
    assert not np.array_equal(done.w(2), done.start_w(2))
    picture = picture_of(generator, torch.from_numpy(done.w(2)))
    assert done.image(2).tobytes() == picture.tobytes()
    with pytest.raises(InputError, match="item 1 has no picture: failed: seed must be"):
        done.w(1)
    with pytest.raises(InputError, match="there is no result of item 7"):
        done.image(7)


def test_tables_are_csv_and_json(done: BatchResult, tmp_path: Path) -> None:
    table = json.loads(done.save_table(tmp_path / "t.json").read_text())
    assert table == json.loads(json.dumps(done.table()))
    assert list(table[0]) == list(COLUMNS)
    with done.save_table(tmp_path / "t.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["status"] for line in lines] == ["max_steps", "failed", "max_steps"]
    assert float(lines[0]["distances_px"]) == done[0].farthest_px == table[0]["farthest_px"]
    assert "seed must be" in lines[1]["error"]
    assert lines[1]["farthest_px"] == ""
    with pytest.raises(InputError, match=r"must end in \.csv or \.json"):
        done.save_table(tmp_path / "t.xls")


def test_pictures_are_saved_by_index(done: BatchResult, tmp_path: Path) -> None:
    paths = done.save_images(tmp_path)
    assert [path.name for path in paths] == ["00000000.png", "00000002.png"]
    with Image.open(paths[1]) as picture:
        assert picture.tobytes() == done.image(2).tobytes()
    with pytest.raises(InputError, match="there is no folder"):
        done.save_images(tmp_path / "nowhere")
