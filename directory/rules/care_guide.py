"""The care guide: a few plain questions, and where to start.

Deterministic and non-diagnostic. It always names both kinds of care and the way to see everyone,
and says why. Thoughts of suicide or danger are answered by the crisis panel, never by a filter.
Where each condition usually starts comes from the taxonomy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from directory.taxonomy import CONDITIONS, PROFESSIONS, CareKind, Condition

NOT_A_DIAGNOSIS: Final = (
    "This guide does not diagnose. It says where many people start; you may start anywhere."
)


@dataclass(frozen=True)
class Option:
    key: str
    text: str


@dataclass(frozen=True)
class Question:
    """One page of the guide. Every question may be left out."""

    key: str
    text: str
    hint: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Path:
    """One way on. `params` are the search's query parameters; a repeated one means any of these."""

    title: str
    text: str
    params: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Advice:
    """Where to start, what else to consider, and the way to everyone.

    `kind` is the kind of care of `start_with`; `methods` are modality keys worth asking about.
    When `crisis` is true, the crisis panel stands in place of the search, and the rest below it.
    """

    kind: CareKind
    start_with: Path
    also_consider: Path
    everyone: Path
    why: tuple[str, ...]
    methods: tuple[str, ...]
    crisis: bool


def _options(**texts: str) -> tuple[Option, ...]:
    return tuple(Option(key, text) for key, text in texts.items())


QUESTIONS: Final = (
    Question(
        "safety",
        "Are you thinking about ending your life, or is anyone in danger right now?",
        "If so, people are there for you this minute, by day and by night.",
        _options(no="No", yes="Yes", unsure="I am not sure"),
    ),
    Question(
        "concern",
        "What would you like help with?",
        "Choose what comes nearest. It need not be the right word.",
        (
            *(Option(condition.key, condition.title) for condition in CONDITIONS.values()),
            Option("unsure", "Something else, or I am not sure"),
        ),
    ),
    Question(
        "who",
        "Who would come to the sessions?",
        "Booking online is for people of 18 and over.",
        _options(
            me="Just me", couple="My partner and I", family="My family", young="A child or teenager"
        ),
    ),
    Question(
        "impact",
        "How much does it get in the way of daily life?",
        "Think of sleep, work or school, meals, and the people around you.",
        _options(
            little="A little",
            much="Quite a lot",
            most="I can hardly manage",
            unsure="I am not sure",
        ),
    ),
    Question(
        "signs",
        "Has any of this happened lately?",
        "Hearing or seeing things that others do not; or days of very little sleep and far more "
        "energy than usual.",
        _options(no="No", yes="Yes", unsure="I am not sure"),
    ),
    Question(
        "medication",
        "What do you think about medication?",
        "You can change your mind at any time. Nobody has to take any.",
        _options(
            talk="I would rather talk",
            open="I am open to it",
            wanted="I want to ask about it",
            taking="I take some already",
            unsure="I am not sure",
        ),
    ),
)

_TITLES: Final[Mapping[CareKind, str]] = {
    "therapy": "A therapist",
    "psychiatry": "A psychiatrist or other prescriber",
}
_TEXTS: Final[Mapping[CareKind, str]] = {
    "therapy": "Psychotherapy: you talk regularly and learn ways to feel and live better.",
    "psychiatry": "Psychiatry: a careful assessment, and medication or other treatment if needed.",
}
_OTHER: Final[Mapping[CareKind, CareKind]] = {"therapy": "psychiatry", "psychiatry": "therapy"}


def advise(answers: Mapping[str, str]) -> Advice:
    """Where to start, for any answers, none of which is needed.

    Raises ValueError naming the question or answer that does not exist.
    """
    _check_answers(answers)
    condition = CONDITIONS.get(answers.get("concern", ""))
    kind, why = _start(answers, condition)
    other = _OTHER[kind]
    return Advice(
        kind=kind,
        start_with=Path(_TITLES[kind], _TEXTS[kind], _params(kind, answers, condition)),
        also_consider=Path(_TITLES[other], _TEXTS[other], _params(other, answers, condition)),
        everyone=Path("Everyone", "See all who may help you, of every kind.", {}),
        why=tuple(dict.fromkeys((*why, *_more_reasons(answers, condition, kind)))),
        methods=condition.methods if condition else (),
        crisis=is_crisis(answers),
    )


def is_crisis(answers: Mapping[str, str]) -> bool:
    """Whether they said that they may not be safe: people come before anything else then."""
    return answers.get("safety") in ("yes", "unsure")


def _check_answers(answers: Mapping[str, str]) -> None:
    questions = {question.key: question for question in QUESTIONS}
    for key, answer in answers.items():
        if key not in questions:
            raise ValueError(f"unknown question: {key}")
        if answer not in {option.key for option in questions[key].options}:
            raise ValueError(f"unknown answer to {key}: {answer}")


def _start(
    answers: Mapping[str, str], condition: Condition | None
) -> tuple[CareKind, tuple[str, ...]]:
    """The first rule that fits decides: what should not wait, then the person's wish, then the
    usual start for the condition."""
    usual = (condition.start_why,) if condition else ()
    medication = answers.get("medication")
    if answers.get("signs") == "yes":
        return "psychiatry", ("What has happened lately is worth an early talk with a doctor.",)
    if medication == "wanted":
        return "psychiatry", ("You want to ask about medication, and that takes a prescriber.",)
    if medication == "taking":
        return "psychiatry", ("A prescriber can look at the medication that you take.", *usual)
    if answers.get("who") in ("couple", "family"):
        return "therapy", ("Sessions with a partner or family are led by a therapist.",)
    if condition is None:
        return "therapy", (
            "A therapist can listen, help you find words for it, and say if a doctor should help.",
        )
    if answers.get("impact") == "most":
        return condition.start_with_if_severe, usual
    if condition.start_with == "either":
        return ("therapy" if medication == "talk" else "psychiatry"), usual
    return condition.start_with, usual


def _more_reasons(
    answers: Mapping[str, str], condition: Condition | None, kind: CareKind
) -> tuple[str, ...]:
    reasons = []
    if condition:
        is_usual = kind in (condition.start_with, condition.start_with_if_severe)
        reasons.append(condition.also_why if is_usual else condition.start_why)
    if answers.get("medication") == "talk" and kind == "psychiatry":
        reasons.append("Seeing a psychiatrist does not mean taking medication: you decide.")
    if answers.get("who") == "young":
        reasons.append("Choose someone who sees that age; a parent or guardian takes part.")
    if answers.get("impact") == "most":
        reasons.append(
            "As it fills most of your days, think of seeing both kinds: they can work together."
        )
    else:
        reasons.append("Many people see a therapist and a psychiatrist side by side.")
    return tuple(reasons)


def _params(
    kind: CareKind, answers: Mapping[str, str], condition: Condition | None
) -> Mapping[str, tuple[str, ...]]:
    """Filters the person has asked for, and no guess beyond them."""
    professions = tuple(key for key, entry in PROFESSIONS.items() if entry.kind == kind)
    params = {"profession": professions}
    if condition:
        params["condition"] = (condition.key,)
    if kind == "therapy" and answers.get("who") in ("couple", "family"):
        params["modality"] = ("couples" if answers["who"] == "couple" else "family",)
    if answers.get("who") == "young":
        params["ages"] = ("children", "teens")
    return params
