"""What the next page says after a change: `?notice=saved`. Each package declares its own words; an
address can choose among these, and never brings words of its own."""

from starlette.requests import Request

_texts: dict[str, str] = {}


def declare(key: str, text: str) -> str:
    """The query of an address whose page says `text`. Raises ValueError where the key says
    something else already."""
    if _texts.setdefault(key, text) != text:
        raise ValueError(f"{key!r} says something else already")
    return f"?notice={key}"


SAVED = declare("saved", "Saved.")
SENT = declare("sent", "Sent.")


def asked_for(request: Request) -> str:
    """What the page is to say; empty where nothing was declared for that."""
    return _texts.get(request.query_params.get("notice", ""), "")
