"""Someone applies, describes their practice and confirms it: pages as a person meets them."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlmodel import Session

from accounts.models import Person
from core.database import transaction
from directory.models import Listing, Provider
from directory.queries import credentials_of, find_provider_of, services_of
from directory.rules.numbers import make_npi
from directory.taxonomy import PROFESSIONS
from tests.factories import NOW, make_patient, make_person, sign_in
from tests.markup import markup, page

pytestmark = pytest.mark.usefixtures("monday_at_ten")

NPI = make_npi("155500321")


@pytest.fixture
def ari(client: TestClient, session: Session) -> Person:
    """Someone without any role, signed in."""
    person = make_person(session, "ari@example.com")
    sign_in(client, session, person)
    client.follow_redirects = False
    return person


def saved(provider: Provider) -> Provider:
    with transaction() as session:
        return session.get_one(Provider, provider.id)


# ------------------------------------------------------------------------ applying


def application(**changes: str) -> dict[str, str]:
    new = {"profession": "psychiatrist", "legal_first_name": "Ari", "legal_last_name": "Newland"}
    return {**new, "letters": "MD", "npi": NPI, **changes}


def test_the_application_explains_each_profession(client: TestClient, ari: Person) -> None:
    words = page(client.get("/provider/apply"))
    for profession in PROFESSIONS.values():
        assert profession.title in words
        assert profession.description in words
    assert "You will also be asked for: Board certification and DEA registration." in words


def test_an_application_opens_a_practice_with_its_checklist(
    client: TestClient, session: Session, ari: Person
) -> None:
    answer = client.post("/provider/apply", data=application())
    assert (answer.status_code, answer.headers["location"]) == (303, "/provider?notice=submitted")
    provider = find_provider_of(session, ari.id)
    assert provider is not None
    assert provider.display_name == "Ari Newland"
    assert [one.kind for one in credentials_of(session, provider.id)] == ["npi"]
    home = client.get("/provider")
    words = page(home)
    assert "What is left before patients can find you" in words
    assert "National Provider Identifier (NPI) Waiting for review" in words
    links = markup(home.text).hrefs
    for kind in ("state_license", "board_certification", "dea"):
        assert f"/provider/credentials/add?kind={kind}" in links
    assert client.get("/provider/apply").headers["location"] == "/provider"


def test_an_application_sent_twice_is_one(
    client: TestClient, session: Session, ari: Person
) -> None:
    client.post("/provider/apply", data=application())
    again = client.post("/provider/apply", data=application(legal_last_name="Other"))
    assert (again.status_code, again.headers["location"]) == (303, "/provider")
    provider = find_provider_of(session, ari.id)
    assert provider is not None
    assert provider.legal_last_name == "Newland"


def test_a_wrong_application_keeps_what_was_typed(
    client: TestClient, session: Session, ari: Person
) -> None:
    wrong = application(legal_first_name=" ", npi=NPI[:-1] + str((int(NPI[-1]) + 1) % 10))
    answer = client.post("/provider/apply", data=wrong)
    words = page(answer, 422)
    assert "Enter your legal first name." in words
    shown = markup(answer.text)
    assert shown.values["profession"] == ["psychiatrist"]
    assert shown.values["legal_last_name"] == ["Newland"]
    assert shown.values["npi"] == [wrong["npi"]]
    assert {"#legal_first_name", "#npi"} <= set(shown.hrefs)
    assert "<title>Error: Apply" in answer.text
    assert find_provider_of(session, ari.id) is None


def test_an_empty_application_says_all_that_is_missing(client: TestClient, ari: Person) -> None:
    answer = client.post("/provider/apply", data={})
    page(answer, 422)
    wanted = {"#profession", "#legal_first_name", "#legal_last_name", "#npi"}
    assert wanted <= set(markup(answer.text).hrefs)


def test_a_stranger_signs_in_before_applying(client: TestClient) -> None:
    answer = client.get("/provider/apply", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


# ------------------------------------------------------------------------- profile


def described(**changes: Any) -> dict[str, Any]:
    return {
        "display_name": "Dana Lee",
        "letters": "LCSW",
        "pronouns": "she/her",
        "headline": "A steady hour each week.",
        "approach": "We begin with what hurts most.\nThen we see.",
        "conditions": ["anxiety", "grief"],
        "modalities": ["cbt"],
        "ages": ["adults", "older_adults"],
        "languages": ["en", "es"],
        "insurance": ["aetna"],
        "sliding_scale": "yes",
        "accepts_new": "yes",
        "meeting_url": "https://meet.example.com/dana",
        **changes,
    }


def test_a_profile_is_saved_and_its_card_shown(speaks: TestClient, dana: Provider) -> None:
    assert speaks.post("/provider/profile", data=described()).status_code == 303
    row = saved(dana)
    assert row.approach == "We begin with what hurts most.\nThen we see."
    assert row.languages == ["en", "es"]
    assert row.sliding_scale
    answer = speaks.get("/provider/profile")
    words = page(answer)
    card = words.split("Your card in search")[1]
    assert "Dana Lee LCSW" in card
    assert "A steady hour each week." in card
    assert "Licensed in Washington, checked Aug 25" in card
    values = markup(answer.text).values
    assert values["conditions"] == ["anxiety", "grief"]
    assert values["meeting_url"] == ["https://meet.example.com/dana"]


def test_a_preview_shows_the_card_as_typed_and_saves_nothing(
    speaks: TestClient, dana: Provider
) -> None:
    before = saved(dana).model_dump()
    typed = described(headline="Typed only.", insurance=["aetna", "unicorns"], preview="yes")
    words = page(speaks.post("/provider/profile", data=typed))
    card = words.split("Your card in search")[1]
    assert "Typed only." in card
    assert "As typed. Nothing is saved yet." in card
    assert "1 plan" in card  # what is no plan is none
    assert saved(dana).model_dump() == before
    assert "As saved last." in page(speaks.get("/provider/profile"))


def test_what_is_not_ticked_is_taken_back(speaks: TestClient, dana: Provider) -> None:
    speaks.post("/provider/profile", data=described())
    bare = described(conditions=[], modalities=[], insurance=[], sliding_scale="", accepts_new="")
    assert speaks.post("/provider/profile", data=bare).status_code == 303
    row = saved(dana)
    assert (row.conditions, row.modalities, row.insurance) == ([], [], [])
    assert not row.accepts_new
    assert "no new patients just now" in page(speaks.get("/provider/profile"))


def test_methods_of_other_professions_cannot_be_chosen_and_say_why(speaks: TestClient) -> None:
    answer = speaks.get("/provider/profile")
    assert "Psychological testing needs a psychologist." in page(answer)
    disabled = markup(answer.text).disabled
    assert ("modalities", "medication_management") in disabled
    assert ("modalities", "cbt") not in disabled


def test_an_impossible_claim_is_refused_with_the_reason(speaks: TestClient, dana: Provider) -> None:
    claim = described(modalities=["cbt", "medication_management"])
    answer = speaks.post("/provider/profile", data=claim)
    assert "Medication management needs a prescriber" in page(answer, 422)
    shown = markup(answer.text)
    assert shown.values["modalities"] == ["cbt", "medication_management"]  # to be taken back
    assert "#modalities" in shown.hrefs
    assert saved(dana).modalities == []


def test_a_wrong_profile_keeps_all_that_was_typed(speaks: TestClient, dana: Provider) -> None:
    wrong = described(
        display_name="",
        headline="x" * 161,
        ages=[],
        languages=[],
        meeting_url="http://meet.example.com",
        conditions=["grief", "unicorns"],
    )
    answer = speaks.post("/provider/profile", data=wrong)
    words = page(answer, 422)
    assert "Keep it under 160 characters; it is longer now." in words
    assert "Choose at least one age group." in words
    assert "Choose at least one language." in words
    assert "beginning with https://" in words
    assert "is not one of the choices" in words
    values = markup(answer.text).values
    assert values["headline"] == ["x" * 161]
    assert values["conditions"] == ["grief"]
    assert values["approach"] == ["We begin with what hurts most.\nThen we see."]
    assert values["meeting_url"] == ["http://meet.example.com"]
    assert saved(dana).headline == "Calm and practical."


def test_a_text_beyond_all_bounds_is_refused_and_kept(speaks: TestClient, dana: Provider) -> None:
    answer = speaks.post("/provider/profile", data=described(approach="word " * 5000))
    assert "Keep it under 4000 characters; it is longer now." in page(answer, 422)
    assert markup(answer.text).values["headline"] == ["A steady hour each week."]


def picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (400, 300), "#88aa99").save(made, "JPEG")
    return made.getvalue()


def test_a_picture_stands_on_the_card_until_it_is_removed(
    speaks: TestClient, dana: Provider
) -> None:
    sent = speaks.post("/provider/photo", files={"photo": ("me.jpg", picture(), "image/jpeg")})
    assert sent.status_code == 303
    answer = speaks.get("/provider/profile")
    assert "Remove the picture" in page(answer)
    assert f'src="/photos/{saved(dana).photo}"' in answer.text
    assert speaks.post("/provider/photo", data={"remove": "yes"}).status_code == 303
    assert saved(dana).photo is None


@pytest.mark.parametrize("content", [None, b"", b"not a picture"], ids=["none", "empty", "text"])
def test_what_is_no_picture_is_refused(
    speaks: TestClient, dana: Provider, content: bytes | None
) -> None:
    files = {"photo": ("me.jpg", content, "image/jpeg")} if content is not None else None
    answer = speaks.post("/provider/photo", files=files)
    page(answer, 422)
    assert "#photo" in markup(answer.text).hrefs
    assert saved(dana).photo is None


@pytest.mark.parametrize(
    ("size", "taken"),
    [((20, 20), False), ((199, 800), False), ((800, 199), False), ((200, 200), True)],
)
def test_a_picture_has_enough_pixels_for_a_face(
    speaks: TestClient, dana: Provider, size: tuple[int, int], taken: bool
) -> None:
    made = BytesIO()
    Image.new("RGB", size, "#88aa99").save(made, "PNG")
    files = {"photo": ("me.png", made.getvalue(), "image/png")}
    answer = speaks.post("/provider/photo", files=files)
    if taken:
        assert answer.status_code == 303
    else:
        has = f"{size[0]} by {size[1]} pixels. Send one of at least 200 by 200."
        assert has in page(answer, 422)
    assert (saved(dana).photo is not None) == taken


# ---------------------------------------------------------------------- confirming


def test_what_is_confirmed_stands_before_the_button(speaks: TestClient) -> None:
    words = page(speaks.get("/provider/attest"))
    assert "Individual session, 50 minutes, $150" in words
    assert "State licence, WA" in words
    assert "you take them" in words
    assert "your link is there" in words
    assert "holds until" in words


def test_a_confirmation_is_good_for_ninety_days(
    speaks: TestClient, session: Session, dana: Provider
) -> None:
    dana.attested_at = NOW - timedelta(days=91)
    session.add(dana)
    session.commit()
    assert "holds until" not in page(speaks.get("/provider/attest"))
    answer = speaks.post("/provider/attest")
    assert answer.headers["location"] == "/provider?notice=attested"
    with transaction() as fresh:
        attested = fresh.get_one(Provider, dana.id).attested_at
        assert attested is not None
        assert abs(attested - NOW) < timedelta(minutes=1)
        assert fresh.get_one(Listing, dana.id).published_at is not None


@pytest.mark.parametrize(
    ("lacking", "said", "link"),
    [
        ("keeps_hours", "Set your weekly hours.", "#hours"),
        ("meeting_url", "Add the link where you meet online.", "#meeting_link"),
        ("services", "Add at least one service that people can book.", "#services"),
    ],
)
def test_what_is_not_there_yet_cannot_be_confirmed(
    speaks: TestClient, session: Session, dana: Provider, lacking: str, said: str, link: str
) -> None:
    before = dana.attested_at
    if lacking == "services":
        for one in services_of(session, dana.id):
            one.retired_at = NOW
    else:
        setattr(dana, lacking, False if lacking == "keeps_hours" else None)
    session.commit()
    answer = speaks.post("/provider/attest")
    assert said in page(answer, 422)
    assert link in markup(answer.text).hrefs
    refused = speaks.post("/api/v1/me/attest")
    assert (refused.status_code, refused.json()["errors"][0]["message"]) == (422, said)
    assert saved(dana).attested_at == before


def test_looking_at_it_confirms_nothing(
    speaks: TestClient, session: Session, dana: Provider
) -> None:
    before = dana.attested_at
    speaks.get("/provider/attest")
    session.refresh(dana)
    assert dana.attested_at == before


@pytest.mark.parametrize("path", ["profile", "attest", "photo"])
def test_patients_have_no_practice_to_change(
    client: TestClient, session: Session, path: str
) -> None:
    sign_in(client, session, make_patient(session))
    answer = client.post(f"/provider/{path}", data=described())
    assert answer.status_code in (403, 404)
