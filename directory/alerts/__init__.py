"""Alerts: a letter when a saved search has a new opening. Asked for by anyone, confirmed from the
mailbox, at most one letter a day, ended with one click."""

from directory.alerts.delivery import look_for_news
from directory.alerts.subscriptions import (
    LASTS,
    UNCONFIRMED,
    confirm,
    end,
    end_own,
    export_alerts,
    find_alert,
    forget_alerts,
    renew,
    request_alert,
    running_of,
    search_text,
)

__all__ = [
    "LASTS",
    "UNCONFIRMED",
    "confirm",
    "end",
    "end_own",
    "export_alerts",
    "find_alert",
    "forget_alerts",
    "look_for_news",
    "renew",
    "request_alert",
    "running_of",
    "search_text",
]
