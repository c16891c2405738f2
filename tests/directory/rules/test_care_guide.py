"""The guide says where many start, why, and always leaves every way open."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.rules.care_guide import QUESTIONS, Option, Path, advise
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
        ({"concern": "adhd", "who": "couple"}, "therapy"),  # and so is one with a partner
        ({"concern": "adhd", "who": "me"}, "psychiatry"),
        ({"concern": "ocd", "impact": "most", "medication": "talk"}, "psychiatry"),  # as severe
        ({"who": "couple", "signs": "yes"}, "psychiatry"),
        ({"who": "couple", "medication": "wanted"}, "psychiatry"),  # the wish before the form
        ({"concern": "stress", "signs": "unsure"}, "therapy"),
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


LISTENS = "A therapist can listen, help you find words for it, and say if a doctor should help."
TOGETHER = "Sessions with a partner or family are led by a therapist."
EARLY = "What has happened lately is worth an early talk with a doctor."
ASKS = "You want to ask about medication, and that takes a prescriber."
TAKES = "A prescriber can look at the medication that you take."
YOU_DECIDE = "Seeing a psychiatrist does not mean taking medication: you decide."
THAT_AGE = "Choose someone who sees that age; a parent or guardian takes part."
SIDE_BY_SIDE = "Many people see a therapist and a psychiatrist side by side."
BOTH = "As it fills most of your days, think of seeing both kinds: they can work together."
ANXIETY, ADHD, DEPRESSION = CONDITIONS["anxiety"], CONDITIONS["adhd"], CONDITIONS["depression"]
BIPOLAR = CONDITIONS["bipolar"]


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({}, (LISTENS, SIDE_BY_SIDE)),
        ({"concern": "anxiety"}, (ANXIETY.start_why, ANXIETY.also_why, SIDE_BY_SIDE)),
        ({"impact": "much"}, (LISTENS, SIDE_BY_SIDE)),
        ({"impact": "most"}, (LISTENS, BOTH)),
        ({"who": "young"}, (LISTENS, THAT_AGE, SIDE_BY_SIDE)),
        ({"who": "couple"}, (TOGETHER, SIDE_BY_SIDE)),
        ({"signs": "yes"}, (EARLY, SIDE_BY_SIDE)),
        # what is unusual for the condition is followed by what is usual
        ({"concern": "adhd", "who": "family"}, (TOGETHER, ADHD.start_why, SIDE_BY_SIDE)),
        ({"concern": "anxiety", "signs": "yes"}, (EARLY, ANXIETY.start_why, SIDE_BY_SIDE)),
        ({"concern": "anxiety", "medication": "wanted"}, (ASKS, ANXIETY.start_why, SIDE_BY_SIDE)),
        # the usual reason is not given twice
        ({"concern": "anxiety", "medication": "taking"}, (TAKES, ANXIETY.start_why, SIDE_BY_SIDE)),
        # when severe, psychiatry is usual for depression
        (
            {"concern": "depression", "impact": "most"},
            (DEPRESSION.start_why, DEPRESSION.also_why, BOTH),
        ),
        # a wish to talk is answered where a psychiatrist comes first, and only there
        (
            {"concern": "bipolar", "medication": "talk"},
            (BIPOLAR.start_why, BIPOLAR.also_why, YOU_DECIDE, SIDE_BY_SIDE),
        ),
        (
            {"concern": "bipolar", "medication": "open"},
            (BIPOLAR.start_why, BIPOLAR.also_why, SIDE_BY_SIDE),
        ),
        (
            {"concern": "anxiety", "medication": "talk"},
            (ANXIETY.start_why, ANXIETY.also_why, SIDE_BY_SIDE),
        ),
    ],
)
def test_the_reasons_in_their_order(answers: Mapping[str, str], why: tuple[str, ...]) -> None:
    assert advise(answers).why == why


def test_the_methods_are_those_of_the_condition() -> None:
    assert advise({"concern": "anxiety"}).methods == ANXIETY.methods != ()
    assert advise({"concern": "unsure"}).methods == ()
    assert advise({}).methods == ()


THERAPISTS = tuple(key for key, entry in PROFESSIONS.items() if entry.kind == "therapy")
PRESCRIBERS = tuple(key for key, entry in PROFESSIONS.items() if entry.kind == "psychiatry")


@pytest.mark.parametrize(
    ("answers", "start", "also"),
    [
        ({}, {}, {}),
        ({"who": "couple"}, {"modality": ("couples",)}, {}),
        ({"who": "family"}, {"modality": ("family",)}, {}),
        ({"who": "me"}, {}, {}),
        ({"who": "young"}, {"ages": ("children", "teens")}, {"ages": ("children", "teens")}),
        ({"concern": "grief"}, {"condition": ("grief",)}, {"condition": ("grief",)}),
        ({"concern": "unsure"}, {}, {}),
    ],
)
def test_both_ways_on_ask_for_what_was_answered(
    answers: Mapping[str, str],
    start: Mapping[str, tuple[str, ...]],
    also: Mapping[str, tuple[str, ...]],
) -> None:
    advice = advise(answers)
    assert advice.start_with == Path(
        "A therapist",
        "Psychotherapy: you talk regularly and learn ways to feel and live better.",
        {"profession": THERAPISTS} | dict(start),
    )
    assert advice.also_consider == Path(
        "A psychiatrist or other prescriber",
        "Psychiatry: a careful assessment, and medication or other treatment if needed.",
        {"profession": PRESCRIBERS} | dict(also),
    )
    assert advice.everyone == Path("Everyone", "See all who may help you, of every kind.", {})


def test_danger_is_asked_for_first_and_may_be_unsure() -> None:
    safety = QUESTIONS[0]
    assert safety.key == "safety"
    assert safety.options == (
        Option("no", "No"),
        Option("yes", "Yes"),
        Option("unsure", "I am not sure"),
    )
