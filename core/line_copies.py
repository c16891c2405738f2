"""Lines that are copied out of Openchair: appended to a file, or sent to syslog."""

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

APP: Final = "openchair"
_PRIORITY: Final = 13 * 8 + 6  # RFC 5424, 6.2.1: log audit, informational
_SECONDS: Final = 5.0
HOW: Final = "Set it to file:/path, syslog:/dev/log or syslog:host:514, or leave it empty."


@dataclass(frozen=True)
class Line:
    """A line, and the instant that it tells of."""

    at: datetime
    text: str


Write = Callable[[Sequence[Line]], None]
"""Writes lines, in order; returns once they are handed over. Raises OSError: of some, or all, it is
not known whether they were."""


def writer_to(destination: str) -> Write:
    """For `file:/path`, `syslog:/path` of a socket, or `syslog:host:port` (UDP). Raises ValueError,
    saying what is possible."""
    kind, _, where = destination.partition(":")
    host, _, port = where.rpartition(":")
    if kind == "file" and Path(where).is_absolute():
        return lambda lines: _append(Path(where), lines)
    if kind == "syslog" and where.startswith("/"):
        return lambda lines: _to_socket(where, lines)
    if kind == "syslog" and host and port.isdecimal() and 0 < int(port) < 65536:
        return lambda lines: _to_host(host.strip("[]"), int(port), lines)
    raise ValueError(HOW)


def _append(path: Path, lines: Sequence[Line]) -> None:
    """On the disk when this returns. A line that a crash cut off stays, on a line of its own."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        size = os.fstat(handle).st_size
        is_cut = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        text = "".join(f"{line.text}\n" for line in lines)
        data = memoryview((f"\n{text}" if is_cut else text).encode())
        while data:
            data = data[file.write(data) :]
        os.fsync(handle)


def _to_socket(path: str, lines: Sequence[Line]) -> None:
    """As syslog(3) does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.settimeout(_SECONDS)
        made.connect(path)
        for line in lines:
            made.send(f"<{_PRIORITY}>{line.at:%b %e %H:%M:%S} {APP}: {line.text}".encode())


def _to_host(host: str, port: int, lines: Sequence[Line]) -> None:
    """A datagram for each, as RFC 5424 and 5426 say."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    own = socket.gethostname()
    with socket.socket(family, kind) as made:
        made.settimeout(_SECONDS)
        made.connect(address)
        for line in lines:
            at = line.at.isoformat(timespec="milliseconds")
            made.send(f"<{_PRIORITY}>1 {at} {own} {APP} - audit - {line.text}".encode())
