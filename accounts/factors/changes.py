"""What follows within a visit when one's own factors change. For pages and API alike."""

from uuid import UUID

from sqlmodel import col, delete

from accounts.factors import news
from accounts.factors.passkeys import remove_passkey
from accounts.factors.queries import factors_of
from accounts.factors.recovery import make_codes
from accounts.factors.totp import remove_totp
from accounts.models import RecoveryCode
from accounts.queries import get_person
from accounts.sessions import mark_confirmed
from core.errors import Conflict
from core.web.visit import Visit


def added(visit: Visit) -> None:
    """A factor was set up in this session, so it has been shown there."""
    if visit.caller.sign_in_id is not None:
        mark_confirmed(visit.session, visit.caller.sign_in_id, visit.now, by_factor=True)


def remove(visit: Visit, passkey_id: UUID | None) -> None:
    """A passkey, or the app where None. With the last factor the recovery codes go. Raises
    NotFound."""
    person = get_person(visit.session, visit.person_id)
    if passkey_id is None:
        remove_totp(visit.session, person, visit.now)
    else:
        remove_passkey(visit.session, person, passkey_id, visit.now)
    if factors_of(visit.session, person.id).count == 0:
        visit.session.exec(delete(RecoveryCode).where(col(RecoveryCode.person_id) == person.id))


def make_recovery_codes(visit: Visit) -> list[str]:
    """Ten new codes; those before are void. Raises Conflict without a factor to stand in for."""
    person = get_person(visit.session, visit.person_id)
    if factors_of(visit.session, person.id).count == 0:
        raise Conflict("Set up a passkey or an authenticator app first.")
    news.record(visit.session, news.ADDED, person, visit.now, kind="recovery_codes")
    news.tell_of_factor(visit.session, person, "added", "recovery_codes")
    return make_codes(visit.session, person.id)
