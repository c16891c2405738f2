"""Credentials: claimed, decided with evidence, and what the listing does of it."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from accounts.models import AuditEntry, Person
from core.database import run
from core.errors import Conflict, Invalid, NotFound
from core.mail import Mail
from core.web.caller import ADMIN, Caller
from directory.credentials import cases
from directory.credentials.claims import CredentialForm, submit_credential, withdraw_credential
from directory.credentials.decisions import DecisionForm, checks_of, decide
from directory.credentials.evidence import Upload
from directory.credentials.history import history_of
from directory.credentials.next_case import begin_round, find_next
from directory.credentials.queues import Asker
from directory.credentials.views import Asked
from directory.listings.listing import find_due_listings, refresh_listing
from directory.listings.openings import NO_OPENINGS, Opening, Openings, writing_openings
from directory.models import Credential, CredentialDecision, EvidenceFile, Listing, Provider
from directory.queries import credentials_of
from directory.rules.numbers import make_dea, make_npi
from tests.factories import NOW, make_person, make_provider

pytestmark = pytest.mark.usefixtures("monday_at_ten")

NEXT_YEAR = "2027-11-23"
PDF = b"%PDF-1.7\n%%EOF\n"
VERIFY = DecisionForm(outcome="verified", source="State board", seen="Active, no discipline.")


@pytest.fixture
def admin(session: Session) -> Caller:
    person = make_person(session, "desk@example.com", [ADMIN])
    return Caller(person.id, person.email, frozenset({ADMIN}))


@pytest.fixture
def dana(session: Session) -> Provider:
    return make_provider(session, now=NOW, verified=False)


def claim(session: Session, provider: Provider, kind: str) -> Credential:
    return next(one for one in credentials_of(session, provider.id) if one.kind == kind)


def is_listed(session: Session, provider: Provider) -> bool:
    listing = session.get_one(Listing, provider.id, populate_existing=True)
    return listing.published_at is not None


def licence(**changes: str) -> CredentialForm:
    typed = {
        "kind": "state_license",
        "state": "OR",
        "license_type": "LCSW",
        "number": "LX 0001",
        "name": "Dana Lee",
        "expires_on": NEXT_YEAR,
    }
    return CredentialForm(**{**typed, **changes})


def fields_of(error: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [field for field, _ in error.value.fields]


# ---------------------------------------------------------------------- claims


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"kind": ""}, ["kind"]),
        ({"kind": "dea"}, ["kind"]),  # a social worker does not prescribe
        ({"state": "XX"}, ["state"]),
        ({"state": "", "number": "", "name": ""}, ["state", "number", "name"]),
        ({"license_type": " "}, ["license_type"]),
        ({"license_type": "x" * 61}, ["license_type"]),
        ({"number": "--"}, ["number"]),
        ({"number": "9" * 41}, ["number"]),
        ({"name": "n" * 162}, ["name"]),
        ({"expires_on": ""}, ["expires_on"]),
        ({"expires_on": "30/06/2027"}, ["expires_on"]),
        ({"expires_on": "9999-01-01"}, ["expires_on"]),
        ({"expires_on": "2026-11-22"}, ["expires_on"]),  # has passed
        ({"expires_on": "2026-11-23"}, []),  # good through the end of its last day
        ({"kind": "npi", "number": "1234567890"}, ["number"]),
        ({"kind": "npi", "number": make_npi("155555555"), "expires_on": ""}, []),
    ],
)
def test_every_problem_of_a_claim_is_named_in_the_order_of_the_form(
    session: Session, dana: Provider, changes: dict[str, str], fields: list[str]
) -> None:
    if not fields:
        submit_credential(session, dana, licence(**changes), NOW)
        return
    with pytest.raises(Invalid) as refused:
        submit_credential(session, dana, licence(**changes), NOW)
    assert fields_of(refused) == fields
    assert all(message.endswith(".") for _, message in refused.value.fields)


def test_a_number_is_kept_in_one_form_and_the_dea_only_for_prescribers(session: Session) -> None:
    physician = make_provider(session, now=NOW, profession="psychiatrist", verified=False)
    number = make_dea("BL", "765432")
    typed = licence(kind="dea", number=f" {number[:2].lower()} {number[2:5]}-{number[5:]} ")
    assert submit_credential(session, physician, typed, NOW).number == number
    stored = session.connection().execute(
        text("SELECT count(*) FROM credential WHERE number::text LIKE :n"), {"n": f"%{number}%"}
    )
    assert stored.scalar_one() == 0


def test_an_open_claim_is_replaced_and_another_state_is_another_claim(
    session: Session, dana: Provider
) -> None:
    first = submit_credential(session, dana, licence(), NOW)
    second = submit_credential(session, dana, licence(number="LX 0002"), NOW)
    other = submit_credential(session, dana, licence(state="ID"), NOW)
    standing = {one.id for one in credentials_of(session, dana.id)}
    assert first.id not in standing
    assert {second.id, other.id} <= standing


def test_the_same_claim_twice_is_refused_but_a_renewal_is_not(
    session: Session, dana: Provider, admin: Caller
) -> None:
    first = submit_credential(session, dana, licence(), NOW)
    with pytest.raises(Invalid) as refused:
        submit_credential(session, dana, licence(number="lx-1"), NOW)  # as boards print it, too
    assert fields_of(refused) == ["number"]
    decide(session, first.id, admin, VERIFY, None, NOW)
    renewed = submit_credential(session, dana, licence(expires_on="2029-11-23"), NOW)
    assert first.id in {one.id for one in credentials_of(session, dana.id)}
    decide(session, renewed.id, admin, VERIFY, None, NOW + timedelta(hours=1))
    standing = {one.id for one in credentials_of(session, dana.id)}
    assert renewed.id in standing
    assert first.id not in standing


def test_physicians_may_hold_certifications_in_two_subjects(
    session: Session, admin: Caller
) -> None:
    physician = make_provider(session, now=NOW, profession="psychiatrist", verified=False)
    board = {"kind": "board_certification", "expires_on": ""}
    general = submit_credential(
        session, physician, licence(**board, license_type="Psychiatry", number="1"), NOW
    )
    child = submit_credential(
        session, physician, licence(**board, license_type="Child psychiatry", number="2"), NOW
    )
    for one in (general, child):
        decide(session, one.id, admin, VERIFY, None, NOW)
    assert {general.id, child.id} <= {one.id for one in credentials_of(session, physician.id)}


def test_a_claim_is_withdrawn_by_its_owner_only(session: Session, dana: Provider) -> None:
    mine = claim(session, dana, "npi")
    other = make_provider(session, now=NOW)
    with pytest.raises(NotFound):
        withdraw_credential(session, other, mine.id, NOW)
    withdraw_credential(session, dana, mine.id, NOW)
    with pytest.raises(NotFound):
        withdraw_credential(session, dana, mine.id, NOW)


# ---------------------------------------------------------------------- decisions


@pytest.mark.parametrize(
    ("changes", "evidence", "fields"),
    [
        ({"outcome": ""}, None, ["outcome"]),
        ({"outcome": "pending"}, None, ["outcome"]),
        ({"source": " ", "seen": ""}, None, ["source", "seen"]),
        ({"outcome": "rejected"}, None, ["reason"]),
        ({"expires_on": "soon"}, None, ["expires_on"]),
        ({"expires_on": "2026-11-22"}, None, ["expires_on"]),  # run out: to be rejected
        ({"source": "s" * 301, "seen": "s" * 4001}, None, ["source", "seen"]),
        ({"seen": ""}, Upload("a.pdf", b"MZ\x90"), ["seen", "evidence"]),
        ({}, Upload("a.pdf", PDF + b"0" * 10 * 1024 * 1024), ["evidence"]),
        ({}, UUID(int=1), ["evidence"]),
    ],
)
def test_every_problem_of_a_decision_is_named_and_nothing_is_kept(
    session: Session,
    dana: Provider,
    admin: Caller,
    changes: dict[str, str],
    evidence: Upload | UUID | None,
    fields: list[str],
) -> None:
    one = claim(session, dana, "state_license")
    with pytest.raises(Invalid) as refused:
        decide(session, one.id, admin, VERIFY.model_copy(update=changes), evidence, NOW)
    assert fields_of(refused) == fields
    assert session.exec(select(CredentialDecision)).all() == []
    assert session.exec(select(EvidenceFile)).all() == []


def test_a_decision_is_recorded_told_and_audited(
    session: Session, dana: Provider, admin: Caller
) -> None:
    one = claim(session, dana, "state_license")
    form = VERIFY.model_copy(update={"expires_on": "2028-01-31"})
    decide(session, one.id, admin, form, Upload("../../seen.pdf", PDF), NOW)
    assert (one.status, one.source, one.expires_on) == (
        "verified",
        "State board",
        date(2028, 1, 31),
    )
    assert one.verified_on == date(2026, 11, 23)
    past = history_of(session, dana.id)[0]
    assert (past.admin, past.said.seen) == ("desk@example.com", "Active, no discipline.")
    assert past.evidence is not None
    assert past.evidence.name == "seen.pdf"
    assert past.is_as_written
    assert past.decision.source == past.decision.seen == ""
    past.said.seen = "Active."
    assert not history_of(session, dana.id)[0].is_as_written
    session.refresh(past.said)
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.actor_id, entry.subject_id) == (
        "credential.verified",
        admin.person_id,
        dana.id,
    )
    assert one.number not in str(entry.detail)
    letter = session.exec(select(Mail)).one()
    assert letter.recipient == session.get_one(Person, dana.person_id).email
    for word in ("licence", "social", "LCSW", "Washington"):
        assert word not in letter.subject
    assert one.number not in letter.text + letter.html


def test_whoever_is_refused_reads_why(session: Session, dana: Provider, admin: Caller) -> None:
    one = claim(session, dana, "npi")
    form = VERIFY.model_copy(update={"outcome": "rejected", "reason": "It is <another> person's."})
    decide(session, one.id, admin, form, None, NOW)
    letter = session.exec(select(Mail)).one()
    assert "It is <another> person's." in letter.text
    assert "&lt;another&gt;" in letter.html
    assert claim(session, dana, "npi").reason == "It is <another> person's."


@pytest.mark.parametrize(
    ("standing", "outcome", "allowed"),
    [
        ("pending", "verified", True),
        ("pending", "rejected", True),
        ("pending", "revoked", False),  # there is nothing to revoke
        ("verified", "revoked", True),
        ("verified", "verified", True),  # looked at anew
        ("verified", "rejected", False),
        ("rejected", "verified", True),  # the admin erred
        ("rejected", "revoked", False),
        ("revoked", "verified", True),
        ("revoked", "rejected", False),
    ],
)
def test_what_may_follow_what(
    session: Session, dana: Provider, admin: Caller, standing: str, outcome: str, allowed: bool
) -> None:
    one = claim(session, dana, "npi")
    one.status = standing
    session.add(one)
    session.commit()
    form = VERIFY.model_copy(update={"outcome": outcome, "reason": "Because."})
    if allowed:
        assert decide(session, one.id, admin, form, None, NOW).status == outcome
    else:
        with pytest.raises(Conflict):
            decide(session, one.id, admin, form, None, NOW)


def test_nobody_decides_about_their_own_or_about_what_is_gone(
    session: Session, dana: Provider, admin: Caller
) -> None:
    one = claim(session, dana, "npi")
    with pytest.raises(Conflict):
        decide(session, one.id, Caller(dana.person_id, "d@example.com"), VERIFY, None, NOW)
    withdraw_credential(session, dana, one.id, NOW)
    with pytest.raises(Conflict):
        decide(session, one.id, admin, VERIFY, None, NOW)
    with pytest.raises(NotFound):
        decide(session, UUID(int=1), admin, VERIFY, None, NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credential_decision SET outcome = 'rejected'",
        "DELETE FROM credential_decision",
        "TRUNCATE credential_decision",
    ],
)
def test_the_database_refuses_to_change_decisions(
    session: Session, dana: Provider, admin: Caller, statement: str
) -> None:
    decide(session, claim(session, dana, "npi").id, admin, VERIFY, None, NOW)
    session.commit()
    with pytest.raises(DBAPIError, match="permission denied"):
        session.connection().execute(text(statement))


def test_the_checks_find_the_same_number_with_someone_else(
    session: Session, dana: Provider
) -> None:
    twin = make_provider(session, now=NOW, name=("Rae", "Moss"), verified=False)
    given = submit_credential(session, twin, licence(number="OR-00012"), NOW)
    mine = submit_credential(session, dana, licence(number="or 12"), NOW)
    assert given.number_digest == mine.number_digest
    outcomes = {one.label: one.outcome for one in checks_of(session, dana, [mine], NOW)[0]}
    assert outcomes["Duplicate number"] == "fail"


# ---------------------------------------------------------------------- the listing follows


def test_a_listing_appears_once_the_last_claim_is_verified(
    session: Session, dana: Provider, admin: Caller
) -> None:
    decide(session, claim(session, dana, "state_license").id, admin, VERIFY, None, NOW)
    assert not is_listed(session, dana)
    decide(session, claim(session, dana, "npi").id, admin, VERIFY, None, NOW)
    assert is_listed(session, dana)


@pytest.mark.parametrize("way", ["revoked", "withdrawn"])
def test_a_listing_is_gone_with_what_it_stood_on(session: Session, admin: Caller, way: str) -> None:
    listed = make_provider(session, now=NOW)
    assert is_listed(session, listed)
    one = claim(session, listed, "state_license")
    if way == "revoked":
        form = VERIFY.model_copy(update={"outcome": "revoked", "reason": "Suspended."})
        decide(session, one.id, admin, form, None, NOW)
    else:
        withdraw_credential(session, listed, one.id, NOW)
    assert not is_listed(session, listed)


@pytest.mark.parametrize(
    ("profession", "kind", "gone_from"),
    [
        # Washington's last day ends at midnight there
        ("clinical_social_worker", "state_license", datetime(2026, 12, 2, 8, 0, tzinfo=UTC)),
        # a national one when the day has ended everywhere: Pago Pago is 11 hours behind
        ("psychiatrist", "board_certification", datetime(2026, 12, 2, 11, 0, tzinfo=UTC)),
    ],
)
def test_a_listing_is_due_at_the_instant_its_credential_ends(
    session: Session, profession: str, kind: str, gone_from: datetime
) -> None:
    provider = make_provider(session, now=NOW, profession=profession)
    one = claim(session, provider, kind)
    one.expires_on = date(2026, 12, 1)
    session.add(one)
    refresh_listing(session, provider.id, NOW)
    assert session.get_one(Listing, provider.id, populate_existing=True).due_at == gone_from
    assert find_due_listings(session, gone_from - timedelta(seconds=1)) == []
    assert is_listed(session, provider)
    assert find_due_listings(session, gone_from) == [provider.id]
    refresh_listing(session, provider.id, gone_from)
    assert not is_listed(session, provider)


def test_a_listing_goes_when_its_attestation_is_90_days_old(session: Session) -> None:
    provider = make_provider(session, now=NOW)  # attested yesterday
    assert find_due_listings(session, NOW + timedelta(days=88)) == []
    overdue = NOW + timedelta(days=89)
    assert find_due_listings(session, overdue) == [provider.id]
    refresh_listing(session, provider.id, overdue)
    assert not is_listed(session, provider)


def test_who_saves_beside_a_revocation_does_not_publish_what_stood_before(
    session: Session, admin: Caller, database: str
) -> None:
    from core.database import engine

    listed = make_provider(session, now=NOW)
    with Session(engine(), expire_on_commit=False) as other:
        seen = credentials_of(other, listed.id)  # the provider's request has read this
        form = VERIFY.model_copy(update={"outcome": "revoked", "reason": "Suspended."})
        decide(session, claim(session, listed, "state_license").id, admin, form, None, NOW)
        session.commit()
        assert {one.status for one in seen} == {"verified"}
        assert refresh_listing(other, listed.id, NOW) is False
        other.commit()
    assert not is_listed(session, listed)


# ---------------------------------------------------------------------- the queue


def test_what_waits_is_listed_oldest_first_with_what_is_missing(
    session: Session, dana: Provider
) -> None:
    make_provider(session, now=NOW)  # all is done
    late = make_provider(session, now=NOW, verified=False, name=("Rae", "Moss"))
    for one in credentials_of(session, late.id):
        one.submitted_at = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)  # a Friday
        session.add(one)
    session.flush()
    waiting = cases.find_cases(session, "waiting", NOW, 0, 50).cases
    assert [case.provider_id for case in waiting] == [dana.id, late.id]
    assert waiting[0].pending == 2
    assert [one.message for one in waiting[0].missing] == [
        "National Provider Identifier (NPI): waiting to be checked.",
        "State licence: waiting to be checked.",
    ]
    assert waiting[0].due < NOW
    assert waiting[1].due_on == date(2026, 11, 27)  # the Friday after
    assert waiting[1].due > NOW


def test_who_runs_out_or_must_confirm_is_found(session: Session, dana: Provider) -> None:
    soon = make_provider(session, now=NOW, expires_on=date(2026, 12, 20))
    overdue = make_provider(session, now=NOW)
    overdue.attested_at = NOW - timedelta(days=91)
    session.add(overdue)
    session.flush()
    assert cases.count_cases(session, Asker(NOW)) == {
        "ours": 1,
        "mine": 0,
        "theirs": 0,
        "expiring": 1,
        "expiring-30": 1,
        "expiring-60": 1,
        "expiring-90": 1,
        "overdue": 1,
        "everyone": 3,
    }
    found = {
        view: [case.provider_id for case in cases.find_cases(session, view, NOW, 0, 50).cases]
        for view in ("expiring", "overdue")
    }
    assert found == {"expiring": [soon.id], "overdue": [overdue.id]}
    first, rest = (cases.find_cases(session, "everyone", NOW, at, 2).cases for at in (0, 2))
    assert len({case.provider_id for case in [*first, *rest]}) == 3


def test_the_next_case_is_the_same_provider_while_something_is_open(
    session: Session, dana: Provider
) -> None:
    other = make_provider(session, now=NOW, verified=False)
    listed = make_provider(session, now=NOW)
    for current, following in ((other, other), (listed, dana)):
        at = begin_round(session, current.id, Asked(), Asker(NOW))
        assert find_next(session, at, Asker(NOW)) == following.id


def test_unchanged_openings_are_not_written_again(session: Session) -> None:
    provider = make_provider(session, now=NOW)
    listing = session.get_one(Listing, provider.id, populate_existing=True)
    before = listing.change
    first = [
        Opening(one["service_id"], int(datetime.fromisoformat(one["starts_at"]).timestamp()) // 60)
        for one in listing.openings
    ]
    run(session, writing_openings(provider.id, Openings(tuple(first), listing.hours, 1)))
    session.expire(listing)
    assert listing.change == before
    run(session, writing_openings(provider.id, NO_OPENINGS))
    session.expire(listing)
    assert (listing.openings, listing.next_opening) == ([], None)
    assert listing.change > before


def test_the_card_says_nothing_of_numbers(session: Session) -> None:
    provider = make_provider(session, now=NOW, profession="psychiatrist")
    row = session.connection().execute(
        text("SELECT l::text FROM listing l WHERE provider_id = :id"), {"id": provider.id}
    )
    said = row.scalar_one()
    for number in session.exec(
        select(Credential.number).where(col(Credential.provider_id) == provider.id)
    ):
        assert number not in said
