"""Errors that people may see. A domain error knows its code and a safe message, no HTTP status."""

import errno
from collections.abc import Mapping, Sequence
from typing import Any


class DomainError(Exception):
    """A rule refused. `message` may be shown to anyone; `extra` goes into problem+json."""

    code = "refused"
    message = "That is not possible."

    def __init__(self, message: str | None = None, **extra: Any) -> None:
        self.message = message or type(self).message
        self.extra: Mapping[str, Any] = extra
        super().__init__(self.message)


MOST_ERRORS = 20
"""That one answer lists; whoever sent more than that learns nothing from the rest."""


class Invalid(DomainError):
    """Input breaks a rule. `fields` says which, in the order of the form: (field, message)."""

    code = "invalid"
    message = "Please check what you entered."

    def __init__(self, fields: Sequence[tuple[str, str]], message: str | None = None) -> None:
        self.fields = list(fields)
        errors = [{"field": f, "message": m} for f, m in self.fields[:MOST_ERRORS]]
        if more := len(self.fields) - len(errors):
            errors.append({"field": "body", "message": f"And {more:,} more."})
        super().__init__(message, errors=errors)


class NotFound(DomainError):
    code = "not_found"
    message = "There is nothing here, or it is not yours to see."


class SignInNeeded(DomainError):
    code = "sign_in_needed"
    message = "Please sign in first."


class NotAllowed(DomainError):
    code = "not_allowed"
    message = "Your account may not do that."


class FactorNeeded(NotAllowed):
    """A second factor, shown in this sign-in session, comes first."""

    code = "factor_needed"
    message = "This needs your app or passkey. Use it, then come back."


class FactorMissing(FactorNeeded):
    """There is none to show yet."""

    message = "The desk needs a second step at sign-in. Set one up under Account, then come back."


class ConfirmationNeeded(NotAllowed):
    """It was too long ago that this person proved who they are."""

    code = "confirmation_needed"
    message = "Please confirm that it is you, then do this again. Nothing was changed."


class Conflict(DomainError):
    """Someone or something got there first; try again with what is there now."""

    code = "conflict"
    message = "That changed while you were looking at it."


class VersionChanged(DomainError):
    """Someone saved something newer than what this change was made from."""

    code = "version_changed"
    message = "This was changed after you opened it. Look at what is saved now, then save again."


class Gone(DomainError):
    code = "gone"
    message = "That has expired."


class TooLarge(DomainError):
    code = "too_large"
    message = "That is too large."


class TooMany(DomainError):
    """A rate limit. `retry_after` in seconds."""

    code = "too_many"
    message = "That was tried too often. Please wait a little."

    def __init__(self, message: str | None = None, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(message, retry_after=retry_after)


class Unavailable(DomainError):
    """Something we need is away for a moment, for example the database. `retry_after` in
    seconds."""

    code = "unavailable"
    message = "Openchair cannot answer just now. Nothing was lost; please try again in a minute."
    retry_after = 5


class Busy(Unavailable):
    """Every thread that could answer is taken, and has been for a while."""

    code = "busy"
    message = "Many people ask at this moment. Nothing was lost; please try again in a few seconds."


class InsufficientStorage(DomainError):
    """The disk is full; RFC 4918, 11.5."""

    code = "insufficient_storage"
    message = "We have no room for that file just now. Nothing was saved; please try again later."


STATUS: dict[type[DomainError], int] = {
    Invalid: 422,
    NotFound: 404,
    SignInNeeded: 401,
    NotAllowed: 403,
    Conflict: 409,
    Gone: 410,
    VersionChanged: 412,
    TooLarge: 413,
    TooMany: 429,
    Unavailable: 503,
    InsufficientStorage: 507,
    DomainError: 400,
}


def status_of(error: DomainError) -> int:
    """The HTTP status of an error's nearest kind in `STATUS`."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def is_disk_full(error: BaseException | None) -> bool:
    """Whether the system had no room: on the disk, in a quota, or for a file that large."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(error, OSError) and error.errno in full
