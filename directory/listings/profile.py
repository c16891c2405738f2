"""What a provider says of themselves, and that it is all still true."""

from collections.abc import Container, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, Field
from sqlmodel import Session

from accounts import audit
from core.errors import Invalid
from core.versions import ANY_VERSION, Expected, version_of
from directory.listings.identity import change_identity, identity_of
from directory.listings.listing import (
    FOCUS,
    lock_provider,
    monogram,
    readiness_of,
    refresh_listing,
)
from directory.models import Listing, Provider
from directory.rules.identity import FIELDS, Identity
from directory.rules.names import holds_a_title, letters_problem, name_problem, tidy_name
from directory.rules.offerings import offering_problems
from directory.rules.requirements import missing_for_attestation
from directory.taxonomy import AGE_GROUPS, CONDITIONS, INSURANCE, LANGUAGES, MODALITIES

LINK_CHANGED: Final = audit.declare(
    "meeting_link.changed", "Meeting link changed", "changed the meeting link of {}."
)
LONGEST_PRONOUNS = 40
LONGEST_HEADLINE = 160
LONGEST_APPROACH = 4000
LONGEST_URL = 500


class ProfileForm(BaseModel):
    """The profile as typed."""

    # A form may hold more than a profile: `save_profile` tells of it with all that is wrong.

    # A verified identity is changed by asking: `directory.listings.identity`. A legal name that is
    # None stays.

    legal_first_name: str | None = Field(None, max_length=1000)
    legal_last_name: str | None = Field(None, max_length=1000)
    display_name: str = Field("", max_length=1000)
    letters: str = Field("", max_length=1000)
    pronouns: str = Field("", max_length=1000)
    headline: str = Field("", max_length=5000)
    approach: str = Field("", max_length=20000)
    conditions: list[str] = Field(default_factory=list, max_length=100)
    modalities: list[str] = Field(default_factory=list, max_length=100)
    ages: list[str] = Field(default_factory=list, max_length=100)
    languages: list[str] = Field(default_factory=list, max_length=100)
    insurance: list[str] = Field(default_factory=list, max_length=100)
    sliding_scale: bool = False
    accepts_new: bool = True
    meeting_url: str = Field("", max_length=2000)


def form_of(provider: Provider) -> ProfileForm:
    """The profile as it stands, to be changed."""
    values = {name: getattr(provider, name) for name in ProfileForm.model_fields}
    return ProfileForm(**values | {"meeting_url": provider.meeting_url or ""})


def profile_version(provider: Provider) -> str:
    """Which profile stands."""
    return version_of(form_of(provider).model_dump())


def save_profile(
    session: Session,
    provider: Provider,
    form: ProfileForm,
    now: datetime,
    expected: Expected = ANY_VERSION,
) -> None:
    """Replace the profile; the listing follows. A name or letters that an admin decides about
    first are asked for, and what was shown stays. Raises Invalid with every problem, and
    VersionChanged where what stands is not as expected."""
    problems = list(_problems(provider, form))
    if problems:
        raise Invalid(problems)
    provider = lock_provider(session, provider.id)
    expected.check(profile_version(provider))
    change_identity(session, provider, _identity(provider, form), now)
    meeting_url = form.meeting_url.strip() or None
    if meeting_url != provider.meeting_url:
        _record_new_link(session, provider, now)
    provider.pronouns = " ".join(form.pronouns.split())
    provider.headline = " ".join(form.headline.split())
    provider.approach = form.approach.replace("\r\n", "\n").strip()
    for field, known in _CHOICES.items():
        setattr(provider, field, _known(getattr(form, field), known))
    provider.sliding_scale = form.sliding_scale
    provider.accepts_new = form.accepts_new
    provider.meeting_url = meeting_url
    session.add(provider)
    session.flush()
    refresh_listing(session, provider.id, now)


def listing_as_typed(listing: Listing, form: ProfileForm) -> Listing:
    """The listing as a saved form would make it, to look at: it belongs to no session. A name or
    letters that are checked first are in it, too."""
    chosen = {field: _known(getattr(form, field), known) for field, known in _CHOICES.items()}
    name = tidy_name(form.display_name) or listing.name
    card = {
        **listing.card,
        "name": name,
        "letters": tidy_name(form.letters),
        "monogram": monogram(name),
        "headline": " ".join(form.headline.split()),
        "focus": [CONDITIONS[key].title for key in chosen["conditions"][:FOCUS]],
        "sliding_scale": form.sliding_scale,
        "accepts_new": form.accepts_new,
    }
    facets = {**listing.facets, "insurance": chosen["insurance"]}
    return Listing(**listing.model_dump() | {"name": name, "card": card, "facets": facets})


def _known(chosen: Iterable[str], known: Iterable[str]) -> list[str]:
    """The chosen ones in the order of the table."""
    ticked = set(chosen)
    return [key for key in known if key in ticked]


def _record_new_link(session: Session, provider: Provider, now: datetime) -> None:
    audit.record(
        session,
        actor=provider.person_id,
        action=LINK_CHANGED,
        subject_kind="provider",
        subject_id=provider.id,
        detail={},
        now=now,
    )


def _identity(provider: Provider, form: ProfileForm) -> Identity:
    shown = identity_of(provider)
    typed = {
        field: tidy_name(value)
        for field in FIELDS
        if (value := getattr(form, field)) is not None and value != getattr(shown, field)
    }
    return replace(shown, **typed)


def attest(session: Session, provider: Provider, now: datetime) -> None:
    """The provider confirms that all is current; good for 90 days. Raises Invalid while there is
    nothing yet to confirm: no service, no hours, no link."""
    lacks = missing_for_attestation(readiness_of(session, provider, now))
    if lacks:
        raise Invalid(
            [(one.code.removeprefix("no_"), one.message) for one in lacks],
            "There is something to do before you can confirm it.",
        )
    provider.attested_at = now
    session.add(provider)
    session.flush()
    refresh_listing(session, provider.id, now)


def meeting_problem(url: str) -> str | None:
    """Why this cannot be the link of the online room, or None."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "That is not a web address."
    if parts.scheme != "https" or "." not in host:
        return "Enter the whole address of your room, beginning with https://."
    if parts.username or parts.password or any(c.isspace() for c in url):
        return "Leave names, passwords and spaces out of the address."
    return f"Shorten it to at most {LONGEST_URL} characters." if len(url) > LONGEST_URL else None


_NAMES: Final = {
    "legal_first_name": "your legal first name",
    "legal_last_name": "your legal last name",
    "display_name": "the name that patients see",
}
_CHOICES: dict[str, Iterable[str]] = {
    "conditions": CONDITIONS,
    "modalities": MODALITIES,
    "ages": AGE_GROUPS,
    "languages": LANGUAGES,
    "insurance": INSURANCE,
}


def _problems(provider: Provider, form: ProfileForm) -> Iterable[tuple[str, str]]:
    for field, what in _NAMES.items():
        typed = getattr(form, field)
        is_new = typed is not None and typed != getattr(provider, field)
        if is_new and (wrong := name_problem(typed, what)):
            yield field, wrong
    if wrong := letters_problem(form.letters):
        yield "letters", wrong
    if holds_a_title(form.pronouns):
        yield "pronouns", "Only pronouns, such as she/her; letters have their own field."
    for field, longest in (
        ("pronouns", LONGEST_PRONOUNS),
        ("headline", LONGEST_HEADLINE),
        ("approach", LONGEST_APPROACH),
    ):
        if len(getattr(form, field).strip()) > longest:
            yield field, f"Keep it under {longest} characters; it is longer now."
    for field, known in _CHOICES.items():
        yield from _unknown(field, getattr(form, field), set(known))
    offered = [key for key in form.modalities if key in MODALITIES]
    for problem in offering_problems(provider.profession, modalities=offered, service_kinds=[]):
        yield "modalities", problem.message
    if not form.ages:
        yield "ages", "Choose at least one age group."
    if not form.languages:
        yield "languages", "Choose at least one language."
    problem_of_link = (
        meeting_problem(form.meeting_url.strip()) if form.meeting_url.strip() else None
    )
    if problem_of_link:
        yield "meeting_url", problem_of_link


def _unknown(field: str, chosen: Iterable[str], known: Container[str]) -> Iterable[tuple[str, str]]:
    for key in chosen:
        if key not in known:
            yield field, f"“{key[:40]}” is not one of the choices."
