"""How kernels come to be: compiled once, kept, and never in the way where they cannot be had."""

import shutil
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from draggan_widget.errors import KernelError
from draggan_widget.ops import extension, modulated_epilogue, upsample2d
from draggan_widget.ops.build import Toolchain, cuda_toolchain, library
from draggan_widget.ops.extension import Extension
from draggan_widget.ops.library import Kernels
from tests.ops.conftest import host_toolchain

ARCHITECTURES = "75", "80", "90"
"""Turing, Ampere and Hopper."""


@pytest.fixture
def toolchain() -> Toolchain:
    return replace(host_toolchain(), flags=("-std=c++17", "-O0", "-fPIC"))


@pytest.fixture
def without_nvcc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leave an environment in which no nvcc can be found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("draggan_widget.ops.build.USUAL_CUDA", tmp_path)
    for name in ("CUDA_HOME", "CUDA_PATH"):
        monkeypatch.delenv(name, raising=False)


def test_a_library_is_compiled_once_and_found_again(toolchain: Toolchain, tmp_path: Path) -> None:
    first = library(toolchain, tmp_path)
    made = first.stat().st_mtime_ns
    assert library(toolchain, tmp_path) == first
    assert first.stat().st_mtime_ns == made
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == [toolchain.key, f"{toolchain.key}.lock"]


def test_other_flags_or_another_compiler_make_another_library(toolchain: Toolchain) -> None:
    keys = {
        toolchain.key,
        replace(toolchain, flags=("-std=c++17", "-O1", "-fPIC")).key,
        replace(toolchain, version="another").key,
    }
    assert len(keys) == 3


def test_what_a_killed_process_left_is_swept_away(toolchain: Toolchain, tmp_path: Path) -> None:
    left = tmp_path / f"{toolchain.key}-left"
    left.mkdir()
    library(toolchain, tmp_path)
    assert not left.exists()


def test_of_several_that_want_a_library_at_once_one_compiles(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    counted = tmp_path / "counted"
    script = tmp_path / "compiler"
    script.write_text(f'#!/bin/sh\necho >> {counted}\nexec {toolchain.compiler} "$@"\n')
    script.chmod(0o755)
    slow = replace(toolchain, compiler=script)
    threads = [threading.Thread(target=library, args=(slow, tmp_path / "c")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "c" / slow.key).is_dir()
    assert len(counted.read_text().splitlines()) == 2  # one file compiled, and linked


def test_a_compiler_that_fails_is_quoted_and_leaves_nothing(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    broken = replace(toolchain, flags=("--no-such-flag",))
    with pytest.raises(KernelError, match="no-such-flag"):
        library(broken, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{broken.key}.lock"]


def test_a_cache_that_cannot_be_written_is_named(toolchain: Toolchain, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KernelError, match="cannot be kept in"):
        library(toolchain, tmp_path / "file" / "cache")


def test_another_library_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kernels.so").write_bytes(b"no library")
    with pytest.raises(KernelError, match="cannot be loaded"):
        Kernels(tmp_path / "kernels.so")


def test_a_missing_nvcc_names_the_cure(without_nvcc: None) -> None:
    with pytest.raises(KernelError, match="install NVIDIA's CUDA toolkit, or set CUDA_HOME"):
        cuda_toolchain(ARCHITECTURES)


def test_without_a_compiler_one_warning_tells_why_and_nothing_else_happens(
    without_nvcc: None,
) -> None:
    kernels = Extension(lambda: Kernels(library(cuda_toolchain(ARCHITECTURES))))
    assert kernels.status() == "absent"
    with pytest.raises(KernelError, match="nvcc is not on the path"):
        kernels.wait()
    assert kernels.status().startswith("failed: nvcc is not on the path")
    with pytest.warns(UserWarning, match="PyTorch's own operations run instead: nvcc") as told:
        assert [kernels.ready() for _ in range(3)] == [None] * 3
    assert len(told) == 1


def test_a_failure_is_remembered() -> None:
    tries = []

    def fail() -> Kernels:
        tries.append(1)
        raise OSError("disk full")

    kernels = Extension(fail)
    for _ in range(3):
        with pytest.raises(KernelError, match="disk full"):
            kernels.wait()
    assert len(tries) == 1


def test_kernels_are_made_in_the_background(toolchain: Toolchain, tmp_path: Path) -> None:
    go = threading.Event()

    def make() -> Kernels:
        go.wait()
        return Kernels(library(toolchain, tmp_path))

    kernels = Extension(make)
    assert kernels.ready() is None
    assert kernels.status() == "compiling"
    go.set()
    made = kernels.wait()
    assert kernels.status() == "ready"
    assert kernels.ready() is made


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_without_a_device_nothing_is_built_and_the_reference_runs() -> None:
    x = torch.ones(1, 1, 4, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.testing.assert_close(upsample2d(x), upsample2d(x, impl="reference"))
    assert extension.status() == "absent"


def test_a_kernel_asked_for_on_the_cpu_is_an_error() -> None:
    with pytest.raises(
        KernelError, match=r"needs tensors on one CUDA device .* got torch.float32 on cpu"
    ):
        upsample2d(torch.ones(1, 1, 4, 4), impl="cuda")


def test_a_kernel_asked_for_in_training_is_an_error() -> None:
    x, bias = torch.ones(1, 1, 4, 4), torch.ones(1, requires_grad=True)
    with pytest.raises(KernelError, match="no gradient of bias"):
        modulated_epilogue(x, x[:, :, 0, 0], bias, impl="cuda")


def test_an_unknown_implementation_is_an_error() -> None:
    with pytest.raises(KernelError, match="impl must be"):
        upsample2d(torch.ones(1, 1, 4, 4), impl="triton")  # type: ignore[arg-type]


@pytest.mark.cuda
def test_half_precision_has_no_kernel_and_takes_the_reference() -> None:
    x = torch.ones(1, 1, 4, 4, device="cuda", dtype=torch.float16)
    torch.testing.assert_close(upsample2d(x), upsample2d(x, impl="reference"))
    with pytest.raises(KernelError, match="float16"):
        upsample2d(x, impl="cuda")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("nvcc") is None, reason="there is no nvcc here")
def test_every_kernel_compiles_for_three_generations_of_devices(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    toolchain = cuda_toolchain(ARCHITECTURES)
    strict = replace(toolchain, flags=(*toolchain.flags, "-Werror", "all-warnings"))
    begin = time.perf_counter()
    path = library(strict, tmp_path)
    record_property("compiling_all_kernels_s", round(time.perf_counter() - begin, 1))
    assert {Path(source).suffix for source in toolchain.sources} == {".cu"}
    assert path.stat().st_size > 0
