"""The guide says where many start, why, and always leaves every way open."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rules.care_guide import QUESTIONS, advise
from directory.taxonomy import CONDITIONS, MODALITIES, PROFESSIONS

some_answers = st.fixed_dictionaries(
    {},
    optional={q.key: st.sampled_from([option.key for option in q.options]) for q in QUESTIONS},
)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({}, "therapy"),  # nothing said: someone who listens
        ({"concern": "unsure"}, "therapy"),
        ({"concern": "grief"}, "therapy"),
        ({"concern": "bipolar"}, "psychiatry"),
        ({"concern": "psychosis", "medication": "talk"}, "psychiatry"),  # should not wait
        ({"concern": "depression", "impact": "little"}, "therapy"),
        ({"concern": "depression", "impact": "most"}, "psychiatry"),
        ({"concern": "ocd"}, "psychiatry"),
        ({"concern": "ocd", "medication": "talk"}, "therapy"),  # both are first steps: the wish
        ({"concern": "anxiety", "medication": "wanted"}, "psychiatry"),
        ({"concern": "anxiety", "medication": "taking"}, "psychiatry"),
        ({"concern": "anxiety", "medication": "open"}, "therapy"),
        ({"concern": "stress", "signs": "yes"}, "psychiatry"),
        ({"concern": "adhd", "who": "family"}, "therapy"),  # a family session is therapy
        ({"who": "couple", "signs": "yes"}, "psychiatry"),
    ],
)
def test_where_to_start(answers: Mapping[str, str], kind: str) -> None:
    assert advise(answers).kind == kind


@pytest.mark.parametrize(
    ("answer", "crisis"), [("yes", True), ("unsure", True), ("no", False), (None, False)]
)
def test_thoughts_of_suicide_or_danger_lead_to_the_crisis_panel(
    answer: str | None, crisis: bool
) -> None:
    assert advise({"safety": answer} if answer else {}).crisis == crisis


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"ocd": "yes"}, "unknown question: ocd"),
        ({"concern": "flu"}, "unknown answer to concern: flu"),
        ({"safety": ""}, "unknown answer to safety: "),
    ],
)
def test_an_unknown_answer_is_refused_by_name(answers: Mapping[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        advise(answers)


def test_the_search_holds_what_was_asked_for_and_no_more() -> None:
    advice = advise({"concern": "relationships", "who": "couple"})
    assert advice.start_with.params == {
        "profession": (
            "psychologist",
            "clinical_social_worker",
            "counselor",
            "marriage_family_therapist",
        ),
        "condition": ("relationships",),
        "modality": ("couples",),
    }
    assert advice.also_consider.params == {
        "profession": ("psychiatrist", "child_psychiatrist", "pmhnp", "psychiatric_pa"),
        "condition": ("relationships",),
    }
    assert advice.everyone.params == {}


def test_a_wish_to_talk_is_answered_when_a_psychiatrist_comes_first() -> None:
    why = advise({"concern": "bipolar", "medication": "talk"}).why
    assert "Seeing a psychiatrist does not mean taking medication: you decide." in why


@given(some_answers)
def test_no_answer_hides_a_kind_of_care(answers: Mapping[str, str]) -> None:
    advice = advise(answers)
    offered = advice.start_with.params["profession"] + advice.also_consider.params["profession"]
    assert sorted(offered) == sorted(PROFESSIONS)
    assert advice.everyone.params == {}


@given(some_answers)
def test_advice_always_says_why_and_never_the_same_twice(answers: Mapping[str, str]) -> None:
    advice = advise(answers)
    assert advice == advise(dict(reversed(list(answers.items()))))
    assert len(advice.why) >= 2
    assert len(set(advice.why)) == len(advice.why)
    assert all(reason.endswith(".") for reason in advice.why)
    assert set(advice.methods) <= set(MODALITIES)


def test_every_condition_can_be_chosen() -> None:
    concern = next(question for question in QUESTIONS if question.key == "concern")
    assert {option.key for option in concern.options} == {*CONDITIONS, "unsure"}
