"""Who calls, and who may: each endpoint declares its access, and a route without one is refused."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID

from core.errors import ConfirmationNeeded, FactorMissing, FactorNeeded, NotAllowed, SignInNeeded

PATIENT, PROVIDER, ADMIN = "patient", "provider", "admin"
ROLES = (PATIENT, PROVIDER, ADMIN)


@dataclass(frozen=True)
class Caller:
    """Who asks. Nobody in particular until they sign in.

    `has_factor`: they set one up. `owes_factor`: they did, and this session has not shown it.
    `is_recovering`: they lost it, and it is about to be removed. `goes_without`: staff of the demo
    without a factor, who need none there. `is_confirmed`: they proved a short while ago who they
    are. `sees_names`: as a provider, of their patients.
    """

    person_id: UUID | None = None
    email: str | None = None
    roles: frozenset[str] = frozenset()
    sign_in_id: UUID | None = None
    has_factor: bool = False
    owes_factor: bool = False
    is_recovering: bool = False
    goes_without: bool = False
    is_confirmed: bool = False
    sees_names: bool = False

    @property
    def is_signed_in(self) -> bool:
        return self.person_id is not None

    def has(self, role: str) -> bool:
        return role in self.roles


NOBODY = Caller()


@dataclass(frozen=True)
class Access:
    """Who may call a route: anyone, anyone signed in (no roles), or holders of one of `roles`.

    Whoever has a second factor must have shown it, unless `before_factor`; `while_recovering`: who
    lost it may call this meanwhile. What only admins may call needs one. `confirmed`: only a short
    while after they proved who they are (see `confirmed` below).
    """

    anyone: bool = False
    roles: frozenset[str] = frozenset()
    before_factor: bool = False
    while_recovering: bool = False
    confirmed: bool = False

    def admit(self, caller: Caller) -> Caller:
        """The caller as the route sees them. To what is public, someone who owes a factor is nobody
        yet. Raises SignInNeeded, NotAllowed, FactorNeeded or ConfirmationNeeded."""
        if self.anyone:
            is_nobody = caller.owes_factor and not self.before_factor
            return Caller(owes_factor=True) if is_nobody else caller
        if not caller.is_signed_in:
            raise SignInNeeded
        if self.roles and not self.roles & caller.roles:
            raise NotAllowed
        if caller.owes_factor and not self._opens_without(caller):
            raise FactorNeeded
        if self.roles == {ADMIN} and not caller.has_factor and not caller.goes_without:
            raise FactorMissing
        if self.confirmed:
            check_confirmed(caller)
        return caller

    def _opens_without(self, caller: Caller) -> bool:
        return self.before_factor or (self.while_recovering and caller.is_recovering)


def check_confirmed(caller: Caller) -> None:
    """For a route of which only some uses need it. Raises ConfirmationNeeded.

    In the demo, staff without a factor are not asked: its mailbox is everyone's, so an emailed code
    would prove nothing.
    """
    if not caller.is_confirmed and not caller.goes_without:
        raise ConfirmationNeeded


F = TypeVar("F", bound=Callable[..., Any])


def _declare(access: Access) -> Callable[[F], F]:
    def mark(endpoint: F) -> F:
        endpoint.__access__ = access  # type: ignore[attr-defined]  # read by TransactionalRoute
        return endpoint

    return mark


def _changed(endpoint: F, changed: Callable[[Access], Access]) -> F:
    access = getattr(endpoint, "__access__", None)
    if not isinstance(access, Access):
        raise TypeError(f"{endpoint.__qualname__}: say first who may call it (the line below)")
    return _declare(changed(access))(endpoint)


def public(endpoint: F) -> F:
    """Anyone may call this."""
    return _declare(Access(anyone=True))(endpoint)


def signed_in(endpoint: F) -> F:
    """Anyone who signed in may call this; what they see is up to the endpoint."""
    return _declare(Access())(endpoint)


def allow(*roles: str) -> Callable[[F], F]:
    """Only people with one of these roles may call this."""
    return _declare(Access(roles=frozenset(roles)))


def confirmed(endpoint: F) -> F:
    """Only within 15 minutes after they proved who they are, by a factor or, without one, by a
    code from their mail; longer while they go on, at most 4 hours. Stands above the access."""
    return _changed(endpoint, lambda access: replace(access, confirmed=True))


def before_factor(endpoint: F) -> F:
    """Also for who has a second factor and has not shown it yet. Stands above the access."""
    return _changed(endpoint, lambda access: replace(access, before_factor=True))


def while_recovering(endpoint: F) -> F:
    """Also for who lost their factors, until these are removed. Stands above the access."""
    return _changed(endpoint, lambda access: replace(access, while_recovering=True))
