"""Light jobs, and what they are in JSON."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from draggan_widget.batch import DragJob, drag_batch
from draggan_widget.drag import DragConfig
from draggan_widget.errors import InputError
from draggan_widget.session import DragSession
from tests.batch.items import HANDLE, TARGET, job
from tests.picture_blobs import MANY_STEPS, MappedPictureBlobs, PictureBlobs

HALF = np.tri(64, dtype=bool)


def test_a_job_survives_json() -> None:
    made = job(np.int64(4), mask=HALF, truncation_psi=0.5, generator="animals")
    values = json.loads(json.dumps(made.to_json()))
    assert DragJob.from_json(values).to_json() == made.to_json()
    assert values["seed"] == 4
    assert values["handle_points"] == [list(HANDLE)]
    short = DragJob.from_json({"seed": 1, "handle_points": [HANDLE], "target_points": [TARGET]})
    assert short.to_json()["config"] == DragConfig().to_json()


def test_a_job_is_what_a_session_does() -> None:
    by_hand = DragSession(PictureBlobs(), seed=4, config=MANY_STEPS)
    by_hand.mask = HALF
    by_hand.set_points([HANDLE], [TARGET])
    result = by_hand.drag(3)
    done = drag_batch([job(4, mask=HALF)], generator=PictureBlobs())
    assert torch.equal(torch.from_numpy(done.w(0)), by_hand.w)
    assert done[0].distances_px == tuple(result.distances_px)
    assert (done[0].steps, done[0].words) == (3, result.words)
    assert done[0].evaluations == result.generator_evaluations


def test_truncation_is_that_of_the_job() -> None:
    for generator in (PictureBlobs(), MappedPictureBlobs()):
        done = drag_batch([job(4), job(4, truncation_psi=0.2)], generator=generator)
        for index, psi in enumerate((0.7, 0.2)):
            expected = generator.sample_w(4, psi)
            assert torch.equal(torch.from_numpy(done.start_w(index)), expected)


def test_a_mask_may_be_rows_of_true_and_false() -> None:
    values = json.loads(json.dumps(job(4).to_json() | {"mask": HALF.tolist()}))
    done = drag_batch([values, job(4, mask=HALF)], generator=PictureBlobs())
    assert done.w(0).tobytes() == done.w(1).tobytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mask": np.ones(3, dtype=bool)}, r"mask must be boolean \[H, W\] or None, got \[3\]"),
        ({"mask": np.ones((64, 64))}, "mask must be boolean"),
    ],
)
def test_a_mask_that_is_none_has_no_json(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        job(1, **changes).to_json()
    with pytest.raises(InputError, match="handle_points must be"):
        DragJob(1, [["a", "b"]], [TARGET]).to_json()
    with pytest.raises(InputError, match="got one number"):
        DragJob(1, 3, [TARGET]).to_json()


def test_the_generator_of_a_job_is_a_name_or_a_file() -> None:
    assert job(1, generator=Path("a.pkl")).to_json()["generator"] == "a.pkl"
    with pytest.raises(InputError, match="must be a name or a file, got PictureBlobs; give one"):
        job(1, generator=PictureBlobs()).to_json()
    done = drag_batch([job(1, generator=PictureBlobs())])
    assert "give one that is loaded to drag_batch as generator=" in str(done[0].error)


def test_a_job_with_strange_fields_is_refused() -> None:
    with pytest.raises(InputError, match="a job must have seed, handle_points, target_points"):
        DragJob.from_json({"seed": 1})
    with pytest.raises(InputError, match="and may have mask, config"):
        DragJob.from_json(job(1).to_json() | {"colour": "red"})
