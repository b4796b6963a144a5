"""Downloads of published generators, from a server on this machine that can be slow, break off and lie."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from draggan_widget.errors import GeneratorError, InputError
from draggan_widget.pretrained import (
    download_generator,
    list_generators,
    load_generator,
    transfer,
)
from draggan_widget.pretrained.catalogue import PUBLISHED, GeneratorInfo
from draggan_widget.pretrained.download import CHECKSUMS, FOLDER_VARIABLE, fetch, generator_folder
from tests.command_line import refused

CONTENT = bytes(range(256)) * 20_000
CATS = PUBLISHED[0]


class Source(ThreadingHTTPServer):
    """A server of one file.

    Attributes:
        content: The file.
        breaks_after: Bytes after which it breaks off once.
        honours_ranges: Whether it can go on in the middle.
        ranges: The ranges that were asked for.
        version: ETag of the file, or empty.
        leads_to: Another address that it sends everybody to, or empty.
        shift: By how much the parts that it sends begin too early.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.breaks_after: int | None = None
        self.honours_ranges = True
        self.ranges: list[str | None] = []
        self.version, self.leads_to, self.shift = "", "", 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/generator.pkl"


class Handler(BaseHTTPRequestHandler):
    """Answers for a :class:`Source`."""

    server: Source

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        if self.server.leads_to:
            self.send_response(302)
            self.send_header("Location", self.server.leads_to)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start, size = 0, len(self.server.content)
        is_same = self.headers.get("If-Range", self.server.version) == self.server.version
        if wanted and self.server.honours_ranges and is_same:
            start = int(wanted.removeprefix("bytes=").rstrip("-")) - self.server.shift
            if start >= len(self.server.content):
                self.send_error(416)
                return
        rest = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        if self.server.version:
            self.send_header("ETag", self.server.version)
        self.end_headers()
        cut, self.server.breaks_after = self.server.breaks_after, None
        self.wfile.write(rest if cut is None else rest[:cut])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def source() -> Iterator[Source]:
    server = Source()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return generator_folder()


def test_a_file_is_fetched_with_progress_and_its_checksum_is_noted(
    source: Source, cache: Path
) -> None:
    told: list[tuple[int, int | None]] = []
    path = fetch(CATS, source.address, cache, lambda *values: told.append(values))
    assert path.read_bytes() == CONTENT
    assert told[0] == (0, len(CONTENT))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert hashlib.sha256(CONTENT).hexdigest() in (cache / CHECKSUMS).read_text()
    assert sorted(each.name for each in cache.iterdir()) == [CHECKSUMS, CATS.filename]


@pytest.mark.parametrize("honours_ranges", [True, False])
def test_a_download_that_broke_off_goes_on_where_it_can(
    source: Source, cache: Path, honours_ranges: bool
) -> None:
    source.breaks_after, source.honours_ranges = 3_000_000, honours_ranges
    with pytest.raises(GeneratorError, match=r"the 3 MB that have come are kept, try again"):
        fetch(CATS, source.address, cache, None)
    assert not (cache / CATS.filename).exists()
    assert fetch(CATS, source.address, cache, None).read_bytes() == CONTENT
    assert source.ranges == [None, "bytes=3000000-"]


def broken_off(source: Source, cache: Path) -> None:
    """Fetch the first three million bytes."""
    source.breaks_after = 3_000_000
    with pytest.raises(GeneratorError, match="try again"):
        fetch(CATS, source.address, cache, None)


def test_a_file_that_had_come_whole_needs_nothing_more(source: Source, cache: Path) -> None:
    broken_off(source, cache)
    (cache / CATS.filename).with_suffix(".part").write_bytes(CONTENT)
    assert fetch(CATS, source.address, cache, None).read_bytes() == CONTENT
    assert source.ranges == [None]


@pytest.mark.parametrize("version", ["", '"first"'])
def test_a_source_that_has_changed_meanwhile_is_fetched_anew(
    source: Source, cache: Path, version: str
) -> None:
    source.version = version
    broken_off(source, cache)
    source.content, source.version = CONTENT[::-1] + b"more", version and '"second"'
    assert fetch(CATS, source.address, cache, None).read_bytes() == source.content


def test_a_source_that_has_become_shorter_is_fetched_anew(source: Source, cache: Path) -> None:
    broken_off(source, cache)
    source.content = b"short"
    assert fetch(CATS, source.address, cache, None).read_bytes() == b"short"


def test_a_part_of_another_place_is_not_taken_for_the_rest(source: Source, cache: Path) -> None:
    broken_off(source, cache)
    source.shift = 1000
    assert fetch(CATS, source.address, cache, None).read_bytes() == CONTENT


def test_a_part_of_unknown_origin_is_not_gone_on_with(source: Source, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / CATS.filename).with_suffix(".part").write_bytes(b"something else")
    assert fetch(CATS, source.address, cache, None).read_bytes() == CONTENT
    assert source.ranges == [None]


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://127.0.0.1/file", "data:,abc"])
def test_a_source_cannot_lead_out_of_http(source: Source, cache: Path, address: str) -> None:
    source.leads_to = address
    with pytest.raises(GeneratorError, match=r"which is not safe|is not allowed"):
        fetch(CATS, source.address, cache, None)
    with pytest.raises(GeneratorError, match="which is not safe"):
        fetch(CATS, address, cache, None)


def test_an_encrypted_source_leads_to_no_plain_one() -> None:
    request = urllib.request.Request("https://example.org/a.pkl")
    redirects = transfer._Redirects()
    for address, is_safe in (("https://example.com/b", True), ("http://example.org/a.pkl", False)):
        answer = io.BytesIO(), 302, "Found", HTTPMessage(), address
        if is_safe:
            followed = redirects.redirect_request(request, *answer)
            assert followed is not None
            assert followed.full_url == address
        else:
            with pytest.raises(OSError, match="not safe"):
                redirects.redirect_request(request, *answer)


def test_a_cache_that_cannot_be_written_is_told(source: Source, cache: Path) -> None:
    cache.parent.mkdir(exist_ok=True)
    cache.write_bytes(b"")
    with pytest.raises(GeneratorError, match=r"cannot be kept in .*; make room there, or name"):
        fetch(CATS, source.address, cache, None)


def test_two_programs_do_not_write_one_file(source: Source, cache: Path) -> None:
    def again(*_: object) -> None:
        with pytest.raises(GeneratorError, match="another program is fetching a generator"):
            fetch(CATS, source.address, cache, None)

    assert fetch(CATS, source.address, cache, again).read_bytes() == CONTENT
    assert len(source.ranges) == 1


def test_another_file_than_the_published_one_is_refused_and_removed(
    source: Source, cache: Path
) -> None:
    known = replace(CATS, sha256=hashlib.sha256(CONTENT).hexdigest())
    source.content = b"something else"
    with pytest.raises(GeneratorError, match="is not the file that was published"):
        fetch(known, source.address, cache, None)
    assert list(cache.iterdir()) == []


def test_another_file_than_the_one_first_fetched_is_refused(source: Source, cache: Path) -> None:
    fetch(CATS, source.address, cache, None).unlink()
    source.content = CONTENT[::-1]
    with pytest.raises(GeneratorError, match="is not the file that was published"):
        fetch(CATS, source.address, cache, None)


def test_a_person_can_cancel_and_go_on_later(source: Source, cache: Path) -> None:
    def cancel(done: int, _: int | None) -> None:
        if done > 1_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(CATS, source.address, cache, cancel)
    assert fetch(CATS, source.address, cache, None).read_bytes() == CONTENT
    assert source.ranges[1] is not None


def test_without_a_network_the_cure_is_named(cache: Path) -> None:
    with pytest.raises(GeneratorError, match="Without a network, copy the file here as") as caught:
        fetch(CATS, "http://127.0.0.1:9/generator.pkl", cache, None)
    assert str(cache / CATS.filename) in str(caught.value)


def test_damaged_notes_are_told(source: Source, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / CHECKSUMS).write_text("{")
    with pytest.raises(GeneratorError, match=r"cannot be read .*; remove it"):
        fetch(CATS, source.address, cache, None)


def test_nothing_is_fetched_before_the_licence_is_accepted(cache: Path) -> None:
    with pytest.raises(InputError, match=r"a licence of their own .*accept_licence=True"):
        download_generator(CATS.name)
    assert not cache.exists()


def test_a_shell_is_told_of_the_option(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(capsys, "download", CATS.name)
    assert "read it, and give --accept-licence if you keep to it" in message
    assert not cache.exists()


def test_what_cannot_be_fetched_says_why(cache: Path) -> None:
    with pytest.raises(InputError, match="comes with the package"):
        download_generator("animals", accept_licence=True)
    with pytest.raises(InputError, match="there is no generator 'unicorns'; the names are animals"):
        download_generator("unicorns")
    with pytest.raises(GeneratorError, match=r"get its file at https://github.com/stylegan-human"):
        download_generator("human-512", accept_licence=True)


def test_what_is_not_here_is_not_loaded_and_not_fetched(cache: Path) -> None:
    with pytest.raises(GeneratorError, match=r"not on this machine; fetch it with .*'ffhq-256'"):
        load_generator("ffhq-256")
    with pytest.raises(GeneratorError, match=r"not on this machine: get its file at"):
        load_generator("human-1024")
    assert not cache.exists()


def test_what_was_fetched_before_is_not_fetched_again(cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / CATS.filename).write_bytes(CONTENT)
    assert download_generator(CATS.name) == cache / CATS.filename


def names(infos: tuple[GeneratorInfo, ...]) -> list[str]:
    return [info.name for info in infos]


def test_every_entry_of_the_catalogue_is_whole() -> None:
    infos = list_generators()
    assert len(set(names(infos))) == len(infos)
    for info in infos:
        assert info.subject
        assert info.licence
        assert info.architecture in ("stylegan2", "stylegan3-t", "stylegan3-r")
        assert info.width > 0 < info.height
        assert info.is_embedded or info.source.startswith("https://")
        assert info.sha256 is None or len(bytes.fromhex(info.sha256)) == 32


@pytest.mark.skipif(os.name == "nt", reason="limits are those of POSIX")
def test_a_full_disk_is_told_and_what_has_come_is_kept(source: Source, cache: Path) -> None:
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999))\n"
        "from pathlib import Path\n"
        "from draggan_widget.errors import GeneratorError\n"
        "from draggan_widget.pretrained.download import fetch\n"
        "from tests.pretrained.test_download import CATS\n"
        "try:\n"
        "    fetch(CATS, sys.argv[1], Path(sys.argv[2]), None)\n"
        "except GeneratorError as error:\n"
        "    print(error)\n"
    )
    arguments = [sys.executable, "-c", code, source.address, str(cache)]
    told = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    assert f"{CATS.name} cannot be kept in {cache}" in told
    assert "make room there, or name another folder" in told
    assert (cache / CATS.filename).with_suffix(".part").stat().st_size == 9999
    assert fetch(CATS, source.address, cache, None).read_bytes() == CONTENT
