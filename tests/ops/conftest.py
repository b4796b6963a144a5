"""The kernels of a device where there is one, and the same arithmetic compiled for the CPU."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from draggan_widget.ops import extension
from draggan_widget.ops.build import Toolchain, compiler_version, library
from draggan_widget.ops.extension import Extension, kernels_for
from draggan_widget.ops.library import Kernels


@dataclass(frozen=True)
class Compiled:
    """Kernels and the device whose tensors they take."""

    kernels: Kernels
    device: str


def host_toolchain() -> Toolchain:
    """Return the system's C++ compiler, asked for the kernels as loops."""
    found = shutil.which("g++") or shutil.which("c++")
    if found is None:
        pytest.skip("there is no C++ compiler here")
    return Toolchain(
        Path(found),
        compiler_version(Path(found)),
        ("host.cpp",),
        ("-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-fvisibility=hidden"),
        ("-shared",),
    )


@pytest.fixture(scope="session")
def host_kernels(tmp_path_factory: pytest.TempPathFactory) -> Kernels:
    """The kernels as loops on the CPU."""
    return Kernels(library(host_toolchain(), tmp_path_factory.mktemp("kernels")))


@pytest.fixture(params=["host", pytest.param("cuda", marks=pytest.mark.cuda)])
def compiled(request: pytest.FixtureRequest) -> Compiled:
    """The kernels as loops on the CPU, and on a device where there is one."""
    if request.param == "host":
        return Compiled(request.getfixturevalue("host_kernels"), "cpu")
    kernels = kernels_for("cuda", torch.zeros(1, device="cuda"))
    assert kernels is not None
    return Compiled(kernels, "cuda")


@pytest.fixture
def on_kernels(host_kernels: Kernels, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the CPU for a device: every op with ``impl="auto"`` runs the kernels as loops."""
    ready = Extension(lambda: host_kernels)
    ready.wait()
    monkeypatch.setattr(extension, "_CUDA", ready)
    monkeypatch.setattr(extension, "_suited", lambda _: True)
