"""Nobody can claim what their profession may not offer, and the form says why."""

from functools import partial

import pytest

from directory.rules.offerings import (
    Answer,
    Problem,
    may_offer_modality,
    may_offer_service,
    offered_modalities,
    offered_services,
    offering_problems,
)
from directory.taxonomy import MODALITIES, PROFESSIONS, SERVICE_KINDS

THERAPISTS = {
    "psychologist",
    "clinical_social_worker",
    "counselor",
    "marriage_family_therapist",
}
PHYSICIANS = {"psychiatrist", "child_psychiatrist"}
PRESCRIBERS = PHYSICIANS | {"pmhnp", "psychiatric_pa"}
OFFER_THERAPY = THERAPISTS | PHYSICIANS | {"pmhnp"}


@pytest.mark.parametrize(
    ("kind", "professions"),
    [
        ("consultation", set(PROFESSIONS)),
        ("individual", OFFER_THERAPY),
        ("couples", OFFER_THERAPY),
        ("family", OFFER_THERAPY),
        ("group", OFFER_THERAPY),
        ("psychiatric_evaluation", PRESCRIBERS),
        ("medication_management", PRESCRIBERS),
        ("psychological_testing", {"psychologist"}),
        ("tms_consultation", PHYSICIANS),
        ("ect_consultation", PHYSICIANS),
        ("esketamine_consultation", PRESCRIBERS),
    ],
)
def test_each_kind_of_service_is_for_these_professions(kind: str, professions: set[str]) -> None:
    assert {key for key in PROFESSIONS if may_offer_service(key, kind).allowed} == professions


@pytest.mark.parametrize(
    ("modality", "professions"),
    [
        ("cbt", OFFER_THERAPY),
        ("couples", OFFER_THERAPY),
        ("medication_management", PRESCRIBERS),
        ("psychological_testing", {"psychologist"}),
        ("tms", PHYSICIANS),
        ("ect", PHYSICIANS),
        ("esketamine", PRESCRIBERS),
    ],
)
def test_each_method_is_for_these_professions(modality: str, professions: set[str]) -> None:
    assert {key for key in PROFESSIONS if may_offer_modality(key, modality).allowed} == professions


def test_the_tables_above_leave_no_service_out() -> None:
    assert len(SERVICE_KINDS) == 11


@pytest.mark.parametrize(
    ("profession", "service", "reason"),
    [
        (
            "counselor",
            "medication_management",
            "Medication management needs a prescriber: a psychiatrist, child and adolescent "
            "psychiatrist, psychiatric nurse practitioner or psychiatric physician assistant.",
        ),
        (
            "psychiatrist",
            "tms",
            "TMS is given in person by a physician; online, a physician can offer a TMS "
            "consultation.",
        ),
        ("psychiatrist", "psychological_testing", "Psychological testing needs a psychologist."),
        ("psychiatrist", "hypnosis", "“hypnosis” is not a kind of service we know."),
        ("wizard", "individual", "“wizard” is not a profession we know."),
    ],
)
def test_a_refused_service_says_why(profession: str, service: str, reason: str) -> None:
    answer = may_offer_service(profession, service)
    assert not answer.allowed
    assert answer.reason == reason


def test_a_method_given_in_person_says_what_is_possible_online() -> None:
    assert may_offer_modality("psychiatrist", "ect").reason == (
        "ECT is given in person by a physician; online, a physician can offer an ECT consultation."
    )
    assert may_offer_modality("pmhnp", "esketamine").reason == (
        "Esketamine is given in person by a prescriber; "
        "online, a prescriber can offer an esketamine consultation."
    )


@pytest.mark.parametrize(
    ("profession", "states", "allowed"),
    [
        ("psychologist", {"NM"}, True),
        ("psychologist", {"WA", "LA"}, True),  # one state that knows the certificate is enough
        ("psychologist", {"WA"}, False),  # no such certificate in Washington's law
        ("psychologist", set(), False),
        ("counselor", {"NM"}, False),  # the certificate is for psychologists alone
    ],
)
def test_a_psychologist_prescribes_only_where_the_law_says_so(
    profession: str, states: set[str], allowed: bool
) -> None:
    answer = may_offer_service(
        profession, "medication_management", prescribing_states=frozenset(states)
    )
    assert answer.allowed == allowed


def test_all_problems_come_at_once_with_their_fields() -> None:
    problems = offering_problems(
        "counselor",
        modalities=["cbt", "tms", "nonsense"],
        service_kinds=["individual", "group", "tms"],
    )
    assert [(p.field, p.key) for p in problems] == [
        ("modalities", "tms"),
        ("modalities", "nonsense"),
        ("services", "tms"),
    ]
    assert [problem.message for problem in problems] == [
        may_offer_modality("counselor", "tms").reason,
        "“nonsense” is not a method we know.",
        may_offer_service("counselor", "tms").reason,
    ]


def test_an_unknown_profession_is_the_only_problem_named() -> None:
    problems = offering_problems("wizard", modalities=["cbt"], service_kinds=["individual"])
    assert problems == [Problem("profession", "wizard", "“wizard” is not a profession we know.")]


@pytest.mark.parametrize("profession", PROFESSIONS)
def test_a_form_offers_exactly_what_can_be_saved(profession: str) -> None:
    modalities, services = offered_modalities(profession), offered_services(profession)
    assert offering_problems(profession, modalities=modalities, service_kinds=services) == []
    for key in MODALITIES.keys() - set(modalities):
        assert offering_problems(profession, modalities=[key], service_kinds=[])


CERTIFIED = frozenset({"NM"})


def test_a_certificate_opens_what_takes_a_prescriber_everywhere_it_is_asked() -> None:
    key, who = "medication_management", "psychologist"
    assert may_offer_modality(who, key, prescribing_states=CERTIFIED).allowed
    assert key in offered_modalities(who, prescribing_states=CERTIFIED)
    assert key in offered_services(who, prescribing_states=CERTIFIED)
    assert key not in offered_modalities(who)
    assert key not in offered_services(who)
    claim = partial(offering_problems, who, modalities=[key], service_kinds=[key])
    assert claim(prescribing_states=CERTIFIED) == []
    assert [problem.field for problem in claim()] == ["modalities", "services"]


@pytest.mark.parametrize("profession", PROFESSIONS)
def test_a_form_leaves_out_nothing_that_may_be_offered(profession: str) -> None:
    services = [key for key in SERVICE_KINDS if may_offer_service(profession, key).allowed]
    modalities = [key for key in MODALITIES if may_offer_modality(profession, key).allowed]
    assert offered_services(profession) == services != []
    assert offered_modalities(profession) == modalities


@pytest.mark.parametrize(
    ("profession", "modality", "answer"),
    [
        ("psychologist", "cbt", Answer(True, "")),  # nothing needs saying
        ("wizard", "cbt", Answer(False, "“wizard” is not a profession we know.")),
        ("psychologist", "hypnosis", Answer(False, "“hypnosis” is not a method we know.")),
        (
            "psychologist",
            "tms",
            Answer(
                False,
                "Transcranial magnetic stimulation (TMS) needs a physician: a psychiatrist or "
                "child and adolescent psychiatrist. TMS is given in person by a physician; "
                "online, a physician can offer a TMS consultation.",
            ),
        ),
        (
            "psychiatrist",
            "psychological_testing",
            Answer(False, "Psychological testing needs a psychologist."),
        ),
        (
            "psychiatrist",
            "tms",
            Answer(
                True,
                "TMS is given in person by a physician; online, a physician can offer a TMS "
                "consultation.",
            ),
        ),
    ],
)
def test_the_answer_about_a_method_in_full(profession: str, modality: str, answer: Answer) -> None:
    assert may_offer_modality(profession, modality) == answer


@pytest.mark.parametrize(
    ("profession", "service", "answer"),
    [
        ("psychologist", "individual", Answer(True, "")),
        ("wizard", "individual", Answer(False, "“wizard” is not a profession we know.")),
        ("psychologist", "cbt", Answer(False, "“cbt” is not a kind of service we know.")),
        (
            "psychiatrist",
            "esketamine",
            Answer(
                False,
                "Esketamine is given in person by a prescriber; online, a prescriber can offer "
                "an esketamine consultation.",
            ),
        ),
    ],
)
def test_the_answer_about_a_service_in_full(profession: str, service: str, answer: Answer) -> None:
    assert may_offer_service(profession, service) == answer
