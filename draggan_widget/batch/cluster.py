"""Tasks over the machines of a Dask cluster; distributed is imported when it is used."""

from __future__ import annotations

import importlib.util
import logging
import threading
import uuid
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from draggan_widget.batch.given import Given
from draggan_widget.batch.rows import Finished, failed
from draggan_widget.batch.tasks import Task
from draggan_widget.batch.workshop import Workshop
from draggan_widget.errors import DragganError, InputError

if TYPE_CHECKING:  # distributed is an extra
    from distributed import Client, Future

logger = logging.getLogger(__name__)

TASKS_A_THREAD = 2
"""How many tasks a cluster holds for each of its threads: the next one lies ready, and an interruption ends soon."""

LEAST_TASKS = 2
"""How many it holds at least: a cluster may grow when there is something to do."""

LOST = "the connection to the Dask cluster is lost; connect to it, or to another one, with a new Client"

UNLIMITED = {"distributed.admin.large-graph-warning-threshold": "1 TB"}
"""Keeps Dask from warning of the size of a generator."""

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

    A process that ends takes all the tasks with it that wait there. They are suspects, and are done at last, one after
    the other and each alone on the cluster, so that one fails only if it ends a process itself.

    Args:
        tasks: Are asked for when the cluster has few left.
        given: Generators of the batch.
        device: Where a process of the cluster loads the generators of names and files.
        client: Of the cluster.

    Raises:
        DragganError: The connection to the cluster is lost.
    """
    from distributed import as_completed

    sender = _Sender(client, given, device)
    running: dict[Any, tuple[Future[Finished], Task]] = {}
    suspects: deque[Task] = deque()
    tried: set[int] = set()
    stream = as_completed()
    if not client.nthreads():  # a cluster may grow when there is something to do
        address = client.scheduler_info()["address"]
        words = "no worker is in the Dask cluster yet; the batch waits for one: dask worker %s --nthreads 1"
        logger.warning(words, address)

    def start(task: Task) -> None:
        future = sender.submit(task)
        running[future.key] = future, task
        stream.add(future)

    try:
        while True:
            for task in islice(tasks, max(0, _room(client) - len(running))):
                if (unsendable := given.unsendable(task.generator)) is None:
                    start(task)
                else:
                    yield failed(task, unsendable)
            if not running and suspects:
                start(suspects.popleft())
            if not running:
                return
            future, task = running.pop(next(stream).key)
            outcome = _outcome(future, client)
            if isinstance(outcome, Finished):
                yield outcome
            elif task.index in tried:
                yield failed(task, outcome)
            else:
                tried.add(task.index)
                suspects.append(task)
    except Exception as error:  # of any kind that sockets and Dask have
        if client.status == "running" or isinstance(error, DragganError):
            raise
        raise DragganError(LOST) from error
    finally:
        if running and client.status == "running":
            client.cancel([future for future, _ in running.values()])


class _Sender:
    """Sends tasks to a cluster, and with them the generators that are loaded."""

    def __init__(self, client: Client, given: Given, device: str | None) -> None:
        self._client, self._given, self._device = client, given, device
        self._name = f"drag_batch-{uuid.uuid4().hex}"
        self._generators: dict[str, Future[bytes]] = {}
        self._count = 0

    def submit(self, task: Task) -> Future[Finished]:
        """Return the future of a task."""
        self._count += 1
        generator = self._generator(task.generator)
        return self._client.submit(
            _work, task, self._device, generator, key=f"{self._name}-{self._count}", pure=False
        )

    def _generator(self, key: str | None) -> Future[bytes] | None:
        """Return a loaded generator on the cluster, sent there once; None where the key is a name or a file.

        It is the result of a task, and not scattered: what is scattered is lost with the processes that hold it.
        """
        import dask

        if key is None or key not in self._given.loaded:
            return None
        if key not in self._generators:
            name = f"{self._name}-generator-{len(self._generators)}"
            with dask.config.set(UNLIMITED):
                self._generators[key] = self._client.submit(
                    _kept, self._given.pickled(key), key=name, pure=False
                )
        return self._generators[key]


def _room(client: Client) -> int:
    """Return how many tasks a cluster may hold now."""
    threads: int = sum(client.nthreads().values())
    return max(LEAST_TASKS, TASKS_A_THREAD * threads)


def _outcome(future: Future[Finished], client: Client) -> Finished | Exception:
    """Return what came out of a task that has ended on the cluster, or what has ended the process that had it.

    Raises:
        DragganError: The connection to the cluster is lost.
    """
    try:
        finished: Finished = future.result()
    except Exception as error:  # of any kind: all that can be said of a task is in its result
        if client.status != "running":
            raise DragganError(LOST) from error
        return error
    return finished


def _kept(pickled: bytes) -> bytes:
    """Return a generator, which thereby is on the cluster."""
    return pickled


def _work(task: Task, device: str | None, pickled: bytes | None) -> Finished:
    """Do a task in a process of the cluster."""
    with _OPENING:
        workshop = _workshops.setdefault(device, Workshop(device))
    if pickled is not None and task.generator is not None:
        workshop.receive(task.generator, pickled)
    return workshop.do(task)
