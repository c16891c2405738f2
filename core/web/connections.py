"""Connections that send nothing, or too slowly, are cut; uvicorn would wait for them without end.

Uvicorn's own protocol with a clock beside it. A head has `HEAD_SECONDS` to arrive and `HEAD_BYTES`
of room. A body may pause for `PAUSE_SECONDS`; after `GRACE_SECONDS` it must have come at
`LEAST_RATE` on the whole, as it does over the slowest mobile network. Time in which we do not read
(every thread is busy) does not count. What is still sent after the answer is let go for
`PAUSE_SECONDS`, and so long may an answer wait to be taken. Where there are `MOST_CONNECTIONS`, the
one that has waited longest for a request goes.
"""

from asyncio import TimerHandle, Transport
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_SECONDS: Final = 10.0
HEAD_BYTES: Final = 64 * 1024
PAUSE_SECONDS: Final = 30.0
GRACE_SECONDS: Final = 20.0
LEAST_RATE: Final = 1024
"""Bytes a second."""
MOST_CONNECTIONS: Final = 800
"""Of one process; many systems allow it 1024 open files."""
LOOK_EVERY: Final = 1.0

_WORDS: Final = {
    408: b"That came too slowly. Please try again.\n",
    431: b"The head of that request is too large.\n",
    503: b"There are too many connections. Please try again in a few seconds.\n",
}

_waiting: dict["Connection", None] = {}
"""Connections of this process without a request, those that have waited longest first."""


class Connection(HttpToolsProtocol):
    """For uvicorn's setting `http`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._timers: dict[str, TimerHandle] = {}
        self._head_bytes = 0
        self._is_in_body = False
        self._body_bytes = 0
        self._body_since = self._heard_at = self._answered_at = 0.0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS and not _drop_longest_waiting():
            self._refuse(503)
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        _waiting.pop(self, None)
        for name in list(self._timers):
            self._stop(name)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._is_in_body:
            self._head_bytes += len(data)
            if "head" not in self._timers and self._is_idle():
                self._await_head()
        super().data_received(data)
        if not self._is_in_body and self._head_bytes > HEAD_BYTES:
            self._refuse(431)
        elif self._is_in_body and "body" not in self._timers:
            self._start("body", LOOK_EVERY, self._look_at_body)

    def on_headers_complete(self) -> None:
        _waiting.pop(self, None)
        self._stop("head")
        self._head_bytes = self._body_bytes = 0
        self._body_since = self._heard_at = self.loop.time()
        self._answered_at = 0.0
        self._is_in_body = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        self._heard_at = self.loop.time()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_body = False
        self._stop("body")
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_idle() and not self._is_in_body and not self.transport.is_closing():
            _waiting[self] = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start("answer", PAUSE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop("answer")
        super().resume_writing()

    def _is_idle(self) -> bool:
        return (self.cycle is None or self.cycle.response_complete) and not self.pipeline

    def _await_head(self) -> None:
        _waiting.pop(self, None)
        _waiting[self] = None
        self._start("head", HEAD_SECONDS, self._give_up_on_head)

    def _give_up_on_head(self) -> None:
        if self._head_bytes:
            self._refuse(408)
        else:
            self.transport.close()

    def _look_at_body(self) -> None:
        """Every second until it is complete."""
        now = self.loop.time()
        if self.flow.read_paused:
            self._body_since += LOOK_EVERY
            self._heard_at += LOOK_EVERY
        elif self._is_slow(now):
            self._refuse(408)
            return
        if self.cycle.response_complete:
            self._answered_at = self._answered_at or now
            if now - self._answered_at > PAUSE_SECONDS:
                self.transport.close()
                return
        self._start("body", LOOK_EVERY, self._look_at_body)

    def _is_slow(self, now: float) -> bool:
        lasted = now - self._body_since
        is_trickle = lasted > GRACE_SECONDS and self._body_bytes < LEAST_RATE * lasted
        return is_trickle or now - self._heard_at > PAUSE_SECONDS

    def _refuse(self, status: int) -> None:
        """Say why, unless an answer is under way, and hang up."""
        if self.transport.is_closing():
            return
        if self._is_idle() or not self.cycle.response_started:
            words = _WORDS[status]
            self.transport.write(
                STATUS_LINE[status] + b"content-type: text/plain; charset=utf-8\r\n"
                b"content-length: %d\r\nconnection: close\r\nretry-after: 5\r\n\r\n%b"
                % (len(words), words)
            )
        self.transport.close()

    def _start(self, name: str, seconds: float, then: Callable[[], None]) -> None:
        self._stop(name)
        self._timers[name] = self.loop.call_later(seconds, then)

    def _stop(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()


def _drop_longest_waiting() -> bool:
    longest = next(iter(_waiting), None)
    if longest is None:
        return False
    del _waiting[longest]
    longest.transport.close()
    return True
