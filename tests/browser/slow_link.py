"""A slow connection between a browser and a server of this machine: a proxy for TCP that delays, and limits the rate.

Each direction is one queue for all connections, as a line has it: what comes waits until what came before it has left at
the rate of the line, and arrives half of a round trip later. Few bytes are taken in advance, and the buffers of the
sockets are small, so that what has to wait waits where a server sees it.
"""

import asyncio
import contextlib
import socket
import threading
from dataclasses import dataclass
from types import TracebackType

CHUNK_BYTES = 2048
"""So much is taken from a socket at once."""

AHEAD_BYTES = 16 * 1024
"""So much more may be taken than the line holds, as a router's buffer has it."""

PACKET_BYTES = 1448
"""The most that a TCP packet carries over an Ethernet."""

SOCKET_BYTES = 16 * 1024
"""Size of the buffers of sockets while the connection is slow; what is in them waits unseen."""


@dataclass
class _Direction:
    """A line in one direction.

    Attributes:
        free_s: When everything that was put on it will have left, s of the loop's clock.
        carried_bytes: What it has carried so far.
    """

    free_s: float = 0.0
    carried_bytes: int = 0


class SlowLink:
    """A port of this machine behind which a server is far away; use it in a ``with`` statement.

    It is fast until :meth:`slow_down`.

    Attributes:
        port: The port.
    """

    def __init__(self, server_port: int) -> None:
        """Do nothing yet.

        Args:
            server_port: Where the server listens.
        """
        self.port = 0
        self._server_port = server_port
        self._round_trip_s = 0.0
        self._bytes_per_s = 0.0
        self._up, self._down = _Direction(), _Direction()
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "SlowLink":
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def slow_down(self, round_trip_s: float, bits_per_s: float) -> None:
        """Let the way be long and narrow from now on, in both directions; zeros make it fast again."""
        self._round_trip_s, self._bytes_per_s = round_trip_s, bits_per_s / 8

    @property
    def carried_bytes(self) -> tuple[int, int]:
        """What has gone to the server and come from it so far."""
        return self._up.carried_bytes, self._down.carried_bytes

    async def _listen(self) -> asyncio.Server:
        """Take connections."""
        listening = _small_socket()
        listening.bind(("127.0.0.1", 0))
        return await asyncio.start_server(self._connected, sock=listening, limit=CHUNK_BYTES)

    async def _close(self) -> None:
        """End every connection."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry what one connection says in both directions, until both have ended."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        writers = [writer]
        try:
            far = _small_socket()
            await self._loop.sock_connect(far, ("127.0.0.1", self._server_port))
            far_reader, far_writer = await asyncio.open_connection(sock=far, limit=CHUNK_BYTES)
            writers.append(far_writer)
            for each in writers:
                each.transport.set_write_buffer_limits(high=SOCKET_BYTES)
            with contextlib.suppress(OSError):
                await asyncio.gather(
                    self._carry(reader, far_writer, self._up),
                    self._carry(far_reader, writer, self._down),
                )
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for each in writers:
                each.transport.abort()
            self._tasks.discard(task)
            for each in writers:
                with contextlib.suppress(OSError):
                    await each.wait_closed()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: _Direction
    ) -> None:
        """Carry one direction of a connection."""
        way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivery = asyncio.create_task(self._deliver(way, writer))
        try:
            while data := await reader.read(CHUNK_BYTES):
                direction.carried_bytes += len(data)
                now = self._loop.time()
                due_s = now
                if self._bytes_per_s:
                    direction.free_s = max(direction.free_s, now) + len(data) / self._bytes_per_s
                    due_s = direction.free_s + self._round_trip_s / 2
                way.put_nowait((due_s, data))
                if self._bytes_per_s:
                    ahead_s = AHEAD_BYTES / self._bytes_per_s
                    await asyncio.sleep(max(0.0, direction.free_s - ahead_s - now))
            way.put_nowait((self._loop.time() + self._round_trip_s / 2, b""))
            await delivery
        finally:
            delivery.cancel()

    async def _deliver(
        self, way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        """Hand over what has come to the end of the line, each when it is due; nothing at all is the end."""
        while True:
            due_s, data = await way.get()
            await asyncio.sleep(max(0.0, due_s - self._loop.time()))
            if not data:
                with contextlib.suppress(OSError):
                    writer.write_eof()
                return
            writer.write(data)
            await writer.drain()


def _small_socket() -> socket.socket:
    """Return a socket with small buffers that waits for nothing; what it accepts has them too.

    Its packets are those of an Ethernet: one of the loopback's, of 64 kB, would not fit into such buffers, and each would
    wait for a timer.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(False)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, PACKET_BYTES)
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        made.setsockopt(socket.SOL_SOCKET, option, SOCKET_BYTES)
    return made
