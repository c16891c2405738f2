"""What a calendar shows of a patient: no more than a shoulder may read."""


def initials(name: str) -> str:
    """R.E.: of the first and the last word, all that a calendar shows of a patient."""
    parts = name.split()
    return "".join(f"{part[0].upper()}." for part in [*parts[:1], *parts[1:][-1:]]) or "Booked"
