"""Settings with which a start is refused, and what the operator is told."""

import pytest

from core.settings import Settings
from core.start_up import is_local_database, is_loopback, refusals

KEYS = "A" * 43 + "="
SMTP = "smtp://user:pass@mail.example.com"
AWAY = "postgresql://openchair:secret@db.example.com/openchair"
PLAIN = {
    "base_url": "",
    "host": "127.0.0.1",
    "database_url": "",
    "database_owner_url": "",
    "smtp_url": "",
    "secret_keys": "",
    "workers": 1,
    "run_worker": True,
}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        # The demo stays on this machine.
        ({"demo": True}, []),
        ({"demo": True, "workers": 2, "run_worker": False}, []),
        ({"demo": True, "base_url": "http://localhost:8000"}, []),
        ({"demo": True, "host": "::1"}, []),
        ({"demo": True, "database_url": "postgresql://a:b@localhost/c"}, []),
        ({"demo": True, "database_url": "postgresql:///c?host=/run/postgresql"}, []),
        ({"demo": True, "base_url": "https://care.example.com"}, ["BASE_URL"]),
        ({"demo": True, "base_url": "https://openchair.localhost"}, []),
        ({"demo": True, "base_url": "http://127.8.0.1:8000"}, []),
        ({"demo": True, "base_url": "http://[::1]:8000"}, []),
        ({"demo": True, "base_url": "HTTPS://care.example.com"}, ["BASE_URL is a public"]),
        ({"demo": True, "base_url": "http://care.example.com"}, ["BASE_URL is a public"]),
        ({"demo": True, "base_url": "http://localhost@care.example.com"}, ["BASE_URL"]),
        ({"demo": True, "base_url": "http://localhost.example.com"}, ["BASE_URL is a public"]),
        ({"demo": True, "base_url": "localhost"}, ["BASE_URL is no"]),
        ({"demo": True, "host": "0.0.0.0"}, ["HOST=0.0.0.0"]),  # noqa: S104
        ({"demo": True, "host": "::"}, ["HOST=::"]),
        ({"demo": True, "host": "care.example.com"}, ["HOST=care.example.com"]),
        ({"demo": True, "database_url": AWAY}, ["DATABASE_URL"]),
        ({"demo": True, "smtp_url": SMTP}, ["SMTP_URL"]),
        (
            {"demo": True, "base_url": "https://a.example.com", "smtp_url": SMTP, "host": "::"},
            ["BASE_URL", "SMTP_URL", "HOST=::"],
        ),
        ({"demo": True, "database_owner_url": AWAY}, ["DATABASE_URL"]),
        # Real use needs mail, and one key for all processes.
        ({"demo": False}, ["SMTP_URL"]),
        ({"demo": False, "smtp_url": SMTP}, []),
        ({"demo": False, "smtp_url": SMTP, "base_url": "https://a.example.com"}, []),
        ({"demo": False, "smtp_url": SMTP, "base_url": "HTTPS://a.example.com/"}, []),
        ({"demo": False, "smtp_url": SMTP, "base_url": "care.example.com"}, ["BASE_URL is no"]),
        ({"demo": False, "smtp_url": SMTP, "base_url": "ftp://care.example.com"}, ["BASE_URL"]),
        ({"demo": False, "smtp_url": SMTP, "base_url": "https://:8000"}, ["BASE_URL is no"]),
        ({"demo": False, "smtp_url": SMTP, "base_url": "https://a.example.com:x"}, ["BASE_URL"]),
        ({"demo": False, "smtp_url": SMTP, "base_url": "https://a\\b.example.com"}, ["BASE_URL"]),
        ({"demo": False, "smtp_url": "http://x"}, ["SMTP_URL names no"]),
        ({"demo": False, "smtp_url": "smtp://"}, ["SMTP_URL names no"]),
        ({"demo": False, "smtp_url": "smtp:mail.example.com"}, ["SMTP_URL names no"]),
        ({"demo": False, "smtp_url": "mail.example.com:587"}, ["SMTP_URL names no"]),
        ({"demo": False, "smtp_url": "smtp://a:pass@mail.example.com:x"}, ["SMTP_URL names no"]),
        ({"demo": False, "smtp_url": "smtps://mail.example.com"}, []),
        ({"demo": False, "smtp_url": "SMTP+plain://localhost:25"}, []),
        ({"demo": False, "smtp_url": SMTP, "workers": 2}, ["WORKERS=2"]),
        ({"demo": False, "smtp_url": SMTP, "run_worker": False}, ["job worker"]),
        ({"demo": False, "smtp_url": SMTP, "database_url": AWAY}, ["DATABASE_URL"]),
        ({"demo": False, "workers": 2}, ["SMTP_URL", "SECRET_KEYS"]),
        ({"demo": False, "smtp_url": SMTP, "workers": 2, "secret_keys": KEYS}, []),
        ({"demo": False, "smtp_url": SMTP, "run_worker": False, "secret_keys": KEYS}, []),
        ({"demo": False, "smtp_url": SMTP, "database_url": AWAY, "secret_keys": KEYS}, []),
    ],
)
def test_a_start_is_refused(given: dict[str, object], named: list[str]) -> None:
    said = refusals(Settings.model_validate({**PLAIN, **given}))
    assert len(said) == len(named)
    for sentence, word in zip(said, named, strict=True):
        assert word in sentence
        assert "Set " in sentence, "what to do is said"
        assert "\n" not in sentence
        assert "secret@" not in sentence
        assert "pass@" not in sentence


def test_nothing_is_shown_to_strangers_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO", raising=False)
    assert not Settings().demo


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("", True),
        ("postgresql:///openchair", True),
        ("postgresql://a@/openchair?host=/run/postgresql", True),
        ("postgresql://a@%2Frun%2Fpostgresql/openchair", True),
        ("postgresql://a@127.0.0.1:5433/openchair", True),
        ("postgresql+psycopg://a@[::1]/openchair", True),
        ("postgresql://a@localhost/openchair", True),
        ("postgresql://a@db/openchair", False),
        ("postgresql://a@10.0.0.4/openchair", False),
        ("postgresql://a@localhost,db/openchair", False),
        ("postgresql://a@localhost/openchair?hostaddr=10.0.0.4", False),
        ("postgresql://a@localhost.example.com/openchair", False),
        ("postgresql:///openchair?service=main", False),
    ],
)
def test_a_database_of_this_machine(url: str, is_local: bool) -> None:
    assert is_local_database(url) is is_local


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("openchair.localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("", False),  # every address
        ("192.168.1.2", False),
    ],
)
def test_only_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
