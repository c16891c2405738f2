"""How long pages take in directories of 1,000 to 1,000,000 listings, and what they ask of SQL.

    python -m bench.answers                          # all sizes, in a temporary folder
    python -m bench.answers --sizes 1000 100000 --folder /var/tmp/openchair-bench

Each size is a database that `main.py country` makes (kept in `--folder`, as `bench.country` does).
The application runs in this process; each page is asked for `--times` times, one after another,
for providers drawn by lot. Printed are the median and the 99th percentile in milliseconds, with the
test client's own one or two, and how many statements the application sent (the most of any time).
"""

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import event, text
from sqlmodel import Session

from accounts.people import ensure_person
from accounts.sessions import start_session
from bench import servers
from bench.country import directories, options_of
from core import clock
from core.database import engine, request_engine
from core.settings import settings
from demo.people import ADMIN_EMAIL, PATIENT_EMAIL

VIEWS = ("ours", "theirs", "expiring", "overdue", "everyone")
_DRAWN = text(
    "SELECT l.provider_id AS id, l.slug, p.person_id FROM listing l"
    " JOIN provider p ON p.id = l.provider_id"
    " WHERE l.number = ANY(:numbers) AND l.published_at IS NOT NULL"
)

# What is asked for, and by whom.
PAGES = {
    "home": ("/", ""),
    "search": ("/find?state=WA&condition=anxiety", ""),
    "profile": ("/providers/{slug}", ""),
    "profile, JSON": ("/api/v1/providers/{id}", ""),
    "suggestions": ("/api/v1/suggest?q={begun}", ""),
    "sitemap, a part": ("/sitemap/providers-1.xml", ""),
    "a patient's appointments": ("/appointments", "patient"),
    "a practice": ("/provider", "provider"),
    **{f"desk, {view}": (f"/admin?view={view}", "admin") for view in VIEWS},
    "desk, JSON": ("/api/v1/admin/queue?view=everyone", "admin"),
    "desk, a case": ("/admin/providers/{id}", "admin"),
    "audit log": ("/admin/audit", "admin"),
}
Asked = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class Place:
    """One provider of the directory; and how their owner, the admin and a patient speak."""

    ids: dict[str, str]
    headers: dict[str, dict[str, str]]

    def asking(self, page: str) -> Asked:
        path, speaker = PAGES[page]
        return path.format(**self.ids), self.headers[speaker]


def main() -> None:
    options = options_of(__doc__)
    options.add_argument("--times", type=int, default=100, help="each page is asked for")
    chosen = options.parse_args()
    for size, url, folder in directories(chosen.sizes, chosen.folder):
        _use(url, folder)
        _measure(size, chosen.times)
        engine().dispose()
        request_engine().dispose()


def _use(url: str, folder: Path) -> None:
    os.environ.update(servers.environment(url, folder), LOG_LEVEL="WARNING")
    settings.cache_clear()
    engine.cache_clear()


def _measure(size: int, times: int) -> None:
    from main import create_app

    places = list(_places(size, times))
    with TestClient(create_app(), follow_redirects=False) as client, _counted() as sent:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.2)
        for page in PAGES:
            asked = [places[n % len(places)].asking(page) for n in range(times)]
            _show(page, client, asked, sent)


def _show(name: str, client: TestClient, asked: list[Asked], sent: list[str]) -> None:
    taken: list[float] = []
    statements = 0
    for path, headers in asked:
        sent.clear()
        started = time.perf_counter()
        answer = client.get(path, headers=headers)
        taken.append((time.perf_counter() - started) * 1000)
        statements = max(statements, len(sent))
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
    taken.sort()
    p50, p99 = statistics.median(taken), taken[len(taken) * 99 // 100]
    print(
        f"  {name:28} p50 {p50:8.1f} ms  p99 {p99:8.1f} ms  {statements:3} statements", flush=True
    )


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The statements that the application's engine sends."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    event.listen(request_engine(), "before_cursor_execute", note)
    yield sent
    event.remove(request_engine(), "before_cursor_execute", note)


def _places(size: int, times: int) -> Iterator[Place]:
    numbers = Random("places").sample(range(1, size + 1), min(size, times))
    with Session(engine()) as session:
        others = {
            name: _speak(session, ensure_person(session, email, clock.now()).id)
            for name, email in (("admin", ADMIN_EMAIL), ("patient", PATIENT_EMAIL))
        }
        for row in session.connection().execute(_DRAWN, {"numbers": numbers}).all():
            ids = {"id": str(row.id), "slug": row.slug, "begun": row.slug[:4]}
            own = {"": {}, "provider": _speak(session, row.person_id)}
            yield Place(ids, others | own)
        session.commit()


def _speak(session: Session, person_id: Any) -> dict[str, str]:
    """Headers of a new sign-in session."""
    secret = start_session(session, person_id, clock.now(), "Bench")
    return {"Authorization": f"Bearer {secret}"}


if __name__ == "__main__":
    main()
