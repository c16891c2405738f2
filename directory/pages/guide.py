"""The care guide: what kinds of care there are, and six questions, one a page, that say where to
start.

Earlier answers stand in the address of the next question, so that the browser's own way back
works; nothing is kept here, and no log has the query of an address.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Response
from fastapi.responses import RedirectResponse

from core.web.caller import public
from core.web.lanes import from_memory
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visiting
from directory.addresses import address_from
from directory.rules.care_guide import (
    NOT_A_DIAGNOSIS,
    QUESTIONS,
    Advice,
    Path,
    Question,
    advise,
    is_crisis,
)
from directory.taxonomy import CONDITIONS, MODALITIES, PROFESSIONS, Condition, Modality

router = Router(include_in_schema=False)

_KEYS: Final = [question.key for question in QUESTIONS]
_ANSWER: Final = "answer"
_PRIVATE: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@router.get("/guide")
@public
@from_memory
def guide(visit: Visiting) -> Response:
    """What psychotherapy and psychiatry are, and the way to the questions."""
    return render(
        visit,
        "directory/guide.html",
        **_article(),
        not_a_diagnosis=NOT_A_DIAGNOSIS,
        first_url=_question_url(_KEYS[0], {}),
        number=len(QUESTIONS),
    )


@router.get("/guide/question")
@public
@from_memory
def guide_question(visit: Visiting) -> Response:
    """One question. `at`: which, by its key, or the answer; `change`: from the answer, and back to
    it; `told`: the crisis panel has been shown. Who may not be safe is shown it first."""
    given = visit.request.query_params
    answers = _answers(given.multi_items())
    at, is_told = given.get("at", _KEYS[0]), "told" in given
    if at == _ANSWER or (is_crisis(answers) and at != "safety" and not is_told):
        return RedirectResponse(_answer_url(answers), 303, headers=_PRIVATE)
    question = next((one for one in QUESTIONS if one.key == at), QUESTIONS[0])
    place = QUESTIONS.index(question)
    is_change = "change" in given
    is_last = is_change or place + 1 == len(QUESTIONS)
    back = _question_url(_KEYS[place - 1], answers) if place else "/guide"
    return render(
        visit,
        "directory/guide_question.html",
        headers=_PRIVATE,
        question=_shown(question, answers),
        place=place + 1,
        number=len(QUESTIONS),
        back_url=_answer_url(answers) if is_change else back,
        back_label="Your answers" if is_change else f"Question {place}" if place else "Care guide",
        button="Show me where to start" if is_last else "Next question",
        hidden={
            **{key: value for key, value in answers.items() if key != question.key},
            **({"told": "1"} if is_told else {}),
            "at": _ANSWER if is_last else _KEYS[place + 1],
        },
    )


@router.get("/guide/answer")
@public
@from_memory
def guide_answer(visit: Visiting) -> Response:
    """Where to start, also consider, and why. Answers that do not exist count as not given."""
    answers = _answers(visit.request.query_params.multi_items())
    following = next((key for key in _KEYS if key not in answers), "")
    return render(
        visit,
        "directory/guide_answer.html",
        headers=_PRIVATE,
        **_advice(advise(answers)),
        rows=[_row(question, answers) for question in QUESTIONS],
        not_a_diagnosis=NOT_A_DIAGNOSIS,
        go_on_url=_question_url(following, answers) if following else "",
    )


def _answers(given: list[tuple[str, str]]) -> dict[str, str]:
    known = {question.key: {one.key for one in question.options} for question in QUESTIONS}
    return {name: value for name, value in given if value in known.get(name, ())}


def _question_url(key: str, answers: Mapping[str, str], **more: str) -> str:
    """A question with the answers so far; who has been shown the crisis panel goes on from it."""
    told = {"told": "1"} if is_crisis(answers) else {}
    return "/guide/question?" + urlencode({**answers, **told, **more, "at": key})


def _answer_url(answers: Mapping[str, str]) -> str:
    return "/guide/answer" + (f"?{urlencode(answers)}" if answers else "")


def _shown(question: Question, answers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "key": question.key,
        "text": question.text,
        "hint": question.hint,
        "options": [(option.key, option.text) for option in question.options],
        "answer": answers.get(question.key, ""),
    }


def _row(question: Question, answers: Mapping[str, str]) -> dict[str, str]:
    """A question with what was answered, and the way to change it."""
    said = {option.key: option.text for option in question.options}
    return {
        "label": question.text,
        "value": said.get(answers.get(question.key, ""), "Not answered"),
        "change_url": _question_url(question.key, answers, change="1"),
    }


def _article() -> dict[str, Any]:
    """Data of the article: who they are, what they do, what people come with."""
    return {
        "therapists": [one for one in PROFESSIONS.values() if one.kind == "therapy"],
        "psychiatrists": [one for one in PROFESSIONS.values() if one.kind == "psychiatry"],
        "therapies": _methods("therapy"),
        "treatments": _methods("psychiatry"),
        "therapy_first": _starting_with("therapy"),
        "psychiatry_first": _starting_with("psychiatry"),
        "either_first": _starting_with("either"),
    }


def _methods(family: str) -> list[Modality]:
    return [one for one in MODALITIES.values() if one.family == family]


def _starting_with(kind: str) -> list[Condition]:
    return [one for one in CONDITIONS.values() if one.start_with == kind]


def _advice(advice: Advice) -> dict[str, Any]:
    start, also = _way(advice.start_with), _way(advice.also_consider)
    return {
        "start_with": start,
        "sentences": [start["text"], *advice.why[:2]],
        "more": advice.why[2:],
        "also_consider": also,
        "everyone": _way(advice.everyone),
        "methods": [MODALITIES[key] for key in advice.methods],
        "crisis": advice.crisis,
    }


def _way(path: Path) -> dict[str, str]:
    pairs = [(name, value) for name, values in path.params.items() for value in values]
    return {"title": path.title, "text": path.text, "url": address_from(pairs)}
