"""The data folder with its files and keys, the disk, and the mail server."""

import os
import shutil
import smtplib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.check.findings import Finding, good, warning, wrong
from core.mail import greet_server
from core.settings import Settings

ROOM: Final = 1_000_000_000
"""Bytes of free disk below which it is worth a thought; below a tenth it is to be mended."""


def look_at_folder(config: Settings) -> Iterator[Finding]:
    folder = config.data_dir.expanduser().resolve()
    if not folder.exists():
        yield good(f"The data folder {folder} is made by the first start.")
        return
    found = [*_of_access(folder), *_of_room(folder), *_of_keys(config, folder)]
    yield from found or [good(f"The data folder {folder} is private, and has room.")]


def _of_access(folder: Path) -> Iterator[Finding]:
    if not os.access(folder, os.W_OK | os.X_OK):
        yield wrong(
            f"The data folder {folder} cannot be written to by this user.",
            f"As root: chown -R {os.environ.get('USER', 'USER')} {folder}",
        )
    if os.name != "posix":
        return
    # As root the embedded server is another user, who goes through.
    allowed = 0o711 if folder.stat().st_uid == 0 else 0o700
    closed = {folder: allowed, folder / "files": allowed, folder / "secret.key": 0o600}
    for path, mode in closed.items():
        if path.exists() and path.stat().st_mode & 0o777 & ~mode:
            yield wrong(
                f"Other users of this machine may look into {path}.", f"chmod {mode:o} {path}"
            )


def _of_room(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    said = f"The disk of {folder} has {free // 1_000_000} MB left."
    advice = "Make room, or uploads are refused and an embedded database stops."
    if free < ROOM // 10:
        yield wrong(said, advice)
    elif free < ROOM:
        yield warning(said, advice)


def _of_keys(config: Settings, folder: Path) -> Iterator[Finding]:
    is_given = bool(config.secret_keys.get_secret_value())
    if not config.has_keys:
        return  # the first start makes one, or the look at the database misses it
    try:
        config.encryption_keys()
    except ValueError as error:
        yield wrong(f"The keys cannot be read: {error}.", "See Keys in docs/operations.md.")
    if not is_given and not config.demo:
        yield warning(
            f"The key lies in {folder / 'secret.key'}, beside what it protects.",
            "Set SECRET_KEYS to it, keep it elsewhere, and remove the file.",
        )


def look_at_mail(config: Settings) -> Iterator[Finding]:
    if not config.smtp_url.get_secret_value():
        return
    try:
        greet_server()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        yield wrong(
            f"The mail server of SMTP_URL does not let us in: {_why(error)}.",
            "Check its host, port, user and password; smtps:// where it is TLS from the start.",
        )
    else:
        yield good("The mail server answers and lets us in. (No letter was sent.)")


_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (socket.gaierror, "its host has no address"),
    (ConnectionRefusedError, "nothing answers at its port"),
    (TimeoutError, "it does not answer in time"),
    (ssl.SSLCertVerificationError, "its certificate cannot be trusted"),
    (ssl.SSLError, "it does not speak TLS there"),
    (smtplib.SMTPAuthenticationError, "it refuses the user or the password"),
    (smtplib.SMTPNotSupportedError, "it offers no TLS, or no sign-in"),
    (smtplib.SMTPServerDisconnected, "it ends the connection"),
    (smtplib.SMTPException, "it refuses what we ask"),
    (ValueError, "its address cannot be read"),
    (OSError, "it cannot be reached"),
)


def _why(error: Exception) -> str:
    """In words; an answer of the server itself may hold the user's name and is not repeated."""
    reason = next(words for kind, words in _REASONS if isinstance(error, kind))
    code = getattr(error, "smtp_code", 0)
    return f"{reason} (code {code})" if code else reason
