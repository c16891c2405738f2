"""What a provider offers, as pages: the kinds of session, their length and fee."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Form, Response
from fastapi.responses import RedirectResponse

from booking.calendar import services
from booking.calendar.queries import get_calendar
from booking.calendar.services import ServiceForm, form_of, get_own, service_version
from booking.follow_through.calendar_changes import ChangePreview, preview_offers
from booking.pages.practice.hours_form import whole_number
from booking.pages.practice.review import Review, Typed, lock_calendar, save_reviewed
from core.errors import Invalid, VersionChanged
from core.web import flash, formats
from core.web.caller import PROVIDER, allow
from core.web.templates import render
from core.web.transactions import Router
from core.web.versions import FormVersion, differences, expected_by, form_status
from core.web.visit import Visit, Visiting
from directory.models import Provider, Service
from directory.practice import own_practice
from directory.queries import services_of
from directory.rules.offerings import may_offer_service, offered_services
from directory.taxonomy import SERVICE_KINDS

router = Router(include_in_schema=False)


@router.get("/provider/services")
@allow(PROVIDER)
def list_services(visit: Visiting) -> Response:
    """What is offered, and a form for one more."""
    return _services_page(visit, own_practice(visit), _blank(), [])


@router.get("/provider/services/{service_id}")
@allow(PROVIDER)
def edit_service(visit: Visiting, service_id: UUID) -> Response:
    """One service, to change it or to offer it no longer."""
    provider = own_practice(visit)
    service = get_own(visit.session, provider.id, service_id)
    typed, version = _typed_service(service), service_version(service)
    return _services_page(visit, provider, typed, [], service, version)


Text = Annotated[str, Form(max_length=1000)]


def _service_fields(
    title: Text = "",
    kind: Text = "",
    minutes: Text = "",
    fee: Text = "",
    for_new: Text = "",
    for_returning: Text = "",
) -> dict[str, Any]:
    return {
        "title": title,
        "kind": kind,
        "minutes": minutes,
        "fee": fee,
        "for_new": bool(for_new),
        "for_returning": bool(for_returning),
    }


TypedService = Annotated[dict[str, Any], Depends(_service_fields)]


@router.post("/provider/services")
@allow(PROVIDER)
def add_service(visit: Visiting, typed: TypedService) -> Response:
    """Offer one more kind of session."""
    provider = own_practice(visit)
    try:
        services.create(visit.session, provider, _service_form(typed), visit.now)
    except Invalid as error:
        return _services_page(visit, provider, typed, _errors(error, typed))
    return RedirectResponse(f"/provider/services{flash.SAVED}", 303)


@router.post("/provider/services/{service_id}")
@allow(PROVIDER)
def change_service(
    visit: Visiting,
    service_id: UUID,
    typed: TypedService,
    raw: Typed,
    version: FormVersion,
    retire: Text = "",
) -> Response:
    """Change it, or offer it no longer; what is booked stays as it was agreed, and what another
    tab saved is not written over unseen. What it does to times is shown first."""
    provider = own_practice(visit)
    service = get_own(visit.session, provider.id, service_id)
    form, expected = _service_form(typed), expected_by(version)
    lock_calendar(visit.session, provider.id, visit.now)
    review = Review(
        provider.id,
        _preview(visit, service, None if retire else form),
        raw,
        url=f"/provider/services/{service_id}",
        heading="Before this service is changed",
    )
    changed = visit.session, provider, service_id
    save = (
        partial(services.retire, *changed, visit.now)
        if retire
        else partial(services.update, *changed, form, visit.now, expected)
    )
    try:
        if shown_first := save_reviewed(visit, review, save):
            return shown_first
    except Invalid as error:
        return _services_page(visit, provider, typed, _errors(error, typed), service, version)
    except VersionChanged:
        if rows := differences(_in_words(form_of(service)), _in_words(form)):
            version = service_version(service)
            return _services_page(visit, provider, typed, [], service, version, rows)
    return RedirectResponse(f"/provider/services{flash.SAVED}", 303)


def _preview(visit: Visit, service: Service, form: ServiceForm | None) -> ChangePreview:
    """What it would do; `form` None: offered no longer, so that the provider chooses what becomes
    of the sessions that are booked."""
    calendar = get_calendar(visit.session, service.provider_id)
    after = [one for one in calendar.offers if one.id != service.id]
    if form is not None:
        after.append(services.offer_of(service.id, form))
    return preview_offers(visit.session, service.provider_id, after, visit.now)


_FIELDS = ("kind", "title", "minutes", "fee", "for_new")
_UNREADABLE = -1  # no service is that long or costs that: the rules refuse it with all the rest


def _errors(error: Invalid, typed: dict[str, Any]) -> list[dict[str, str]]:
    """By the form's names and in its order; the service counts in cents, the form in dollars."""
    found = {"fee" if field == "fee_cents" else field: why for field, why in error.fields}
    if "minutes" in found and _minutes(typed) == _UNREADABLE:
        found["minutes"] = "Enter how many minutes it lasts."
    if "fee" in found and _cents(typed) == _UNREADABLE:
        found["fee"] = "Enter the fee in dollars, like 150; 0 if it is free."
    if "kind" in found and not typed["kind"]:
        found["kind"] = "Choose the kind of session."
    return [{"field": field, "message": found[field]} for field in _FIELDS if field in found]


def _minutes(typed: dict[str, Any]) -> int:
    found = whole_number(typed["minutes"])
    return _UNREADABLE if found is None else found


def _cents(typed: dict[str, Any]) -> int:
    found = whole_number(typed["fee"].replace("$", "").replace(",", "").strip(), 100)
    return _UNREADABLE if found is None else found


def _blank() -> dict[str, Any]:
    return {
        "title": "",
        "kind": "",
        "minutes": "50",
        "fee": "",
        "for_new": True,
        "for_returning": True,
    }


def _typed_service(service: Service) -> dict[str, Any]:
    return {
        "title": service.title,
        "kind": service.kind,
        "minutes": str(service.minutes),
        "fee": f"{service.fee_cents / 100:g}",
        "for_new": service.for_new,
        "for_returning": service.for_returning,
    }


def _service_form(typed: dict[str, Any]) -> ServiceForm:
    return ServiceForm(
        title=typed["title"],
        kind=typed["kind"],
        minutes=_minutes(typed),
        fee_cents=_cents(typed),
        for_new=typed["for_new"],
        for_returning=typed["for_returning"],
    )


def _services_page(
    visit: Visit,
    provider: Provider,
    typed: dict[str, Any],
    errors: list[dict[str, str]],
    edited: Service | None = None,
    version: str = "",
    changed: Sequence[dict[str, str]] = (),
) -> Response:
    offered = offered_services(provider.profession)
    return render(
        visit,
        "booking/practice/services.html",
        status=form_status(errors, changed),
        errors=errors,
        changed=changed,
        version=version,
        typed=typed,
        edited={"url": f"/provider/services/{edited.id}", "title": edited.title}
        if edited
        else None,
        kinds=[(key, SERVICE_KINDS[key].title) for key in offered],
        refused=[
            {"title": kind.title, "why": may_offer_service(provider.profession, key).reason}
            for key, kind in SERVICE_KINDS.items()
            if key not in offered
        ],
        offered=[
            {
                "url": f"/provider/services/{one.id}",
                "title": one.title,
                "length": formats.duration(one.minutes),
                "fee": formats.money(one.fee_cents),
                "who": _audience(one),
            }
            for one in services_of(visit.session, provider.id)
        ],
    )


def _in_words(form: ServiceForm) -> dict[str, str]:
    """What each part of the form holds, by its label."""
    return {
        "Kind": SERVICE_KINDS[form.kind].title,
        "Title that patients read": " ".join(form.title.split()),
        "Length": formats.duration(form.minutes),
        "Fee": formats.money(form.fee_cents),
        "New patients can book it": "Yes" if form.for_new else "No",
        "Patients I have seen before can book it": "Yes" if form.for_returning else "No",
    }


def _audience(service: Service) -> str:
    if service.for_new and service.for_returning:
        return "Everyone"
    return "New patients" if service.for_new else "Patients you have seen before"
