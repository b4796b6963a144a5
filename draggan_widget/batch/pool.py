"""Tasks over processes of this machine; a task whose process is killed is done once more, and fails if that is killed too."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Generator, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from draggan_widget.batch.given import Given
from draggan_widget.batch.rows import Finished, failed
from draggan_widget.batch.tasks import Task
from draggan_widget.batch.workshop import Workshop
from draggan_widget.errors import DragganError
from draggan_widget.processes import begin_worker, starting

READY = "ready"
"""What a process says first."""

MOST_FAILED_STARTS = 3
"""After so many processes in a row that ended before they were ready, none will ever be."""

PATIENCE_S = 10.0
"""How long a process may take to end that was asked to."""


class _Worker:
    """A process, and the task that it has or will get when it is ready."""

    def __init__(self, device: str | None) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, device), daemon=True)
        with starting():
            self.process.start()
        theirs.close()  # so that the end of the process is seen here
        self.is_ready = False
        self.task: Task | None = None
        self._has: set[str] = set()

    def send(self, task: Task, given: Given) -> None:
        """Hand over a task, and the generator if it has not got it; of a process that has ended we hear later."""
        key = task.generator
        try:
            if key is not None and key not in self._has:
                pickled = given.pickled(key)
                if pickled is not None:
                    self.connection.send((key, pickled))
                self._has.add(key)
            self.connection.send(task)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def end(self) -> None:
        """End the process, whatever it does."""
        self.connection.close()
        self.process.terminate()
        self.process.join(PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


def by_processes(
    tasks: Iterator[Task], given: Given, device: str | None, processes: int
) -> Generator[Finished, None, None]:
    """Yield what comes out of tasks, in the order in which they end.

    Args:
        tasks: Are asked for one at a time, when a process is free.
        given: Generators of the batch.
        device: Where a process loads the generators of names and files.
        processes: How many work.

    Raises:
        DragganError: No process can begin.
    """
    workers: list[_Worker] = []
    again: deque[Task] = deque()
    tried: set[int] = set()
    failed_starts = 0
    try:
        while True:
            while len(busy := [each for each in workers if each.task]) < processes:
                task = again.popleft() if again else next(tasks, None)
                if task is None:
                    break
                if (unsendable := given.unsendable(task.generator)) is not None:
                    yield failed(task, unsendable)
                    continue
                _hand_out(task, workers, given, device)
            if not busy:
                return
            for connection in wait([each.connection for each in busy]):
                worker = next(each for each in busy if each.connection is connection)
                assert worker.task is not None
                try:
                    said: Any = worker.connection.recv()
                except (EOFError, ConnectionResetError):
                    workers.remove(worker)
                    if worker.is_ready:
                        why = _ended(worker)
                        if worker.task.index in tried:
                            yield failed(worker.task, why)
                        else:  # it may have been killed for what others take
                            tried.add(worker.task.index)
                            again.append(worker.task)
                        continue
                    worker.end()
                    failed_starts += 1
                    if failed_starts >= MOST_FAILED_STARTS:
                        raise DragganError(
                            "no process can begin to work; its messages above say why, or ask for processes=1"
                        ) from None
                    again.append(worker.task)
                    continue
                if said == READY:
                    worker.is_ready, failed_starts = True, 0
                    worker.send(worker.task, given)
                else:
                    worker.task = None
                    yield said
    finally:
        for worker in workers:
            worker.end()


def _hand_out(task: Task, workers: list[_Worker], given: Given, device: str | None) -> None:
    """Give a task to a process that is free, or to a new one."""
    worker = next((each for each in workers if each.task is None), None)
    if worker is None:
        worker = _Worker(device)
        workers.append(worker)
    worker.task = task
    if worker.is_ready:
        worker.send(task, given)


def _ended(worker: _Worker) -> str:
    """Return why a process has ended that had a task, and clear it away."""
    worker.process.join(PATIENCE_S)
    status = worker.process.exitcode
    worker.end()
    return (
        f"the process that dragged it was ended from outside (status {status}), most likely for want of memory; "
        "ask for fewer processes"
    )


def _serve(connection: Connection, device: str | None) -> None:
    """Do the tasks that come, until there are no more."""
    begin_worker()
    workshop = Workshop(device)
    connection.send(READY)
    while True:
        try:
            said: Any = connection.recv()
        except EOFError:
            return
        if isinstance(said, Task):
            connection.send(workshop.do(said))
        else:
            workshop.receive(*said)
