"""A provider's own practice over JSON: application, profile, portrait, credentials, attestation."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import File, Response, UploadFile
from pydantic import BaseModel, ConfigDict

from core.errors import Invalid
from core.web.bodies import takes_files
from core.web.caller import PROVIDER, allow, check_confirmed, signed_in
from core.web.problems import problem_responses
from core.web.transactions import Router
from core.web.versions import IfMatch, etag
from core.web.visit import Visit, Visiting
from directory.credentials.applications import ApplicationForm, apply, lacks
from directory.credentials.claims import (
    CredentialForm,
    number_for_owner,
    submit_credential,
    withdraw_credential,
)
from directory.listings.identity import withdraw_request
from directory.listings.photos import remove_photo, save_photo
from directory.listings.profile import (
    ProfileForm,
    attest,
    form_of,
    profile_version,
    save_profile,
)
from directory.models import Credential, CredentialStatus, IdentityRequest, Provider
from directory.practice import own_practice
from directory.queries import credentials_of, find_identity_request, find_listing
from directory.rules.requirements import attestation_due
from directory.taxonomy import CREDENTIAL_KINDS

router = Router(prefix="/api/v1/me", tags=["practice"])


class Application(ApplicationForm):
    """`display_name` may be empty: the legal name then. The NPI waits to be checked."""

    model_config = ConfigDict(extra="forbid")


class Profile(ProfileForm):
    """The whole profile: what is left out is emptied. Lists hold keys of the search parameters;
    `meeting_url` begins with https:// and is shown only to patients who are booked. Legal names
    that are left out stay. Once a licence was verified, a name or letters that do not follow from
    what is verified wait in `identity_request` until an admin has decided."""

    model_config = ConfigDict(extra="forbid")


class Claim(CredentialForm):
    """`kind`: npi, state_license, board_certification or dea; `state` for licences and DEA;
    `expires_on` is the last good day, YYYY-MM-DD."""

    model_config = ConfigDict(extra="forbid")


class LackAnswer(BaseModel):
    """One thing that is missing before the listing may be shown."""

    code: str
    message: str


class IdentityRequestAnswer(BaseModel):
    """A name, letters or legal name that wait for an admin; null where no change is asked for.
    Until it is decided, what the profile says is shown."""

    id: UUID
    legal_first_name: str | None
    legal_last_name: str | None
    display_name: str | None
    letters: str | None
    asked_at: datetime


class OwnProvider(BaseModel):
    """The practice as its owner sees it. `profile` is what is shown."""

    id: UUID
    slug: str
    profession: str
    legal_first_name: str
    legal_last_name: str
    profile: ProfileForm
    identity_request: IdentityRequestAnswer | None
    photo: str | None
    is_listed: bool
    lacks: list[LackAnswer]
    submitted_at: datetime | None
    attested_at: datetime | None
    attestation_due_at: datetime | None


class OwnCredential(BaseModel):
    """A claim as its owner sees it, a DEA number by its last three digits only. `reason`: why it
    was rejected or revoked."""

    id: UUID
    kind: str
    title: str
    state: str
    license_type: str
    number: str
    name: str
    expires_on: date | None
    status: CredentialStatus
    reason: str
    submitted_at: datetime
    verified_on: date | None
    source: str


class OwnCredentialList(BaseModel):
    items: list[OwnCredential]


@router.get("/provider", responses=problem_responses(401, 403, 404))
@allow(PROVIDER)
def get_own_practice(visit: Visiting) -> OwnProvider:
    """The caller's practice, with what is still missing before it is listed; ETag says which
    version of the profile."""
    return _tagged(visit, own_practice(visit))


@router.post("/provider", status_code=201, responses=problem_responses(401, 409, 422))
@signed_in
def apply_as_provider(visit: Visiting, body: Application) -> OwnProvider:
    """Open a practice; the caller becomes a provider."""
    return _practice(visit, apply(visit.session, visit.person_id, body, visit.now))


@router.put("/provider", responses=problem_responses(401, 403, 404, 412, 422))
@allow(PROVIDER)
def put_profile(visit: Visiting, body: Profile, expected: IfMatch) -> OwnProvider:
    """Replace the profile. What the profession may not offer is refused, with the reason."""
    provider = own_practice(visit)
    if body.meeting_url != (provider.meeting_url or ""):
        check_confirmed(visit.caller)
    save_profile(visit.session, provider, body, visit.now, expected)
    return _tagged(visit, provider)


@router.delete(
    "/provider/identity-request", status_code=204, responses=problem_responses(401, 403, 404)
)
@allow(PROVIDER)
def withdraw_identity_request(visit: Visiting) -> Response:
    """Take back what waits for an admin, if anything does; what is shown stays."""
    withdraw_request(visit.session, own_practice(visit), visit.now)
    return Response(status_code=204)


@router.post("/attest", responses=problem_responses(401, 403, 404, 422))
@allow(PROVIDER)
def confirm_all(visit: Visiting) -> OwnProvider:
    """Say that all of it is true today; needed every 90 days. Refused while services, hours or
    the link are missing."""
    provider = own_practice(visit)
    attest(visit.session, provider, visit.now)
    return _practice(visit, provider)


@router.put("/photo", responses=problem_responses(401, 403, 404, 413, 422, 507))
@allow(PROVIDER)
@takes_files
def put_photo(visit: Visiting, photo: Annotated[UploadFile | None, File()] = None) -> OwnProvider:
    """A JPEG, PNG or WebP of at most 8 MB; cropped square, without what the camera noted."""
    provider = own_practice(visit)
    if photo is None:
        raise Invalid([("photo", "Choose a picture first.")])
    save_photo(visit.session, provider, photo.file.read(), visit.now)
    return _practice(visit, provider)


@router.delete("/photo", status_code=204, responses=problem_responses(401, 403, 404))
@allow(PROVIDER)
def delete_photo(visit: Visiting) -> Response:
    """Back to the drawn monogram."""
    remove_photo(visit.session, own_practice(visit), visit.now)
    return Response(status_code=204)


@router.get("/credentials", responses=problem_responses(401, 403, 404))
@allow(PROVIDER)
def list_own_credentials(visit: Visiting) -> OwnCredentialList:
    """What stands: neither replaced nor withdrawn; oldest first."""
    provider = own_practice(visit)
    standing = credentials_of(visit.session, provider.id)
    return OwnCredentialList(items=[own_credential(one) for one in standing])


@router.post("/credentials", status_code=201, responses=problem_responses(401, 403, 404, 422))
@allow(PROVIDER)
def claim_credential(visit: Visiting, body: Claim) -> OwnCredential:
    """Claim a credential; it waits to be checked. An open claim to the same is replaced now, a
    verified one once this one is verified."""
    provider = own_practice(visit)
    return own_credential(submit_credential(visit.session, provider, body, visit.now))


@router.delete(
    "/credentials/{credential_id}", status_code=204, responses=problem_responses(401, 403, 404, 422)
)
@allow(PROVIDER)
def withdraw_own_credential(visit: Visiting, credential_id: UUID) -> Response:
    """Take a claim back; the listing follows."""
    provider = own_practice(visit)
    withdraw_credential(visit.session, provider, credential_id, visit.now)
    return Response(status_code=204)


def own_credential(one: Credential) -> OwnCredential:
    """A claim for its owner."""
    facts = one.model_dump(include=set(OwnCredential.model_fields) - {"number"})
    number, title = number_for_owner(one), CREDENTIAL_KINDS[one.kind]
    return OwnCredential(**facts, number=number, title=title)


def _tagged(visit: Visit, provider: Provider) -> OwnProvider:
    visit.response.headers["ETag"] = etag(profile_version(provider))
    return _practice(visit, provider)


def identity_request_answer(one: IdentityRequest | None) -> IdentityRequestAnswer | None:
    """What waits, for its owner and for admins."""
    if one is None:
        return None
    return IdentityRequestAnswer(**one.model_dump(include=set(IdentityRequestAnswer.model_fields)))


def _practice(visit: Visit, provider: Provider) -> OwnProvider:
    listing = find_listing(visit.session, provider.id)
    attested = provider.attested_at
    return OwnProvider(
        id=provider.id,
        slug=provider.slug,
        profession=provider.profession,
        legal_first_name=provider.legal_first_name,
        legal_last_name=provider.legal_last_name,
        profile=form_of(provider),
        identity_request=identity_request_answer(find_identity_request(visit.session, provider.id)),
        photo=f"/photos/{provider.photo}" if provider.photo else None,
        is_listed=listing is not None and listing.published_at is not None,
        lacks=[
            LackAnswer(code=one.code, message=one.message)
            for one in lacks(visit.session, provider, visit.now)
        ],
        submitted_at=provider.submitted_at,
        attested_at=attested,
        attestation_due_at=attestation_due(attested) if attested else None,
    )
