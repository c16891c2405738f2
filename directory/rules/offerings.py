"""Who may offer what: professions against modalities and kinds of service.

The tables say which group may offer each thing (`who`); this module says which professions a group
means, and answers with a sentence. It does not know which states a person is licensed in: that is
`licensure`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from directory.law import PRESCRIBING_PSYCHOLOGIST_STATES
from directory.taxonomy import MODALITIES, PROFESSIONS, SERVICE_KINDS, Modality, Profession, Who

NOWHERE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True)
class Answer:
    """`reason` is a sentence for the provider; empty when allowed and nothing needs saying."""

    allowed: bool
    reason: str


@dataclass(frozen=True)
class Problem:
    """One claim that cannot be saved: the form's field, the claimed key, and why."""

    field: str
    key: str
    message: str


_NEEDS: Final[dict[Who, str]] = {
    "everyone": "a provider",
    "therapist": "someone who offers therapy",
    "prescriber": "a prescriber",
    "physician": "a physician",
    "psychologist": "a psychologist",
}


def is_in_group(
    profession: Profession, who: Who, *, prescribing_states: frozenset[str] = NOWHERE
) -> bool:
    """Whether a profession belongs to a group.

    `prescribing_states`: where this person holds a verified prescribing certificate as a
    psychologist. It counts only in states whose law knows such a certificate
    (`directory.law`). A psychologist prescribes only there: to ask about one patient, pass
    `prescribing_states & {patient_state}`.
    """
    match who:
        case "everyone":
            return True
        case "therapist":
            return profession.offers_therapy
        case "physician":
            return profession.is_physician
        case "psychologist":
            return profession.key == "psychologist"
        case "prescriber":
            certified = prescribing_states & PRESCRIBING_PSYCHOLOGIST_STATES.keys()
            return profession.is_prescriber or (
                profession.key == "psychologist" and bool(certified)
            )


def may_offer_modality(
    profession_key: str, modality_key: str, *, prescribing_states: frozenset[str] = NOWHERE
) -> Answer:
    """Whether a profession may say that it offers a method. Unknown keys are refused."""
    profession, modality = PROFESSIONS.get(profession_key), MODALITIES.get(modality_key)
    if profession is None:
        return _unknown("profession", profession_key)
    if modality is None:
        return _unknown("method", modality_key)
    if not is_in_group(profession, modality.who, prescribing_states=prescribing_states):
        refusal = _refusal(modality.title, modality.who)
        return Answer(False, f"{refusal} {_in_person_note(modality)}".strip())
    return Answer(True, _in_person_note(modality))


def may_offer_service(
    profession_key: str, kind_key: str, *, prescribing_states: frozenset[str] = NOWHERE
) -> Answer:
    """Whether a profession may offer a kind of service online. Unknown keys are refused."""
    profession, kind = PROFESSIONS.get(profession_key), SERVICE_KINDS.get(kind_key)
    if profession is None:
        return _unknown("profession", profession_key)
    if kind is None:
        return _not_a_service(kind_key)
    if not is_in_group(profession, kind.who, prescribing_states=prescribing_states):
        return Answer(False, _refusal(kind.title, kind.who))
    return Answer(True, "")


def offering_problems(
    profession_key: str,
    *,
    modalities: Iterable[str],
    service_kinds: Iterable[str],
    prescribing_states: frozenset[str] = NOWHERE,
) -> list[Problem]:
    """Every claim that cannot be saved, in the order given; empty when all is well.

    Fields are `profession`, `modalities` and `services`.
    """
    if profession_key not in PROFESSIONS:
        reason = _unknown("profession", profession_key).reason
        return [Problem("profession", profession_key, reason)]
    problems = []
    for key in modalities:
        answer = may_offer_modality(profession_key, key, prescribing_states=prescribing_states)
        if not answer.allowed:
            problems.append(Problem("modalities", key, answer.reason))
    for key in service_kinds:
        answer = may_offer_service(profession_key, key, prescribing_states=prescribing_states)
        if not answer.allowed:
            problems.append(Problem("services", key, answer.reason))
    return problems


def offered_modalities(
    profession_key: str, *, prescribing_states: frozenset[str] = NOWHERE
) -> list[str]:
    """Keys of the methods that a form for this profession should show, in the table's order."""
    return [
        key
        for key in MODALITIES
        if may_offer_modality(profession_key, key, prescribing_states=prescribing_states).allowed
    ]


def offered_services(
    profession_key: str, *, prescribing_states: frozenset[str] = NOWHERE
) -> list[str]:
    """Keys of the service kinds that a form for this profession should show, in order."""
    return [
        key
        for key in SERVICE_KINDS
        if may_offer_service(profession_key, key, prescribing_states=prescribing_states).allowed
    ]


def _refusal(title: str, who: Who) -> str:
    members = [
        p.title[0].lower() + p.title[1:] for p in PROFESSIONS.values() if is_in_group(p, who)
    ]
    needed = _NEEDS[who]
    if len(members) == 1:
        return f"{title} needs {needed}."
    return f"{title} needs {needed}: a {', '.join(members[:-1])} or {members[-1]}."


def _in_person_note(modality: Modality) -> str:
    """What is possible online, for a treatment given in person; empty for all others."""
    if modality.consultation is None:
        return ""
    giver = _NEEDS[modality.who]
    consultation = _with_article(SERVICE_KINDS[modality.consultation].title)
    return (
        f"{modality.short_title} is given in person by {giver}; "
        f"online, {giver} can offer {consultation}."
    )


def _with_article(title: str) -> str:
    """Abbreviations keep their capitals: "a TMS consultation", "an esketamine consultation"."""
    words = title if title[:2].isupper() else title.lower()
    return f"{'an' if words[0] in 'aeiouE' else 'a'} {words}"


def _not_a_service(key: str) -> Answer:
    """Someone may claim the treatment itself as an online service: say what is possible."""
    modality = MODALITIES.get(key)
    if modality is None or modality.consultation is None:
        return _unknown("kind of service", key)
    return Answer(False, _in_person_note(modality))


def _unknown(what: str, key: str) -> Answer:
    return Answer(False, f"“{key}” is not a {what} we know.")
