"""The log says what happened and never to whom: read from the standard error of a real process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = """
import json, sys
from core import logs
logs.set_up()
import logging
from fastapi.testclient import TestClient
from main import create_app
from sqlmodel import Session
from core import clock
from core.mail import Letter
from accounts import access
from accounts.models import Person

client = TestClient(create_app(), raise_server_exceptions=False)
client.get("/sign-in?next=/secret-query")
client.post("/sign-in", data={"email": "secret-person@example.com"})
client.post("/api/v1/auth/session", json={"email": "secret-person@example.com", "code": "135790"})
client.get("/providers/secret-path")

def broken(session, email, browser, now, **kinds):
    secret_local = "secret-local-value"
    session.add(Person(plain_email="secret-twice@example.com", created_at=now))
    session.flush()
    session.connection().exec_driver_sql("SELECT CAST(%(x)s AS int4) / 0", {"x": 1})

def broken_too(session, email, browser, now, **kinds):
    secret_local = email
    raise RuntimeError("secret-message " + secret_local)

for breaking in (broken, broken_too):
    access.request_code = breaking
    answer = client.post("/sign-in?x=secret-query", data={"email": "secret-form@example.com"})
    print(answer.status_code, flush=True)
try:
    raise KeyError("secret-key")
except KeyError:
    logging.getLogger("procrastinate.worker").exception("a library's own line")
"""


@pytest.mark.parametrize("form", ["json", "console"])
def test_logs_hold_no_personal_data(database: str, form: str) -> None:
    done = subprocess.run(  # noqa: S603  # our own script
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={**os.environ, "LOG_FORMAT": form, "LOG_LEVEL": "DEBUG"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "secret" not in done.stderr
    assert "135790" not in done.stderr
    assert "SELECT CAST" not in done.stderr
    assert "RuntimeError" in done.stderr
    assert "in broken_too" in done.stderr  # where it broke is there
    assert "/providers/{slug}" in done.stderr
    assert done.stdout.split()[-1] == "500"
    if form == "json":
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
        requests = [line for line in lines if line["event"] == "request"]
        assert {"id", "method", "route", "status", "ms"} <= requests[0].keys()
        (unhandled, *_) = [line for line in lines if line["event"] == "unhandled"]
        assert unhandled["id"] in {line["id"] for line in requests}
