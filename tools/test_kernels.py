"""Runs the tests that have a real kernel with every supported version of ipykernel, and tells what has passed.

Usage: ``python tools/test_kernels.py [VERSION ...]``; without versions, all of them. Each is fetched once, into
``build/kernels``, and put before the installed one; nothing else changes. Ends with 1 if any test has failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "kernels"

VERSIONS = ("6.31.0", "7.0.1", "7.1.0", "7.2.0", "7.3.0", "7.4.0")
"""The newest ipykernel of each minor version that is supported, as `pyproject.toml` says."""

TESTS = (
    "tests/test_kernel.py",
    "tests/faults/test_kernel_faults.py",
    "tests/test_notebook_outputs.py",
)
"""The tests that are about a kernel; the examples and what needs a browser are run with the pinned one only."""


@dataclass(frozen=True)
class Count:
    """How the tests went with one version.

    Attributes:
        passed, failed: How many have; what could not begin or end has failed.
        is_whole: Whether all were run.
    """

    passed: int
    failed: int
    is_whole: bool


def fetch(version: str) -> Path:
    """Return the folder with an ipykernel, which is fetched where it is not there."""
    folder = FOLDER / version
    if not (folder / f"ipykernel-{version}.dist-info" / "RECORD").is_file():
        command = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        what = ("--no-deps", "--upgrade", "--target", str(folder), f"ipykernel=={version}")
        subprocess.run((*command, *what), check=True)  # noqa: S603  (both are written above)
    return folder


def tested(version: str) -> Count:
    """Run the tests with an ipykernel, and return how they went."""
    paths = (str(ROOT), str(fetch(version)), os.environ.get("PYTHONPATH", ""))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    report = FOLDER / f"{version}.xml"
    report.unlink(missing_ok=True)
    # The tests record what they measure, which only the older form of the report can hold.
    form = ("-o", "junit_family=xunit1", f"--junitxml={report}")
    options = ("-q", "-p", "no:rerunfailures", *form)
    command = (sys.executable, "-m", "pytest", *options, *TESTS)
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603  (written above)
    if not report.is_file():
        return Count(0, 0, is_whole=False)
    cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314  (pytest has just written it)
    failed = sum(any(part.tag in ("error", "failure") for part in case) for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    return Count(len(cases) - failed - skipped, failed, is_whole=code in (0, 1) and bool(cases))


def main(versions: Sequence[str]) -> int:
    """Test with versions of ipykernel; return 1 if any test has failed, else 0."""
    counts: dict[str, Count] = {}
    for version in versions:
        sys.stdout.write(f"ipykernel {version}\n")
        sys.stdout.flush()
        counts[version] = tested(version)
    sys.stdout.write("\nipykernel  passed  failed\n")
    for version, count in counts.items():
        note = "" if count.is_whole else "  not all were run"
        sys.stdout.write(f"{version:9}  {count.passed:6}  {count.failed:6}{note}\n")
    return int(any(count.failed or not count.is_whole for count in counts.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or VERSIONS))
