"""What a practice shows of a patient: in a calendar no more than a shoulder may read, and no more
anywhere before the provider has a second factor."""

from core.web.caller import Caller


def shown_name(caller: Caller, name: str) -> str:
    """A patient's name, to a provider who may see names; else their initials."""
    return name if caller.sees_names else initials(name)


def initials(name: str) -> str:
    """R.E.: of the first and the last word, all that a calendar shows of a patient."""
    parts = name.split()
    return "".join(f"{part[0].upper()}." for part in [*parts[:1], *parts[1:][-1:]]) or "Booked"
