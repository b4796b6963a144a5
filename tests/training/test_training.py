"""The whole pipeline on the tiny preset: render, train, stop, go on, export, report."""

import argparse
import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from draggan_widget.checkpoints import load_generator_file
from draggan_widget.cli import EXIT_FAILED
from draggan_widget.errors import InputError
from draggan_widget.generator import Generator
from draggan_widget.training import STOPPED, add_arguments, dataset, presets, run, trainer
from draggan_widget.training.presets import PRESETS, TRIAL_BATCH, TRIAL_STEPS, trial
from draggan_widget.training.trainer import Run, Trainer, _learning_rate_factor, evaluate
from tests.patience import until

PATIENCE_S = 120.0


def arguments(*words: str) -> argparse.Namespace:
    """Return the parsed options of a training command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device")
    parser.add_argument("--json", action="store_true")
    add_arguments(parser)
    return parser.parse_args(["--preset", "tiny", "--json", *words])


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let shards hold few pictures."""
    monkeypatch.setattr(dataset, "SHARD_SIZE", 24)
    monkeypatch.setattr(dataset, "HELD_OUT_SIZE", 16)


@pytest.mark.usefixtures("small_shards")
def test_a_stopped_training_goes_on_exactly_where_it_was(tmp_path: Path) -> None:
    whole = run(arguments("--folder", str(tmp_path / "whole"), "--processes", "1"))
    parts = tmp_path / "parts"
    parts.mkdir()
    (parts / "renders").symlink_to(tmp_path / "whole" / "renders")
    for extra in (["--until", "160"], []):
        result = run(arguments("--folder", str(parts), "--processes", "1", *extra))
    assert result["psnr_db"] == whole["psnr_db"]
    generators = [load_generator_file(r["weights"]) for r in (whole, result)]
    states = [g.state_dict() for g in generators]
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])


@pytest.mark.usefixtures("small_shards")
def test_training_learns_and_reports(tmp_path: Path) -> None:
    result = run(arguments("--folder", str(tmp_path), "--processes", "1"))
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert log[-1]["seen"] == PRESETS["tiny"].samples
    untrained = evaluate(Generator(PRESETS["tiny"].generator), tmp_path / "renders", 32, 16)
    assert result["psnr_db"]["32"] > untrained.mean().item() + 2
    assert result["held_out"] == 16
    for name in ("tiny-held-out.png", "tiny-random.png", "tiny-sweeps.webp", "figures.json"):
        assert (tmp_path / name).stat().st_size > 0
    generator = load_generator_file(result["weights"])
    assert generator.mapping.w_avg.abs().sum() > 0


def test_processes_must_share_the_batch_evenly(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--processes must divide the batch of 16, got 3"):
        run(arguments("--folder", str(tmp_path), "--processes", "3"))


def test_a_process_needs_more_than_one_picture(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"got 16; .* each process needs 2 pictures"):
        run(arguments("--folder", str(tmp_path), "--processes", "16"))


def test_every_preset_ends_at_its_full_resolution() -> None:
    for preset in PRESETS.values():
        assert preset.stages[-1].resolution == preset.generator.resolution
        ends = [stage.until for stage in preset.stages]
        assert ends == sorted(ends)
        assert all(end % preset.batch == 0 for end in ends)


def test_a_trial_passes_through_every_stage_in_a_few_steps() -> None:
    for preset in PRESETS.values():
        short = trial(preset)
        ends = [stage.until for stage in short.stages]
        assert ends == sorted(set(ends))
        assert short.samples == TRIAL_STEPS * TRIAL_BATCH
        assert [s.resolution for s in short.stages] == [s.resolution for s in preset.stages]
        assert short.shards == 1


@pytest.mark.usefixtures("small_shards")
def test_a_trial_is_run_and_named_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "TRIAL_STEPS", 4)
    options = ["--trial", "--folder", str(tmp_path), "--processes", "1"]
    result = run(arguments(*options))
    generator = load_generator_file(result["weights"])
    assert (generator.name, generator.scene) == ("tiny-trial", "animals")
    assert generator.mapping.w_cov is not None


@pytest.mark.usefixtures("small_shards")
def test_bfloat16_changes_a_step_little_and_goes_on_in_a_resumed_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = []
    for bfloat16 in (False, True):
        monkeypatch.setattr(trainer, "multiplies_bfloat16", lambda kind, on=bfloat16: on)
        one = Trainer(Run("tiny", PRESETS["tiny"], tmp_path, tmp_path))
        z = torch.randn(4, 30, generator=torch.Generator().manual_seed(1))
        target, weights = torch.zeros(4, 3, 16, 16), torch.ones(4, 1, 16, 16)
        losses.append(one.step(z, target, weights, PRESETS["tiny"].stages[0]).item())
        assert all(p.dtype == torch.float32 for p in one.generator.parameters())
        one.save(tmp_path / "checkpoint.pt")
    monkeypatch.setattr(trainer, "multiplies_bfloat16", lambda kind: False)
    again = Trainer(Run("tiny", PRESETS["tiny"], tmp_path, tmp_path))
    told = [again.bfloat16]
    again.resume(tmp_path / "checkpoint.pt")
    told.append(again.bfloat16)
    assert told == [False, True]
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)


def test_cuda_and_new_processors_alone_multiply_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    for found, told in ({"avx512_bf16": True}, True), ({"avx2": True}, False), ({}, False):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=found: found, raising=False)
        assert trainer.multiplies_bfloat16("cpu") is told
    monkeypatch.delattr("torch.cpu.get_capabilities")
    assert trainer.multiplies_bfloat16("cpu") is False
    assert trainer.multiplies_bfloat16("mps") is False


def _sleep_for_ever() -> None:
    """Stand for a first process that is killed."""
    time.sleep(600)


@pytest.mark.usefixtures("small_shards")
def test_a_process_ends_when_the_one_that_started_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = multiprocessing.get_context("spawn").Process(target=_sleep_for_ever, daemon=True)
    first.start()
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: first)
    options = arguments("--folder", str(tmp_path), "--processes", "1", "--until", "16")
    run(options)
    first.kill()
    first.join()
    with pytest.raises(SystemExit, match="first process has ended"):
        run(arguments("--folder", str(tmp_path), "--processes", "1"))


@pytest.mark.skipif(sys.platform == "win32", reason="there a termination asks nobody")
def test_a_termination_ends_every_process_and_tells_how_to_go_on(tmp_path: Path) -> None:
    code = "import sys; from draggan_widget.cli import main; sys.exit(main())"
    options = ["--preset", "tiny", "--trial", "--processes", "2", "--folder", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-c", code, "train", *options],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as training:
        try:
            renders = tmp_path / "renders"
            until(lambda: renders.is_dir() and any(renders.iterdir()), PATIENCE_S)
            training.terminate()
            _, words = training.communicate(timeout=PATIENCE_S)
            until(lambda: not group_lives(training.pid))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(training.pid, signal.SIGKILL)
    assert training.returncode == EXIT_FAILED
    assert words == f"draggan-widget: {STOPPED}\n"


def group_lives(number: int) -> bool:
    """Return whether a process of a group is left."""
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_stage_begins_at_its_own_rate_and_falls_to_nearly_zero() -> None:
    preset = PRESETS["animals"]
    last = preset.stages[-1]
    begin = preset.stages[-2].until
    assert _learning_rate_factor(preset, begin) == pytest.approx(last.rate, rel=0.02)
    assert _learning_rate_factor(preset, last.until - preset.batch) < 0.02 * last.rate
