"""Signing in and out within a visit: the service, plus the cookie. For pages and API alike."""

from datetime import UTC, timedelta
from typing import Any, Final

from accounts.browsers import browser_of, forget_request, remember_device, remember_request
from accounts.codes import CodeSent, request_code
from accounts.factors import news
from accounts.factors.passkeys import SIGN_IN, Asked, use_passkey
from accounts.models import Person
from accounts.queries import get_person, is_new_device, roles_of
from accounts.rules import device_label, local_path, normal_email
from accounts.sessions import ABSOLUTE, COOKIE, end_session, mark_confirmed
from accounts.sign_in import SignedIn, open_session, verify_code
from core.database import transaction
from core.limits import Limit, spend
from core.web.caller import ADMIN, PROVIDER
from core.web.visit import Visit

PASSKEYS_PER_ADDRESS: Final = Limit(
    "passkey-address",
    120,
    timedelta(minutes=15),
    "That was tried too often. Please wait a little, then try again.",
)


def send_code(visit: Visit, email: str, request_id: str = "", *, is_open: bool = False) -> CodeSent:
    """Send a code, which belongs to the browser that asks (or, where it says so, to the client
    that keeps the answer's `request_id`). Raises Invalid, TooMany."""
    browser = browser_of(visit, normal_email(email), request_id)
    sent = request_code(visit.session, email, browser, visit.now, is_open=is_open)
    remember_request(visit, sent.request_id)
    return sent


def sign_in(visit: Visit, email: str, code: str, request_id: str = "") -> SignedIn:
    """Exchange a code for a session and set its cookie. Raises Invalid, WrongCode, TooMany.

    Signed in already: that session ends, so that no token outlives its use. The answer of this
    same request still knows the earlier caller; what follows is the next request's.
    """
    browser = browser_of(visit, normal_email(email), request_id)
    signed_in = verify_code(email, code, browser, visit.now, _device(visit))
    forget_request(visit)
    return _begin(visit, signed_in)


def sign_in_by_passkey(visit: Visit, credential: dict[str, Any], request_id: str) -> SignedIn:
    """Exchange a passkey's answer for a session, as `sign_in` does. It is a second factor as well:
    whoever has it unlocked it. Raises WrongFactor, TooMany."""
    spend((PASSKEYS_PER_ADDRESS, visit.site))
    with transaction() as session:
        used = use_passkey(session, credential, Asked(SIGN_IN, request_id), visit.now)
        person = get_person(session, used.person_id)
        roles = roles_of(session, person.id)
        signed_in = open_session(session, person, roles, _device(visit), visit.now)
        mark_confirmed(session, signed_in.sign_in_id, visit.now, by_factor=True)
    return _begin(visit, signed_in)


def _begin(visit: Visit, signed_in: SignedIn) -> SignedIn:
    if visit.caller.sign_in_id is not None:
        end_session(visit.session, visit.caller.sign_in_id, visit.person_id, visit.now)
    visit.set_cookie(COOKIE, signed_in.token, ABSOLUTE)
    remember_device(visit, signed_in.email)
    label = device_label(_device(visit))
    if is_new_device(visit.session, signed_in.person_id, signed_in.sign_in_id, label):
        _tell_of_device(visit, get_person(visit.session, signed_in.person_id), label)
    return signed_in


def _tell_of_device(visit: Visit, person: Person, label: str) -> None:
    news.tell(
        visit.session,
        person.email,
        "A new sign-in",
        f"Somebody signed in to your Openchair account: {label},"
        f" {visit.now.astimezone(UTC):%Y-%m-%d %H:%M} UTC.",
        "Was that you? Then there is nothing to do. If not, sign out everywhere on your account"
        " page, and change who can read your mail.",
    )


def _device(visit: Visit) -> str:
    return visit.request.headers.get("user-agent", "")


def sign_out(visit: Visit) -> None:
    """End the session that this request came with, if any, and have the browser forget."""
    if visit.caller.sign_in_id is not None:
        end_session(visit.session, visit.caller.sign_in_id, visit.person_id, visit.now)
    visit.forget_browser()


def way_on(roles: frozenset[str], target: str) -> str:
    """Where to go after signing in: where one wanted to, else the page of one's role."""
    if path := local_path(target):
        return path
    if ADMIN in roles:
        return "/admin"
    if PROVIDER in roles:
        return "/provider"
    return "/appointments"
