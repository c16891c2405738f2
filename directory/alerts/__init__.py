"""Alerts: a letter when a saved search has a new opening. Asked for by anyone, confirmed from the
mailbox, at most one letter a day, ended with one click."""

from directory.alerts.asking import (
    LASTS,
    UNCONFIRMED,
    ask,
    confirm,
    end,
    export_alerts,
    find_alert,
    forget_alerts,
    renew,
    search_text,
)
from directory.alerts.looking import look_for_news

__all__ = [
    "LASTS",
    "UNCONFIRMED",
    "ask",
    "confirm",
    "end",
    "export_alerts",
    "find_alert",
    "forget_alerts",
    "look_for_news",
    "renew",
    "search_text",
]
