"""The desk's figures as bars, drawn by the page itself, with the same in words."""

from typing import Any

from core.web import formats
from directory.credentials.figures import AGES, Figures


def charts(figures: Figures) -> dict[str, Any]:
    """Widths and heights are parts of 100."""
    most_waiting = max([*figures.waiting, 1])
    most_decided = max([number for _, number in figures.decided] + [1])
    total = sum(number for _, number in figures.decided)
    today = figures.decided[-1][1]
    return {
        "ages": [
            {"label": _age(age), "number": number, "width": round(100 * number / most_waiting)}
            for age, number in zip(AGES, figures.waiting, strict=True)
        ],
        "late": f"{formats.count(figures.late, 'case')} past due" if figures.late else "",
        "days": [
            {"x": 7 * place, "height": round(40 * number / most_decided)}
            for place, (_, number) in enumerate(figures.decided)
            if total
        ],
        "decided": f"{formats.count(total, 'decision')}, {today:,} today" if total else "None yet.",
        "decided_words": "Decisions a day: "
        + ", ".join(f"{formats.short_day(day)} {number}" for day, number in figures.decided),
    }


def _age(age: tuple[int, int | None]) -> str:
    least, most = age
    return f"Over {least - 1} days" if most is None else f"{least} to {most} days"
