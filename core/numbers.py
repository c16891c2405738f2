"""Whole numbers from outside: bounded before anything counts with them."""


def read_whole(text: str, most: int) -> int | None:
    """ASCII digits for 0 to `most`; None for anything else, however long."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    number = int(text)
    return number if number <= most else None
