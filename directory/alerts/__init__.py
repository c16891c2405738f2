"""Alerts: a letter when a saved search has a new opening. Asked for by anyone, confirmed from the
mailbox, at most one letter a day, ended with one click."""

from directory.alerts.asking import (
    LASTS,
    ask,
    confirm,
    end,
    export_alerts,
    find_alert,
    forget_alerts,
    query_of,
    renew,
    search_text,
)

__all__ = [
    "LASTS",
    "ask",
    "confirm",
    "end",
    "export_alerts",
    "find_alert",
    "forget_alerts",
    "query_of",
    "renew",
    "search_text",
]
