"""The care guide."""

from typing import Any

from fastapi import Response

from core.web.caller import public
from core.web.lanes import from_memory
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visiting
from directory.addresses import address_from
from directory.rules.care_guide import NOT_A_DIAGNOSIS, QUESTIONS, Advice, Path, advise
from directory.taxonomy import CONDITIONS, MODALITIES, PROFESSIONS, Condition, Modality

router = Router(include_in_schema=False)


@router.get("/guide")
@public
@from_memory
def guide(visit: Visiting) -> Response:
    """What psychotherapy and psychiatry are, and a few questions that say where to start."""
    return render(visit, "directory/guide.html", **_article(), **_form({}))


@router.get("/guide/answer")
@public
@from_memory
def guide_answer(visit: Visiting) -> Response:
    """Where to start, also consider, and why. Answers that do not exist count as not given."""
    answers = _answers(visit.request.query_params.multi_items())
    advice = advise(answers)
    return render(visit, "directory/guide_answer.html", **_advice(advice), **_form(answers))


def _answers(given: list[tuple[str, str]]) -> dict[str, str]:
    known = {question.key: {one.key for one in question.options} for question in QUESTIONS}
    return {name: value for name, value in given if value in known.get(name, ())}


def _form(answers: dict[str, str]) -> dict[str, Any]:
    questions = [
        {
            "key": question.key,
            "text": question.text,
            "hint": question.hint,
            "options": [(option.key, option.text) for option in question.options],
            "answer": answers.get(question.key, ""),
        }
        for question in QUESTIONS
    ]
    return {"questions": questions, "not_a_diagnosis": NOT_A_DIAGNOSIS}


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
    return {
        "start_with": _way(advice.start_with),
        "also_consider": _way(advice.also_consider),
        "everyone": _way(advice.everyone),
        "why": advice.why,
        "methods": [MODALITIES[key] for key in advice.methods],
        "crisis": advice.crisis,
    }


def _way(path: Path) -> dict[str, str]:
    pairs = [(name, value) for name, values in path.params.items() for value in values]
    return {"title": path.title, "text": path.text, "url": address_from(pairs)}
