"""Second factors over JSON; the pages' own script uses the passkeys' part."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from accounts import access
from accounts.api import Closed, SignedInAnswer
from accounts.factors import passkeys, proofs, totp
from accounts.factors.changes import added, make_recovery_codes, remove
from accounts.factors.queries import factors_of
from accounts.queries import get_person
from core.crypto import token
from core.errors import Invalid
from core.limits import spend
from core.web.caller import before_factor, confirmed, public, signed_in
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.visit import Visiting

router = Router(prefix="/api/v1", tags=["sign-in"])

Code = Annotated[str, Field(max_length=40)]
Credential = Annotated[dict[str, Any], Field(max_length=20, description="As `toJSON()` writes it.")]


class PasskeyOptions(BaseModel):
    """`public_key` goes to `navigator.credentials`; `request_id` comes back with the answer."""

    public_key: dict[str, Any]
    request_id: str | None = None


class PasskeySignIn(Closed):
    request_id: Annotated[str, Field(max_length=100)]
    credential: Credential


class Proof(Closed):
    """One of them. `email_code` (see POST /auth/code) is for people without a factor."""

    totp: Code | None = None
    recovery_code: Code | None = None
    passkey: Credential | None = None
    email_code: Code | None = None


class NewPasskey(Closed):
    credential: Credential
    label: Annotated[str, Field(max_length=200)] = ""


class FirstCode(Closed):
    code: Code


class PasskeyAnswer(BaseModel):
    id: UUID
    label: str
    created_at: datetime
    last_used_at: datetime | None


class FactorsAnswer(BaseModel):
    """What is set up. `recovery_codes`: how many are left."""

    totp: bool
    passkeys: list[PasskeyAnswer]
    recovery_codes: int


class TotpAnswer(BaseModel):
    """For an authenticator app; told once. It counts after POST /me/totp/confirm."""

    secret: str
    uri: str


class RecoveryCodesAnswer(BaseModel):
    """Ten codes, told once; those before are void."""

    recovery_codes: list[str]


@router.post("/auth/passkey/options", responses=problem_responses(422, 429))
@public
def passkey_options(visit: Visiting) -> PasskeyOptions:
    """Begin to sign in with a passkey."""
    spend((access.PASSKEYS_PER_ADDRESS, visit.address))
    secret = token()
    asked = passkeys.Asked(passkeys.SIGN_IN, secret)
    options = passkeys.request_options(visit.session, asked, None)
    return PasskeyOptions(public_key=options, request_id=secret)


@router.post("/auth/passkey", status_code=201, responses=problem_responses(422, 429))
@before_factor
@public
def sign_in_by_passkey(visit: Visiting, body: PasskeySignIn) -> SignedInAnswer:
    """Sign in with a passkey (code `wrong_factor` where it is not right)."""
    made = access.sign_in_by_passkey(visit, body.credential, body.request_id)
    return SignedInAnswer(
        token=made.token,
        expires_at=made.expires_at,
        person_id=made.person_id,
        email=made.email,
        roles=sorted(made.roles),
    )


@router.post("/auth/factor/options", responses=problem_responses(401))
@before_factor
@signed_in
def factor_options(visit: Visiting) -> PasskeyOptions:
    """Begin to show one of one's own passkeys in this session."""
    asked = proofs.asked_here(visit, passkeys.CONFIRM)
    return PasskeyOptions(
        public_key=passkeys.request_options(visit.session, asked, visit.person_id)
    )


@router.post("/auth/factor", status_code=204, responses=problem_responses(401, 409, 422, 429))
@before_factor
@signed_in
def show_factor(visit: Visiting, body: Proof) -> None:
    """Show a second factor in this session, after signing in or to confirm that it is you."""
    match body:
        case Proof(passkey=dict(credential), totp=None, recovery_code=None, email_code=None):
            proofs.prove_by_passkey(visit, credential)
        case Proof(email_code=str(code), totp=None, recovery_code=None, passkey=None):
            proofs.prove_by_mail(visit, code)
        case (
            Proof(totp=str(code), recovery_code=None, passkey=None, email_code=None)
            | Proof(recovery_code=str(code), totp=None, passkey=None, email_code=None)
        ):
            proofs.prove_by_code(visit, code)
        case _:
            raise Invalid([("body", "Send one of totp, recovery_code, passkey and email_code.")])


@router.get("/me/factors", responses=problem_responses(401, 403))
@signed_in
def my_factors(visit: Visiting) -> FactorsAnswer:
    """What is set up."""
    found = factors_of(visit.session, visit.person_id)
    return FactorsAnswer(
        totp=found.has_app,
        passkeys=[
            PasskeyAnswer.model_validate(one, from_attributes=True) for one in found.passkeys
        ],
        recovery_codes=found.recovery_codes,
    )


@router.post("/me/passkeys/options", responses=problem_responses(401, 403, 409))
@confirmed
@signed_in
def new_passkey_options(visit: Visiting) -> PasskeyOptions:
    """Begin to set up a passkey."""
    person = get_person(visit.session, visit.person_id)
    bound_to = proofs.asked_here(visit, passkeys.REGISTER).bound_to
    return PasskeyOptions(public_key=passkeys.registration_options(visit.session, person, bound_to))


@router.post("/me/passkeys", status_code=201, responses=problem_responses(401, 403, 409, 422))
@confirmed
@signed_in
def add_passkey(visit: Visiting, body: NewPasskey) -> PasskeyAnswer:
    """Set up a passkey. This session has shown a factor then."""
    person = get_person(visit.session, visit.person_id)
    bound_to = proofs.asked_here(visit, passkeys.REGISTER).bound_to
    made = passkeys.register_passkey(visit.session, person, body.credential, body.label, bound_to)
    added(visit)
    return PasskeyAnswer.model_validate(made, from_attributes=True)


@router.delete(
    "/me/factors/passkeys/{passkey_id}",
    status_code=204,
    responses=problem_responses(401, 403, 404),
)
@confirmed
@signed_in
def delete_passkey(visit: Visiting, passkey_id: UUID) -> None:
    """Remove one of one's own passkeys."""
    remove(visit, passkey_id)


@router.post("/me/totp", status_code=201, responses=problem_responses(401, 403, 409))
@confirmed
@signed_in
def add_totp(visit: Visiting) -> TotpAnswer:
    """Begin to set up an authenticator app."""
    person = get_person(visit.session, visit.person_id)
    row = totp.begin_totp(visit.session, person, visit.now)
    return TotpAnswer(secret=row.secret, uri=totp.address_for_app(row.secret, person.email))


@router.post(
    "/me/totp/confirm", status_code=204, responses=problem_responses(401, 403, 404, 422, 429)
)
@confirmed
@signed_in
def confirm_totp(visit: Visiting, body: FirstCode) -> None:
    """The app's first code. This session has shown a factor then."""
    person = get_person(visit.session, visit.person_id)
    totp.confirm_totp(visit.session, person, body.code, visit.now)
    added(visit)


@router.delete("/me/factors/totp", status_code=204, responses=problem_responses(401, 403, 404))
@confirmed
@signed_in
def delete_totp(visit: Visiting) -> None:
    """Remove the authenticator app."""
    remove(visit, None)


@router.post(
    "/me/factors/recovery-codes", status_code=201, responses=problem_responses(401, 403, 409)
)
@confirmed
@signed_in
def new_recovery_codes(visit: Visiting) -> RecoveryCodesAnswer:
    """Ten new recovery codes."""
    return RecoveryCodesAnswer(recovery_codes=make_recovery_codes(visit))
