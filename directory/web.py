"""What the directory serves, and what it keeps running meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from fastapi import FastAPI

from core.settings import settings
from directory import audit_names
from directory.api import alerts as alerts_api
from directory.api import desk as desk_api
from directory.api import practice as practice_api
from directory.api import providers as providers_api
from directory.api import suggest as suggest_api
from directory.pages import (
    alerts,
    application,
    case,
    credentials,
    desk,
    files,
    guide,
    home,
    places,
    practice_profile,
    results,
    sitemap,
    suspensions,
)
from directory.search import feeding
from directory.typed_search import read_places

_ = audit_names  # how the audit log speaks of providers

routers = [
    part.router
    for part in (
        providers_api,  # those asked most come first: routes are tried in turn
        suggest_api,
        results,
        places,
        home,
        guide,
        alerts,
        alerts_api,
        practice_api,
        desk_api,
        application,
        practice_profile,
        credentials,
        desk,
        case,
        suspensions,
        files,
        sitemap,
    )
]


@contextmanager
def running(app: FastAPI) -> Iterator[None]:
    """Keeps the search index fresh while the application serves. What the first search by words
    would wait for is read meanwhile."""
    Thread(target=read_places, name="places", daemon=True).start()
    with feeding(app.state, settings().database_url):
        yield
