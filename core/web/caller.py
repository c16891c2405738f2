"""Who calls, and who may: each endpoint declares its access, and a route without one is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from core.errors import NotAllowed, SignInNeeded

PATIENT, PROVIDER, ADMIN = "patient", "provider", "admin"
ROLES = (PATIENT, PROVIDER, ADMIN)


@dataclass(frozen=True)
class Caller:
    """Who asks. Nobody in particular until they sign in."""

    person_id: UUID | None = None
    email: str | None = None
    roles: frozenset[str] = frozenset()
    sign_in_id: UUID | None = None

    @property
    def is_signed_in(self) -> bool:
        return self.person_id is not None

    def has(self, role: str) -> bool:
        return role in self.roles


NOBODY = Caller()


@dataclass(frozen=True)
class Access:
    """Who may call a route: anyone, anyone signed in (no roles), or holders of one of `roles`."""

    anyone: bool = False
    roles: frozenset[str] = frozenset()

    def check(self, caller: Caller) -> None:
        """Raises SignInNeeded or NotAllowed."""
        if self.anyone:
            return
        if not caller.is_signed_in:
            raise SignInNeeded
        if self.roles and not self.roles & caller.roles:
            raise NotAllowed


F = TypeVar("F", bound=Callable[..., Any])


def _declare(access: Access) -> Callable[[F], F]:
    def mark(endpoint: F) -> F:
        endpoint.__access__ = access  # type: ignore[attr-defined]  # read by TransactionalRoute
        return endpoint

    return mark


def public(endpoint: F) -> F:
    """Anyone may call this."""
    return _declare(Access(anyone=True))(endpoint)


def signed_in(endpoint: F) -> F:
    """Anyone who signed in may call this; what they see is up to the endpoint."""
    return _declare(Access())(endpoint)


def allow(*roles: str) -> Callable[[F], F]:
    """Only people with one of these roles may call this."""
    return _declare(Access(roles=frozenset(roles)))
