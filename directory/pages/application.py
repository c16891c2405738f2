"""A provider applies, and confirms that all they said is true."""

from typing import Annotated

from fastapi import Form, Response
from fastapi.responses import RedirectResponse

from core.errors import Invalid
from core.web import flash, formats
from core.web.caller import PROVIDER, allow, signed_in
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visit, Visiting
from directory.credentials.applications import ApplicationForm, apply
from directory.listings.profile import attest
from directory.models import Provider
from directory.practice import own_practice
from directory.presenters import short_credential_title
from directory.queries import credentials_of, find_provider_of, services_of
from directory.rules.requirements import attestation_due, required_credentials
from directory.taxonomy import CREDENTIAL_KINDS, PROFESSIONS

router = Router(include_in_schema=False)

SUBMITTED = flash.declare("submitted", "Sent for review.")
ATTESTED = flash.declare("attested", "Thank you. Your listing is confirmed for 90 days.")

Text = Annotated[str, Form(max_length=30000)]


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
    if find_provider_of(visit.session, visit.person_id) is not None:
        return RedirectResponse("/provider", 303)  # sent twice: the first one stands
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
    return RedirectResponse(f"/provider{SUBMITTED}", 303)


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
                "hint": f"{one.description} {_asked_for(key)}".strip(),
            }
            for key, one in PROFESSIONS.items()
        ],
    )


def _asked_for(profession: str) -> str:
    """What this profession proves besides what all do."""
    more = [CREDENTIAL_KINDS[kind] for kind in required_credentials(profession)[2:]]
    return f"You will also be asked for: {formats.listed(more)}." if more else ""


@router.get("/provider/attest")
@allow(PROVIDER)
def attestation(visit: Visiting) -> Response:
    """What is confirmed, in full, before the button."""
    return _attestation_page(visit, own_practice(visit), [])


def _attestation_page(visit: Visit, provider: Provider, errors: list[dict[str, str]]) -> Response:
    due = attestation_due(provider.attested_at) if provider.attested_at else None
    return render(
        visit,
        "directory/practice/attest.html",
        status=422 if errors else 200,
        errors=errors,
        until=formats.full_date(due.date()) if due and due > visit.now else "",
        services=[
            f"{one.title}, {formats.duration(one.minutes)}, {formats.money(one.fee_cents)}"
            for one in services_of(visit.session, provider.id)
        ],
        credentials=[
            short_credential_title(one) for one in credentials_of(visit.session, provider.id)
        ],
        accepts_new=provider.accepts_new,
        has_link=bool(provider.meeting_url),
        has_hours=provider.keeps_hours,
    )


@router.post("/provider/attest")
@allow(PROVIDER)
def confirm_attestation(visit: Visiting) -> Response:
    """Good for 90 days; refused while there is nothing to confirm."""
    provider = own_practice(visit)
    try:
        attest(visit.session, provider, visit.now)
    except Invalid as error:
        return _attestation_page(visit, provider, shown_errors(error))
    return RedirectResponse(f"/provider{ATTESTED}", 303)
