"""A provider applies, describes their practice, and confirms that all of it is true."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Response, UploadFile
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from core.errors import Invalid, NotFound
from core.web import words
from core.web.routing import PROVIDER, HouseRoute, Visit, Visiting, allow, signed_in
from core.web.templates import render
from directory.applications import ApplicationForm, apply
from directory.models import Listing, Provider
from directory.photos import remove_photo, save_photo
from directory.profiles import LONGEST_HEADLINE, ProfileForm, attest, form_of, save_profile
from directory.queries import credentials_of, find_provider_of, services_of
from directory.rules.offerings import may_offer_modality
from directory.rules.requirements import attestation_due, required_credentials
from directory.taxonomy import (
    AGE_GROUPS,
    CONDITIONS,
    CREDENTIAL_KINDS,
    INSURANCE,
    LANGUAGES,
    MODALITIES,
    PROFESSIONS,
)

router = APIRouter(route_class=HouseRoute, include_in_schema=False)

Text = Annotated[str, Form(max_length=30000)]
Choices = Annotated[list[str], Form()]


def own_practice(visit: Visit) -> Provider:
    """The caller's practice. Raises NotFound where they have none."""
    provider = find_provider_of(visit.session, visit.person_id)
    if provider is None:
        raise NotFound
    return provider


def shown_errors(error: Invalid) -> list[dict[str, str]]:
    return [{"field": field, "message": message} for field, message in error.fields]


@router.get("/provider/apply")
@signed_in
def application(visit: Visiting) -> Response:
    """Who one is; the rest follows step by step."""
    if find_provider_of(visit.session, visit.person_id) is not None:
        return RedirectResponse("/provider", 303)
    return _application_page(visit, ApplicationForm(), [])


@router.post("/provider/apply")
@signed_in
def send_application(
    visit: Visiting,
    profession: Text = "",
    legal_first_name: Text = "",
    legal_last_name: Text = "",
    display_name: Text = "",
    letters: Text = "",
    npi: Text = "",
) -> Response:
    """Open the practice, or say what needs another look."""
    form = ApplicationForm.model_construct(
        profession=profession,
        legal_first_name=legal_first_name,
        legal_last_name=legal_last_name,
        display_name=display_name,
        letters=letters,
        npi=npi,
    )
    try:
        apply(visit.session, visit.person_id, form, visit.now)
    except Invalid as error:
        return _application_page(visit, form, shown_errors(error))
    return RedirectResponse("/provider?notice=submitted", 303)


def _application_page(
    visit: Visit, form: ApplicationForm, errors: list[dict[str, str]]
) -> Response:
    return render(
        visit,
        "directory/practice/apply.html",
        status=422 if errors else 200,
        errors=errors,
        typed=form,
        professions=[
            {
                "value": key,
                "label": one.title,
                "hint": "You will be asked for: "
                + words.listed([CREDENTIAL_KINDS[kind] for kind in required_credentials(key)])
                + ".",
            }
            for key, one in PROFESSIONS.items()
        ],
    )


@router.get("/provider/profile")
@allow(PROVIDER)
def profile(visit: Visiting) -> Response:
    """What patients read."""
    provider = own_practice(visit)
    return _profile_page(visit, provider, form_of(provider), [])


@router.post("/provider/profile")
@allow(PROVIDER)
def change_profile(
    visit: Visiting,
    display_name: Text = "",
    letters: Text = "",
    pronouns: Text = "",
    headline: Text = "",
    approach: Text = "",
    conditions: Choices = [],  # noqa: B006  # FastAPI copies it
    modalities: Choices = [],  # noqa: B006
    ages: Choices = [],  # noqa: B006
    languages: Choices = [],  # noqa: B006
    insurance: Choices = [],  # noqa: B006
    sliding_scale: Text = "",
    accepts_new: Text = "",
    meeting_url: Text = "",
) -> Response:
    """Save, or say what needs another look; nothing typed is lost."""
    provider = own_practice(visit)
    form = ProfileForm.model_construct(
        display_name=display_name,
        letters=letters,
        pronouns=pronouns,
        headline=headline,
        approach=approach,
        conditions=conditions,
        modalities=modalities,
        ages=ages,
        languages=languages,
        insurance=insurance,
        sliding_scale=bool(sliding_scale),
        accepts_new=bool(accepts_new),
        meeting_url=meeting_url,
    )
    try:
        ProfileForm.model_validate(form.model_dump())
        save_profile(visit.session, provider, form, visit.now)
    except Invalid as error:
        return _profile_page(visit, provider, form, shown_errors(error))
    except ValidationError as error:
        errors = [
            {"field": str(one["loc"][0]), "message": "That is too long."} for one in error.errors()
        ]
        return _profile_page(visit, provider, form, errors)
    return RedirectResponse("/provider/profile?notice=saved", 303)


@router.post("/provider/photo")
@allow(PROVIDER)
def change_photo(
    visit: Visiting,
    photo: Annotated[UploadFile | None, File()] = None,
    remove: Annotated[str, Form()] = "",
) -> Response:
    """A new portrait, or back to the drawn monogram."""
    provider = own_practice(visit)
    try:
        if remove:
            remove_photo(visit.session, provider, visit.now)
        elif photo is None or not photo.filename:
            raise Invalid([("photo", "Choose a picture first.")])
        else:
            save_photo(visit.session, provider, photo.file.read(), visit.now)
    except Invalid as error:
        return _profile_page(visit, provider, form_of(provider), shown_errors(error))
    return RedirectResponse("/provider/profile?notice=saved", 303)


@dataclass(frozen=True)
class _Option:
    value: str
    label: str
    hint: str = ""
    disabled: bool = False


def _profile_page(
    visit: Visit, provider: Provider, form: ProfileForm, errors: list[dict[str, str]]
) -> Response:
    listing = visit.session.get(Listing, provider.id)
    return render(
        visit,
        "directory/practice/profile.html",
        status=422 if errors else 200,
        errors=errors,
        typed=form,
        longest_headline=LONGEST_HEADLINE,
        photo_url=f"/photos/{provider.photo}" if provider.photo else None,
        monogram=listing.card["monogram"] if listing else "",
        tint=listing.card["tint"] if listing else 0,
        conditions=_options(CONDITIONS),
        modalities=_modalities(provider, form),
        ages=_options(AGE_GROUPS),
        languages=_options(LANGUAGES),
        insurance=_options(INSURANCE),
    )


def _options(table: Any) -> list[dict[str, Any]]:
    return [vars(_Option(key, one.title)) for key, one in table.items()]


def _modalities(provider: Provider, form: ProfileForm) -> list[dict[str, Any]]:
    """What the profession may not offer is there, but cannot be chosen, and says why. What was
    claimed all the same can be taken back."""
    options = []
    for key, one in MODALITIES.items():
        answer = may_offer_modality(provider.profession, key)
        blocked = not answer.allowed and key not in form.modalities
        options.append(vars(_Option(key, one.title, answer.reason, blocked)))
    return options


@router.get("/provider/attest")
@allow(PROVIDER)
def attestation(visit: Visiting) -> Response:
    """What is confirmed, in full, before the button."""
    provider = own_practice(visit)
    due = attestation_due(provider.attested_at) if provider.attested_at else None
    return render(
        visit,
        "directory/practice/attest.html",
        until=words.full_date(due.date()) if due and due > visit.now else "",
        services=[
            f"{one.title}, {words.duration(one.minutes)}, {words.money(one.fee_cents)}"
            for one in services_of(visit.session, provider.id)
        ],
        credentials=[
            CREDENTIAL_KINDS[one.kind] + (f", {one.state}" if one.state else "")
            for one in credentials_of(visit.session, provider.id)
        ],
        accepts_new=provider.accepts_new,
        has_link=bool(provider.meeting_url),
    )


@router.post("/provider/attest")
@allow(PROVIDER)
def confirm_attestation(visit: Visiting) -> Response:
    """Good for 90 days."""
    attest(visit.session, own_practice(visit), visit.now)
    return RedirectResponse("/provider?notice=attested", 303)
