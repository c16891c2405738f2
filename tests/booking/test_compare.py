"""People side by side, and the way there from the results and back."""

import re
from datetime import timedelta
from html import unescape

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session

from booking.calendar.free_times import free_starts
from booking.pages.booking.compare import differences
from directory.listings.listing import refresh_listing
from directory.models import Provider
from directory.queries import services_of
from tests.factories import NOW, make_appointment, make_patient, make_provider

pytestmark = pytest.mark.usefixtures("monday_at_ten")


@pytest.fixture(autouse=True)
def search_reads_now(app: FastAPI, client: TestClient) -> None:
    """Instead of hearing of what was committed a moment later."""
    app.state.search = None


@pytest.fixture
def dana(session: Session) -> Provider:
    return make_provider(session, now=NOW, services=[("individual", "Individual", 50, 15000)])


@pytest.fixture
def noor(session: Session) -> Provider:
    provider = make_provider(
        session, now=NOW, state="OR", services=[("couples", "Couples session", 60, 18000)]
    )
    provider.display_name = "Noor Haddad"
    provider.languages = ["en", "ar"]
    refresh_listing(session, provider.id, NOW)
    session.commit()
    return provider


def url_of(*providers: Provider, **more: str) -> str:
    pairs = [f"provider={one.slug}" for one in providers]
    return "/compare?" + "&".join([*pairs, *(f"{name}={value}" for name, value in more.items())])


def columns(html: str, row: str) -> list[str]:
    """What stands in one row, person by person, in words."""
    match = re.search(rf'<th scope="row">{row}</th>(.*?)</tr>', html, re.DOTALL)
    assert match, row
    cells = re.findall(r"<td[^>]*>(.*?)</td>", match[1], re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in cells]


def names(html: str) -> list[str]:
    return re.findall(r'<th scope="col">([^<]+)</th>', html)


def test_two_people_row_by_row(client: TestClient, dana: Provider, noor: Provider) -> None:
    html = client.get(url_of(dana, noor)).text
    assert "<title>Side by side – Openchair</title>" in html
    assert '<meta name="robots" content="noindex">' in html
    assert names(html) == ["Dana Lee", "Noor Haddad"]
    assert columns(html, "Fees") == [
        "Individual: $150 50 minutes",
        "Couples session: $180 1 hour",
    ]
    assert columns(html, "Languages") == ["Nothing else", "Arabic"]
    assert "The same for both" in html
    assert re.search(r"<dt>Languages</dt>\s*<dd>English</dd>", html)
    assert columns(html, "May see you in") == ["Washington", "Oregon"]
    checked = columns(html, "What we verified")
    assert "State licence, Washington" in checked[0]
    assert "State licence, Oregon" in checked[1]
    assert all("Primary source, Aug 25, 2026" in one for one in checked)


@pytest.mark.parametrize(
    ("people", "differing", "same"),
    [
        ([], [], []),
        ([{"Plans": ["A", "B"]}], [("Plans", ["A and B"])], []),  # nobody to be the same as
        ([{"Plans": ["A", "B"]}, {"Plans": ["B", "A"]}], [], [("Plans", "A and B")]),
        ([{"Plans": ["A", "B"]}, {"Plans": ["B"]}], [("Plans", ["A", ""])], [("Plans", "B")]),
        ([{"Plans": []}, {"Plans": ["B"]}], [("Plans", ["", "B"])], []),
        ([{"Plans": []}, {"Plans": []}], [], []),
        (
            [{"Plans": ["A"]}, {"Plans": ["A", "B"]}, {"Plans": ["B"]}],  # what two share differs
            [("Plans", ["A", "A and B", "B"])],
            [],
        ),
    ],
)
def test_what_all_have_is_set_apart_from_what_some_have(
    people: list[dict[str, list[str]]],
    differing: list[tuple[str, list[str]]],
    same: list[tuple[str, str]],
) -> None:
    assert differences(people) == (differing, same)


def test_times_are_those_that_can_be_booked_this_moment(
    client: TestClient, session: Session, dana: Provider
) -> None:
    service = services_of(session, dana.id)[0]
    soon = NOW + timedelta(minutes=5)  # while the test runs
    first = free_starts(session, service, soon, NOW + timedelta(days=7), soon)[0]
    html = client.get(url_of(dana, state="WA")).text
    shown = re.findall(r'href="(/book\?[^"]+)"', html)
    assert len(shown) == 4
    wanted = f"start={first:%Y-%m-%dT%H}%3A{first:%M}%3A00Z&state=WA"
    assert wanted in unescape(shown[0])
    make_appointment(session, service, make_patient(session), first)
    session.commit()
    later = re.findall(r'href="(/book\?[^"]+)"', client.get(url_of(dana, state="WA")).text)
    assert wanted not in unescape(" ".join(later))
    assert client.get(unescape(later[0])).status_code == 200


def test_who_may_not_see_them_there_is_marked(
    client: TestClient, dana: Provider, noor: Provider
) -> None:
    html = client.get(url_of(dana, noor, state="WA")).text
    assert html.count("May not see people who are in Washington") == 1
    assert "May not see" not in client.get(url_of(dana, noor)).text


def test_leaving_one_out_keeps_the_others_and_the_state(
    client: TestClient, dana: Provider, noor: Provider
) -> None:
    html = client.get(url_of(dana, noor, state="WA")).text
    without = [unescape(url) for url in re.findall(r'href="(/compare[^"]+)"', html)]
    assert without == [url_of(noor, state="WA"), url_of(dana, state="WA")]


def test_more_than_three_repeated_and_unknown_ones_are_said(
    client: TestClient, session: Session, dana: Provider, noor: Provider
) -> None:
    others = [make_provider(session, now=NOW) for _ in range(2)]
    four = client.get(url_of(dana, noor, *others)).text
    assert len(names(four)) == 3
    assert "These are the first 3." in four
    twice = client.get(url_of(dana, dana)).text
    assert names(twice) == ["Dana Lee"]
    assert "You chose one person." in twice
    unknown = client.get(url_of(dana) + "&provider=nobody&provider=%F0%9F%90%A2")
    assert unknown.status_code == 200
    assert names(unknown.text) == ["Dana Lee"]
    assert "2 people you chose are not shown just now" in unknown.text


def test_nobody_chosen_says_how_and_nobody_listed_is_not_found(
    client: TestClient, session: Session, dana: Provider
) -> None:
    nobody = client.get("/compare")
    assert nobody.status_code == 200
    assert "tick “Compare”" in nobody.text
    dana.meeting_url = None
    refresh_listing(session, dana.id, NOW)
    session.commit()
    hidden = client.get(url_of(dana))
    assert hidden.status_code == 404
    assert "1 person you chose is not shown just now" in hidden.text
    assert dana.display_name not in hidden.text


def test_every_result_can_be_ticked_and_the_state_goes_along(
    client: TestClient, dana: Provider
) -> None:
    html = client.get("/find?state=WA").text
    assert f'name="provider" value="{dana.slug}" form="compare"' in html
    bar = html.partition('id="compare" action="/compare"')[2].partition("</form>")[0]
    assert 'name="state" value="WA"' in bar


@pytest.mark.parametrize(
    ("came_from", "back"),
    [
        ("/find?state=WA&name=lee", "/find?state=WA&amp;name=lee"),
        ("/therapists/washington", "/therapists/washington"),
        ("/therapists/washington?cursor=nonsense", "/therapists/washington"),
        ("/therapists/atlantis", None),
        ("/", None),
    ],
)
@pytest.mark.parametrize("page", ["/providers/{}", "/compare?provider={}"])
def test_the_way_back_to_the_results(
    client: TestClient, dana: Provider, came_from: str, back: str | None, page: str
) -> None:
    referer = {"Referer": f"{client.base_url}{came_from}"}
    html = client.get(page.format(dana.slug), headers=referer).text
    found = re.search(r'<a class="back" href="([^"]+)">', html)
    if back is None:
        assert found is None or found[1] == "/find"
    else:
        assert found is not None
        assert found[1] == back


def test_a_profile_leads_back_to_the_comparison(client: TestClient, dana: Provider) -> None:
    came_from = url_of(dana, state="WA")
    referer = {"Referer": f"{client.base_url}{came_from}"}
    html = client.get(f"/providers/{dana.slug}?state=WA", headers=referer).text
    assert "Back to the comparison" in html
    assert f'href="{came_from.replace("&", "&amp;")}"' in html
    elsewhere = {"Referer": f"https://example.com{came_from}"}
    assert "Back to" not in client.get(f"/providers/{dana.slug}", headers=elsewhere).text
