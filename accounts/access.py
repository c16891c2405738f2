"""Signing in and out within a visit: the service, plus the cookie. For pages and API alike."""

from accounts.rules import local_path
from accounts.sessions import ABSOLUTE, COOKIE, end_session
from accounts.sign_in import SignedIn, verify_code
from core.web.caller import ADMIN, PROVIDER
from core.web.visit import Visit


def sign_in(visit: Visit, email: str, code: str) -> SignedIn:
    """Exchange a code for a session and set its cookie. Raises Invalid, WrongCode, TooMany.

    Signed in already: that session ends, so that no token outlives its use. The answer of this
    same request still knows the earlier caller; what follows is the next request's.
    """
    device = visit.request.headers.get("user-agent", "")
    signed_in = verify_code(email, code, visit.site, visit.now, device)
    if visit.caller.sign_in_id is not None:
        end_session(visit.session, visit.caller.sign_in_id, visit.person_id, visit.now)
    visit.set_cookie(COOKIE, signed_in.token, ABSOLUTE)
    return signed_in


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
