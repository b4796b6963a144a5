"""The version has one source, and the workflows run pinned actions with as few rights as they need."""

import json
import re
from pathlib import Path

import pytest

from draggan_widget._version import __version__

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
USES = re.compile(r"^\s*- uses: (\S+)", re.MULTILINE)
PINNED = re.compile(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+")


def read(path: str) -> str:
    """Return a file of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


def test_the_version_is_written_once_and_everything_else_agrees() -> None:
    assert 'dynamic = ["version"]' in read("pyproject.toml")
    assert 'path = "draggan_widget/_version.py"' in read("pyproject.toml")
    for name in ("package.json", "package-lock.json"):
        assert "version" not in json.loads(read(name)), f"{name} is of no package that is published"
    assert re.search(r"^version: (.+)$", read("CITATION.cff"), re.MULTILINE)[1] == __version__  # type: ignore[index]


def test_the_citation_names_the_paper_and_invents_nobody() -> None:
    citation, readme = read("CITATION.cff"), read("README.md")
    assert "- name: The draggan_widget authors\n" in citation
    software, paper = citation.split("references:\n")
    assert "family-names" not in software
    names = re.findall(r"family-names: (\S+)", paper)
    assert names == ["Pan", "Tewari", "Leimkühler", "Liu", "Meka", "Theobalt"]
    assert all(name.replace("ü", r"{\"u}") in readme for name in names)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_pins_its_actions_and_begins_with_no_rights(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    actions = USES.findall(text)
    assert actions
    assert [each for each in actions if not PINNED.fullmatch(each)] == []
    assert "\npermissions:\n  contents: read\n" in text
    assert "pull_request_target" not in text
    assert text.count("persist-credentials: false") == sum("checkout" in each for each in actions)
    # What a tag or a title says goes to a shell as a variable only.
    assert not re.search(r"run:[^\n]*\$\{\{ *github", text)


def test_continuous_integration_runs_what_a_developer_runs() -> None:
    assert "run: bash .ci/run" in read(".github/workflows/ci.yml")
    assert read(".ci/run").rstrip().endswith("make test")


def test_a_release_is_published_without_a_secret() -> None:
    release = read(".github/workflows/release.yml")
    assert "id-token: write" in release.split("  publish:\n")[1]
    assert release.count("id-token: write") == 1
    assert "secrets." not in release
    assert 'tags: ["v*"]' in release
