"""Compiles the kernels with ninja into a folder of the user, where later processes find them."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ninja
from platformdirs import user_cache_path

from draggan_widget.errors import KernelError

SOURCES = Path(__file__).parent / "csrc"
"""Where the sources lie; they include nothing but the C++ library and CUDA's runtime."""

LIBRARY = "kernels.dll" if sys.platform == "win32" else "kernels.so"
"""Name of the compiled library in its folder."""

USUAL_CUDA = Path("/usr/local/cuda")
"""Where NVIDIA's packages put the CUDA toolkit on Linux."""

REASON_LINES = 6
"""So many last lines of a failed build are told; the first of them names the error."""


@dataclass(frozen=True)
class Toolchain:
    """A compiler and what it is asked for.

    Attributes:
        compiler: Its program.
        version: What it says about itself.
        sources: Names of the files that it compiles, in :data:`SOURCES`.
        flags: For compiling.
        link_flags: For linking.
    """

    compiler: Path
    version: str
    sources: tuple[str, ...]
    flags: tuple[str, ...]
    link_flags: tuple[str, ...]

    @property
    def key(self) -> str:
        """Name of the folder of its library: a digest of all that the library depends on."""
        digest = hashlib.sha256(repr((self.version, self.flags, self.link_flags)).encode())
        for path in sorted(SOURCES.iterdir()):
            digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()[:24]


def cuda_toolchain(architectures: tuple[str, ...]) -> Toolchain:
    """Return nvcc, asked for some architectures and for code that later ones can use.

    Args:
        architectures: Compute capabilities without the dot, as ``"90"``.

    Raises:
        KernelError: There is no nvcc, or it does not run.
    """
    compiler = _nvcc()
    targets = [f"-gencode=arch=compute_{a},code=[sm_{a},compute_{a}]" for a in architectures]
    hidden = () if sys.platform == "win32" else ("-Xcompiler", "-fPIC,-fvisibility=hidden")
    return Toolchain(
        compiler,
        compiler_version(compiler),
        tuple(sorted(path.name for path in SOURCES.glob("*.cu"))),
        ("-std=c++17", "-O3", *targets, *hidden),
        ("-shared", *targets),
    )


def compiler_version(compiler: Path) -> str:
    """Return what a compiler says about itself.

    Raises:
        KernelError: It does not run.
    """
    return _run([str(compiler), "--version"], f"{compiler} does not run")


def library(toolchain: Toolchain, cache: Path | None = None) -> Path:
    """Return the compiled library, compiled now if nobody has done so before.

    A library appears whole or not at all; of several processes that want it at once, one compiles.

    Args:
        toolchain: What it is compiled with.
        cache: Folder of such libraries; None for that of the user.

    Raises:
        KernelError: It cannot be compiled, with the compiler's words.
    """
    cache = cache or user_cache_path("draggan_widget") / "kernels"
    folder = cache / toolchain.key
    if (folder / LIBRARY).is_file():
        return folder / LIBRARY
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / f"{toolchain.key}.lock"):
            if not (folder / LIBRARY).is_file():
                _compile(toolchain, cache, folder)
    except OSError as error:
        raise KernelError(f"the kernels cannot be kept in {cache}: {error}") from error
    return folder / LIBRARY


def _compile(toolchain: Toolchain, cache: Path, folder: Path) -> None:
    """Compile beside the folder, then give it its name."""
    for left in cache.glob(f"{toolchain.key}-*"):  # of a process that ended while it compiled
        shutil.rmtree(left, ignore_errors=True)
    working = Path(tempfile.mkdtemp(prefix=f"{toolchain.key}-", dir=cache))
    try:
        shutil.copytree(SOURCES, working, dirs_exist_ok=True)
        (working / "build.ninja").write_text(_build_file(toolchain), encoding="utf-8")
        program = Path(ninja.BIN_DIR) / "ninja"
        _run([str(program), "-C", str(working)], f"{toolchain.compiler} failed")
        working.rename(folder)
    finally:
        shutil.rmtree(working, ignore_errors=True)


def _build_file(toolchain: Toolchain) -> str:
    """Return what ninja has to do."""
    compiler = _ninja_words(str(toolchain.compiler))
    objects = {source: f"{Path(source).stem}.o" for source in toolchain.sources}
    return "\n".join(
        [
            "rule compile",
            f"  command = {compiler} {_ninja_words(*toolchain.flags)} -c $in -o $out",
            "rule link",
            f"  command = {compiler} {_ninja_words(*toolchain.link_flags)} $in -o $out",
            *(f"build {output}: compile {source}" for source, output in objects.items()),
            f"build {LIBRARY}: link {' '.join(objects.values())}",
            "",
        ]
    )


def _ninja_words(*words: str) -> str:
    """Return words as the shell reads them, and ninja before it."""
    return subprocess.list2cmdline(words).replace("$", "$$")


def _nvcc() -> Path:
    """Return the program nvcc: of the toolkit that the environment names, on the path, or where it usually lies."""
    homes = [os.environ[name] for name in ("CUDA_HOME", "CUDA_PATH") if os.environ.get(name)]
    places = [
        *(shutil.which("nvcc", path=str(Path(home) / "bin")) for home in homes),
        shutil.which("nvcc"),
        shutil.which("nvcc", path=str(USUAL_CUDA / "bin")),
    ]
    found = next((place for place in places if place), None)
    if found is None:
        raise KernelError(
            "nvcc is not on the path; install NVIDIA's CUDA toolkit, or set CUDA_HOME to where it lies"
        )
    return Path(found)


def _run(command: list[str], complaint: str) -> str:
    """Return what a program prints.

    Raises:
        KernelError: It cannot be started or fails.
    """
    try:
        done = subprocess.run(  # noqa: S603  # a compiler, and no shell
            command, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError as error:
        raise KernelError(f"{complaint}: {error}") from error
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()
        told = [line for line in lines if "error" in line] or lines
        raise KernelError(f"{complaint}: " + " | ".join(told[:REASON_LINES]))
    return done.stdout


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes out; the system lets go when the process ends, however it ends."""
    with path.open("wb") as file:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
