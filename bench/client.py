"""A light HTTP/1.1 client for measuring: keep-alive sockets, GET only, one thread.

Written on asyncio's protocols, so that on two cores the client takes little from the server.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial


@dataclass(frozen=True)
class Measured:
    """Requests a second over the whole run; seconds at the percentiles; mean bytes of a body."""

    rate: float
    p50: float
    p99: float
    size: int


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is complete, or, with a pause
    between requests, when it is due. What is late is sent at once, and its wait counts."""

    def __init__(self, requests: list[bytes], times: list[float], pause: float, due: float) -> None:
        self._requests, self._times, self._pause, self._due = requests, times, pause, due
        self._buffer = bytearray()
        self._need = -1
        self._size = 0
        self.bytes = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        if not self._requests:
            self.done.set_result(None)
            return
        now = time.perf_counter()
        if self._due > now:
            asyncio.get_running_loop().call_later(self._due - now, self._send)
            return
        self._sent_at = self._due or now
        self._due = self._sent_at + self._pause if self._pause else 0.0
        self._transport.write(self._requests.pop())  # type: ignore[attr-defined]  # a socket's

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._need < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            assert head.startswith(b"http/1.1 200"), bytes(self._buffer[:200])
            length = head.index(b"content-length:") + 15
            self._size = int(head[length:].split(b"\r\n", 1)[0])
            self._need = end + 4 + self._size
        if len(self._buffer) >= self._need:
            self._times.append(time.perf_counter() - self._sent_at)
            self._buffer.clear()
            self.bytes += self._size
            self._need = -1
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server hung up"))


async def _run(port: int, paths: Sequence[str], clients: int, count: int, rate: float) -> Measured:
    requests = [
        f"GET {paths[n % len(paths)]} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        for n in range(count)
    ]
    times: list[float] = []
    pause = clients / rate if rate else 0.0
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    dues = [started + n * pause / clients if rate else 0.0 for n in range(clients)]
    made = [
        await loop.create_connection(
            partial(_Connection, requests, times, pause, due), "127.0.0.1", port
        )
        for due in dues
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    seconds = time.perf_counter() - started
    for transport, _ in made:
        transport.close()
    times.sort()
    size = sum(protocol.bytes for _, protocol in made) // count
    return Measured(count / seconds, times[count // 2], times[count * 99 // 100], size)


def measure(port: int, paths: Sequence[str], clients: int, count: int, rate: float = 0) -> Measured:
    """`count` requests over `paths` in turn, by so many clients at once: each asks again as soon
    as it is answered, or, where a `rate` is given, they ask so often a second together."""
    return asyncio.run(_run(port, paths, clients, count, rate))
