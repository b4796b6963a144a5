"""Tasks over the machines of a Dask cluster; distributed is imported when it is used."""

from __future__ import annotations

import importlib.util
import threading
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from draggan_widget.batch.given import Given
from draggan_widget.batch.rows import Finished, failed
from draggan_widget.batch.tasks import Task
from draggan_widget.batch.workshop import Workshop
from draggan_widget.errors import DragganError, InputError

if TYPE_CHECKING:  # distributed is an extra
    from distributed import Client

TASKS_A_THREAD = 2
"""How many tasks a cluster holds for each of its threads: the next one lies ready, and an interruption ends soon."""

LEAST_TASKS = 2
"""How many it holds at least: a cluster may grow when there is something to do."""

_workshops: dict[str | None, Workshop] = {}
"""Of this process, by device, if it is one of a cluster."""

_OPENING = threading.Lock()


def check_dask() -> None:
    """Refuse to go on without Dask.

    Raises:
        InputError: It is missing.
    """
    if importlib.util.find_spec("distributed") is None:
        raise InputError("a cluster needs Dask; install it: pip install 'draggan-widget[dask]'")


def checked_client(client: Any) -> Client:
    """Return a client of a cluster.

    Raises:
        InputError: It is none, it is asynchronous or closed, or Dask is missing.
    """
    check_dask()
    from distributed import Client

    if not isinstance(client, Client):
        raise InputError(
            f"client must be a distributed.Client, got {type(client).__name__}; write Client(address)"
        )
    if client.asynchronous:
        raise InputError("client must not be asynchronous; make it without asynchronous=True")
    if client.status != "running":
        raise InputError(f"client must be connected, but it is {client.status}; make another one")
    return client


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Lend a client of the cluster whose scheduler has an address.

    Raises:
        InputError: Dask is missing, or nothing answers there.
    """
    check_dask()
    from distributed import Client

    try:
        client = Client(address)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {address!r}: {error}") from error
    try:
        yield client
    finally:
        client.close()


def by_cluster(
    tasks: Iterator[Task], given: Given, device: str | None, client: Client
) -> Generator[Finished, None, None]:
    """Yield what comes out of tasks, in the order in which they end.

    Args:
        tasks: Are asked for when the cluster has few left.
        given: Generators of the batch.
        device: Where a process of the cluster loads the generators of names and files.
        client: Of the cluster.

    Raises:
        DragganError: The connection to the cluster is lost.
        InputError: A generator cannot be sent to another process.
    """
    from distributed import as_completed

    name = f"drag_batch-{uuid.uuid4().hex}"
    running: dict[Any, tuple[Any, Task]] = {}
    sent: dict[str, Any] = {}
    stream = as_completed()
    try:
        while True:
            while len(running) < _room(client):
                task = next(tasks, None)
                if task is None:
                    break
                generator = _sent(task.generator, given, client, sent)
                key = f"{name}-{task.index}"
                future = client.submit(_work, task, device, generator, key=key, pure=False)
                running[key] = future, task
                stream.add(future)
            if not running:
                return
            future = next(stream)
            yield _outcome(future, running.pop(future.key)[1], client)
    finally:
        if running and client.status == "running":
            client.cancel([future for future, _ in running.values()])


def _room(client: Client) -> int:
    """Return how many tasks a cluster may hold now."""
    threads = sum(client.nthreads().values())
    return max(LEAST_TASKS, TASKS_A_THREAD * threads)


def _sent(key: str | None, given: Given, client: Client, sent: dict[str, Any]) -> Any:
    """Return a loaded generator on the cluster, sent there once; None where the key is a name or a file."""
    if key is None or key not in given.loaded:
        return None
    if key not in sent:
        sent[key] = client.scatter(given.pickled(key), broadcast=True)
    return sent[key]


def _outcome(future: Any, task: Task, client: Client) -> Finished:
    """Return what came out of a task that has ended on the cluster, however it did."""
    try:
        finished: Finished = future.result()
    except Exception as error:  # whatever has ended a process of the cluster
        if client.status != "running":
            raise DragganError("the connection to the Dask cluster is lost") from error
        return failed(task, error)
    return finished


def _work(task: Task, device: str | None, pickled: bytes | None) -> Finished:
    """Do a task in a process of the cluster."""
    with _OPENING:
        workshop = _workshops.setdefault(device, Workshop(device))
    if pickled is not None and task.generator is not None:
        workshop.receive(task.generator, pickled)
    return workshop.do(task)
