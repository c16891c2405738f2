"""The care guide: one question a page, answers that can be changed, people before filters."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from directory.rules.care_guide import QUESTIONS
from tests.directory.search.test_pages import page, text_of


def links_of(html: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'href="([^"]+)"', html)]


def test_each_question_has_a_page_and_says_how_far_one_is(client: TestClient) -> None:
    for place, question in enumerate(QUESTIONS, 1):
        html = page(client, f"/guide/question?at={question.key}&safety=no")
        assert f"Question {place} of {len(QUESTIONS)}" in html
        assert unescape(html).count(question.text) == 1
        asked = [one.key for one in QUESTIONS if f'id="{one.key}"' in html]
        assert asked == [question.key]


def test_no_answer_is_needed_and_what_does_not_exist_is_left_out(client: TestClient) -> None:
    assert "Question 1 of 6" in page(client, "/guide/question?at=nothing")
    assert "Where you could start" in page(client, "/guide/answer")
    html = page(client, "/guide/answer?safety=maybe&x=1&concern=")
    assert "Where you could start" in html
    assert html.count("Not answered") == len(QUESTIONS)


def test_answers_go_along_from_page_to_page(client: TestClient) -> None:
    html = page(client, "/guide/question?safety=no&concern=anxiety&who=me&at=impact")
    for name, value in (("safety", "no"), ("concern", "anxiety"), ("who", "me"), ("at", "signs")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in html
    assert 'type="hidden" name="impact"' not in html


def test_the_answer_is_three_sentences_and_a_way_to_the_search(client: TestClient) -> None:
    html = page(client, "/guide/answer?concern=anxiety&safety=no")
    text = text_of(html)
    assert "Start with A therapist" in text
    assert "Also consider A psychiatrist or other prescriber" in text
    assert "usual first step for anxiety" in text
    assert "See everyone" in text
    told = html[html.index("guide-answer") :]
    told = told[told.index("</h2>") : told.index('class="button')]
    assert text_of(told[: told.index("</p>")]).count(".") == 3
    assert re.search(r'class="button is-large" href="/(find|therapists)', html)


def test_an_earlier_answer_can_be_changed_and_leads_back(client: TestClient) -> None:
    html = page(client, "/guide/answer?safety=no&concern=anxiety&medication=talk")
    change = next(one for one in links_of(html) if "at=concern" in one and "change=1" in one)
    html = page(client, change)
    assert '<option value="anxiety" selected>' in html
    assert "Show me where to start" in html
    sent = f"{change.replace('concern=anxiety&', '')}&concern=ocd".replace(
        "at=concern", "at=answer"
    )
    answer = client.get(sent, follow_redirects=False)
    led_to = urlsplit(answer.headers["location"])
    assert led_to.path == "/guide/answer"
    assert parse_qs(led_to.query) == {
        "safety": ["no"],
        "concern": ["ocd"],
        "medication": ["talk"],
    }


@pytest.mark.parametrize("answer", ["yes", "unsure"])
def test_thoughts_of_suicide_lead_to_people_at_once(client: TestClient, answer: str) -> None:
    asked = client.get(f"/guide/question?safety={answer}&at=concern", follow_redirects=False)
    assert asked.headers["location"] == f"/guide/answer?safety={answer}"
    for url in (f"?safety={answer}", f"?safety={answer}&concern=depression"):
        html = page(client, f"/guide/answer{url}")
        assert html.index("Please talk with someone now") < html.index("When you are safe")
        main = html[html.index("<main") :]
        assert main.index('href="tel:988"') < main.index('href="/find')


def test_who_goes_on_from_the_crisis_panel_ends_at_it_again(client: TestClient) -> None:
    html = page(client, "/guide/answer?safety=yes")
    go_on = next(one for one in links_of(html) if "at=concern" in one and "change" not in one)
    html = page(client, go_on)
    assert "Question 2 of 6" in html
    assert '<input type="hidden" name="told" value="1">' in html
    assert "Please talk with someone now" in page(
        client, "/guide/question?safety=yes&at=answer&told=1"
    )


def test_answers_are_not_logged_nor_kept(
    client: TestClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    for path in ("question?safety=no&concern=ocd&at=who", "answer?safety=no&concern=ocd"):
        answer = client.get(f"/guide/{path}")
        assert answer.headers["cache-control"] == "no-store"
    logged = caplog.text + "".join(capfd.readouterr())
    assert "ocd" not in logged
