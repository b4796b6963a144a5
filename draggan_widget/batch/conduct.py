"""``drag_batch``: many drags, on one machine or over a cluster."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sized
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from draggan_widget._version import __version__
from draggan_widget.batch.cluster import by_cluster, checked_client
from draggan_widget.batch.folder import BatchFolder, Memory, Store
from draggan_widget.batch.given import Given
from draggan_widget.batch.pool import by_processes
from draggan_widget.batch.result import BatchError, BatchInterrupted, BatchResult
from draggan_widget.batch.rows import BatchRow, Finished, told
from draggan_widget.batch.tasks import BatchItem, Origin, Task, tasks_of
from draggan_widget.batch.workshop import Workshop
from draggan_widget.digests import file_digest
from draggan_widget.errors import InputError
from draggan_widget.pretrained import checked_device, is_file
from draggan_widget.processes import MOST_PROCESSES
from draggan_widget.progress import progress_bar
from draggan_widget.session.sources import GeneratorSource

if TYPE_CHECKING:  # distributed is an extra
    from distributed import Client

TABLES = ("table.csv", "table.json")
"""Tables in the folder of a batch."""


def drag_batch(
    items: Iterable[BatchItem],
    *,
    generator: GeneratorSource = None,
    processes: int = 1,
    client: Client | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    on_result: Callable[[BatchRow], None] | None = None,
    device: torch.device | str | None = None,
) -> BatchResult:
    """Drag many pictures; the results are the same, bit for bit, however many processes of a machine do it.

    A recipe is done again, and dragged if it holds no drag; a session, or the file of one, is dragged from its present
    state on and is not changed itself. An item that cannot be used fails alone, with its message in its row. A script
    needs no ``if __name__ == "__main__"``: the processes that work do not run it.

    On a CUDA device one drag follows the other in one process; no two are done at once there.

    Args:
        items: Recipes, jobs, sessions, paths of files, or their JSON; also an iterator, which is asked for an item
            only when it is about to be dragged.
        generator: For all items, by name, file or loaded; None takes each item's own: that of a session, that which a
            recipe or file names, and the embedded one for a job that names none.
        processes: How many work on this machine, each with one thread of torch and its own copy of the generator.
        client: A ``distributed.Client``; the processes of its cluster do the work instead, one item at a time each.
        out: Folder that keeps each result as soon as it is there; a batch that was stopped goes on from it with the
            same items, and with more of them after these. What failed is tried again.
        progress: Whether to show a bar; None shows it in a terminal and in a notebook.
        on_result: Is called with each row, in the order in which the items are done; first with those that ``out`` has.
        device: Where generators of names and files are loaded; None is a CUDA device where there is one.

    Returns:
        Rows, latents, tables and pictures.

    Raises:
        InputError: An argument cannot be used, or ``out`` holds another batch.
        GeneratorError: The generator for all items cannot be found or read.
        BatchError: The batch ended before all was done, because no process can begin, the connection to the cluster is
            lost, a result cannot be kept, or ``items`` or ``on_result`` raise something; its ``result`` has what was done.
        BatchInterrupted: Ctrl-C; its ``result`` likewise.
    """
    if isinstance(items, str | bytes | os.PathLike | Mapping) or not isinstance(items, Iterable):
        raise InputError(
            f"items must be a list or an iterator of items, got {type(items).__name__}; put one item in a list"
        )
    if on_result is not None and not callable(on_result):
        raise InputError(f"on_result must be a function or None, got {type(on_result).__name__}")
    if not isinstance(processes, int) or isinstance(processes, bool) or processes < 1:
        raise InputError(f"processes must be a whole number from 1, got {processes!r}")
    if processes > (most := max(MOST_PROCESSES, os.cpu_count() or 1)):
        raise InputError(
            f"processes must be at most {most} on this machine, got {processes}: each takes some 500 MB, and more of "
            "them than there are cores only wait for each other"
        )
    given = Given(generator)
    if client is not None:
        client, place = checked_client(client), None if device is None else str(device)
        if processes > 1:
            raise InputError(
                "processes are for this machine; leave them out where a client is given"
            )
    else:
        place = None if device is None else str(checked_device(device))
    if processes > 1 and _device_type(given, place) != "cpu":
        raise InputError(
            "on a CUDA device one drag follows the other in one process; leave processes at 1, or give device='cpu'"
        )
    if (processes > 1 or client is not None) and given.is_given:
        given.pickled(given.key(None))  # which says if it cannot leave this process
    workshop = Workshop(place)
    if client is None and given.is_given and (key := given.key(None)) not in given.loaded:
        workshop.generator(key)  # before anything is done; on a cluster its file may lie elsewhere
    store: Store = (
        Memory()
        if out is None
        else BatchFolder(_folder(out), _fingerprint(generator, given, place))
    )

    def doing(tasks: Iterator[Task]) -> Generator[Finished, None, None]:
        if client is not None:
            return by_cluster(tasks, given, place, client)
        if processes > 1:
            return by_processes(tasks, given, place, processes)
        return _one_by_one(tasks, given, workshop)

    run = _Run(given, workshop, store, on_result)
    total = len(items) if isinstance(items, Sized) else None
    with progress_bar(total, "batch", shown=progress) as bar:
        try:
            run.go(tasks_of(items, given), doing, bar)
            run.write_tables()
        except BaseException as error:
            with contextlib.suppress(OSError):  # of a full disk the first error tells
                run.write_tables()
            if isinstance(error, KeyboardInterrupt):
                words = f"interrupted {_counted(run, total, out)}"
                raise BatchInterrupted(words, run.result()) from None
            if isinstance(error, InputError) or not isinstance(error, Exception):
                raise
            words = f"the batch ended {_counted(run, total, out)}: {told(error)}"
            raise BatchError(words, run.result()) from error
    return run.result()


def _counted(run: _Run, total: int | None, out: object) -> str:
    """Return how much is done, and where it is."""
    where = (
        "its result has them; given a folder (out), it could go on from there"
        if out is None
        else f"they are in {out}, and the same batch goes on from there"
    )
    return f"after {len(run.rows)}{'' if total is None else f' of {total}'} items; {where}"


class _Run:
    """What is done so far of a batch."""

    def __init__(
        self,
        given: Given,
        workshop: Workshop,
        store: Store,
        on_result: Callable[[BatchRow], None] | None,
    ) -> None:
        self.rows: list[BatchRow] = []
        self._tasks: dict[int, Task] = {}
        self._origins: dict[int, Origin] = {}
        self._given, self._workshop, self._store = given, workshop, store
        self._on_result = on_result

    def go(
        self,
        tasks: Iterator[Task],
        doing: Callable[[Iterator[Task]], Generator[Finished, None, None]],
        bar: Any,
    ) -> None:
        """Do tasks, and keep each result at once."""
        with closing(doing(self._left(tasks, bar))) as stream:
            for finished in stream:
                self._store.add(self._tasks.pop(finished.row.index), finished)
                self._note(finished.row, bar)

    def result(self) -> BatchResult:
        """Return what is done."""
        for key, generator in self._given.loaded.items():
            self._workshop.put(key, generator)
        return BatchResult(self.rows, self._store, self._workshop, self._origins)

    def write_tables(self) -> None:
        """Write the tables into the folder, if there is one."""
        if isinstance(self._store, BatchFolder):
            for name in TABLES:
                self.result().save_table(self._store.path / name)

    def _left(self, tasks: Iterator[Task], bar: Any) -> Iterator[Task]:
        """Yield the tasks that were not done before."""
        for task in tasks:
            self._origins[task.index] = task.origin
            row = self._store.held(task)
            if row is None:
                self._tasks[task.index] = task
                yield task
            else:
                self._note(row, bar)

    def _note(self, row: BatchRow, bar: Any) -> None:
        """Tell of a result."""
        self.rows.append(row)
        bar.update()
        if self._on_result is not None:
            self._on_result(row)


def _one_by_one(
    tasks: Iterator[Task], given: Given, workshop: Workshop
) -> Generator[Finished, None, None]:
    """Yield what comes out of tasks that are done here."""
    for task in tasks:
        if task.generator in given.loaded:
            workshop.put(task.generator, given.loaded[task.generator])
        yield workshop.do(task)


def _device_type(given: Given, device: str | None) -> str:
    """Return on which kind of device the generator for all items is, or will be."""
    for generator in given.loaded.values():
        return generator.device.type
    if device is not None:
        return torch.device(device).type
    return "cuda" if torch.cuda.is_available() else "cpu"


def _folder(out: str | os.PathLike[str]) -> Path:
    """Return the path of a folder."""
    if not isinstance(out, str | os.PathLike) or not os.fspath(out):
        raise InputError(
            f"out must be a folder, got {out!r}; leave it out to keep results in memory"
        )
    return Path(out)


def _file_digest(key: str | None) -> str | None:
    """Return the SHA-256 of a generator's file; None where its key is a name, or that of a loaded one."""
    if key is None or not is_file(key):
        return None
    return file_digest(Path(key))


def _fingerprint(generator: GeneratorSource, given: Given, device: str | None) -> dict[str, Any]:
    """Return, as JSON types, everything that results depend on besides their item."""
    key = None if generator is None else given.key(None)
    return {
        "generator": key,
        "generator_file_sha256": _file_digest(key),
        "device": _device_type(given, device),
        "draggan_widget": __version__,
        "torch": torch.__version__,
    }
