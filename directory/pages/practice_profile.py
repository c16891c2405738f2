"""A provider's profile: what patients read, the portrait, and the card as search shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, File, Form, Response, UploadFile
from fastapi.responses import RedirectResponse

from core.errors import Invalid, VersionChanged
from core.web import flash, formats
from core.web.bodies import takes_files
from core.web.caller import PROVIDER, allow, check_confirmed
from core.web.templates import render
from core.web.transactions import Router
from core.web.versions import FormVersion, differences, expected_by, form_status
from core.web.visit import Visit, Visiting
from core.web.zones import reader_zone
from directory.listings.identity import change_of, identity_of, withdraw_request
from directory.listings.photos import remove_photo, save_photo
from directory.listings.profile import (
    LONGEST_HEADLINE,
    ProfileForm,
    form_of,
    listing_as_typed,
    profile_version,
    save_profile,
)
from directory.models import Provider
from directory.pages.application import Text, shown_errors
from directory.practice import own_practice
from directory.presenters import asked_facts
from directory.provider_cards import preview as card_preview
from directory.queries import find_identity_request, find_listing
from directory.rules.offerings import may_offer_modality
from directory.taxonomy import AGE_GROUPS, CONDITIONS, INSURANCE, LANGUAGES, MODALITIES

router = Router(include_in_schema=False)

ASKED = flash.declare(
    "name_asked", "Saved. The name or letters you changed wait to be checked; nothing else does."
)
WITHDRAWN = flash.declare("name_withdrawn", "Taken back. Patients see what they saw before.")

Choices = Annotated[list[str], Form()]


@router.get("/provider/profile")
@allow(PROVIDER)
def profile(visit: Visiting) -> Response:
    """What patients read."""
    provider = own_practice(visit)
    return _profile_page(visit, provider, form_of(provider), profile_version(provider))


def _typed_profile(
    legal_first_name: Text | None = None,
    legal_last_name: Text | None = None,
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
) -> ProfileForm:
    """As typed, however long: saving says what is too long, beside all else that is wrong."""
    return ProfileForm.model_construct(
        legal_first_name=legal_first_name,
        legal_last_name=legal_last_name,
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


TypedProfile = Annotated[ProfileForm, Depends(_typed_profile)]


@router.post("/provider/profile")
@allow(PROVIDER)
def change_profile(
    visit: Visiting, form: TypedProfile, version: FormVersion, preview: Text = ""
) -> Response:
    """Save, or say what needs another look; nothing typed is lost, and nothing that another tab
    saved. `preview` shows the card as it is typed and saves nothing."""
    provider = own_practice(visit)
    if preview:
        return _profile_page(visit, provider, form, version, unsaved="yes")
    if form.meeting_url != (provider.meeting_url or ""):
        check_confirmed(visit.caller)
    try:
        save_profile(visit.session, provider, form, visit.now, expected_by(version))
    except Invalid as error:
        return _profile_page(visit, provider, form, version, shown_errors(error))
    except VersionChanged:
        if rows := differences(_in_words(form_of(provider)), _in_words(form)):
            return _profile_page(visit, provider, form, profile_version(provider), changed=rows)
    waiting = find_identity_request(visit.session, provider.id)
    is_new = waiting is not None and waiting.asked_at == visit.now
    return RedirectResponse(f"/provider/profile{ASKED if is_new else flash.SAVED}", 303)


@router.post("/provider/profile/identity-request/withdraw")
@allow(PROVIDER)
def withdraw_identity_request(visit: Visiting) -> Response:
    """Take back what waits for an admin; what is shown stays."""
    withdraw_request(visit.session, own_practice(visit), visit.now)
    return RedirectResponse(f"/provider/profile{WITHDRAWN}", 303)


@router.post("/provider/photo")
@allow(PROVIDER)
@takes_files
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
        version = profile_version(provider)
        return _profile_page(visit, provider, form_of(provider), version, shown_errors(error))
    return RedirectResponse(f"/provider/profile{flash.SAVED}", 303)


@dataclass(frozen=True)
class _Option:
    value: str
    label: str
    hint: str = ""
    disabled: bool = False


_TEXTS = {
    "display_name": "Name that patients see",
    "letters": "Letters after your name",
    "pronouns": "Pronouns",
    "headline": "Two lines in your own voice",
    "approach": "How you work",
    "meeting_url": "Where you meet patients online",
}
_CHOICES: Final[dict[str, tuple[str, Mapping[str, Any]]]] = {
    "conditions": ("What you help with", CONDITIONS),
    "modalities": ("How you treat", MODALITIES),
    "ages": ("Ages", AGE_GROUPS),
    "languages": ("Languages you work in", LANGUAGES),
    "insurance": ("Insurance you take", INSURANCE),
}
_TICKS = {
    "accepts_new": "I take new patients",
    "sliding_scale": "I lower my fee for people who earn little",
}


def _in_words(form: ProfileForm) -> dict[str, str]:
    """What each part of the form holds, by its label."""
    chosen = {
        label: ", ".join(one.title for key, one in table.items() if key in getattr(form, field))
        for field, (label, table) in _CHOICES.items()
    }
    return {
        **{
            label: getattr(form, field).replace("\r\n", "\n").strip()
            for field, label in _TEXTS.items()
        },
        **chosen,
        **{label: "Yes" if getattr(form, field) else "No" for field, label in _TICKS.items()},
    }


def _profile_page(
    visit: Visit,
    provider: Provider,
    form: ProfileForm,
    version: str,
    errors: Sequence[dict[str, str]] = (),
    changed: Sequence[dict[str, str]] = (),
    unsaved: str = "",
) -> Response:
    """`unsaved`: "yes" where what is shown differs from what is saved."""
    unsaved = "yes" if errors or changed else unsaved
    listing = find_listing(visit.session, provider.id)
    if listing is not None and unsaved:
        listing = listing_as_typed(listing, form)
    return render(
        visit,
        "directory/practice/profile.html",
        status=form_status(errors, changed),
        errors=errors,
        changed=changed,
        unsaved=unsaved,
        version=version,
        typed=form,
        longest_headline=LONGEST_HEADLINE,
        waiting=_waiting(visit, provider),
        has_photo=provider.photo is not None,
        card=card_preview(listing, reader_zone(visit.request), visit.now) if listing else None,
        conditions=_options(CONDITIONS),
        modalities=_modalities(provider, form),
        ages=_options(AGE_GROUPS),
        languages=_options(LANGUAGES),
        insurance=_options(INSURANCE),
    )


def _waiting(visit: Visit, provider: Provider) -> dict[str, Any] | None:
    """What an admin has not decided yet, and what patients see until then."""
    request = find_identity_request(visit.session, provider.id)
    if request is None:
        return None
    return {
        "since": formats.full_date(request.asked_at.date()),
        "facts": asked_facts(identity_of(provider), change_of(request)),
    }


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
