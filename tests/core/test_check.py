"""What `main.py check` says of settings, folder and mail server."""

import os
import smtplib
import socket
import ssl
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.check import look
from core.check.findings import GOOD, WARNING, WRONG, Finding, as_lines, must_mend, wrong
from core.check.machine import look_at_folder, look_at_mail
from core.check.settings import look_at_settings, unreadable
from core.postgres import close_folder
from core.settings import Settings

REAL = {
    "demo": False,
    "host": "127.0.0.1",
    "base_url": "https://care.example.com",
    "database_url": "",
    "database_owner_url": "",
    "secret_keys": "A" * 43 + "=",
    "smtp_url": "smtp://user:pass@mail.example.com:587",
    "mail_from": "Care <hello@care.example.com>",
    "contact": "help@care.example.com",
    "trusted_proxies": "127.0.0.1",
    "rate_limits": True,
    "run_worker": True,
    "log_level": "INFO",
}


def told(config: dict[str, object]) -> list[Finding]:
    found = look_at_settings(Settings.model_validate({**REAL, **config}))
    return [one for one in found if one.state in (WRONG, WARNING)]


def test_good_settings_are_said_to_be_good() -> None:
    assert told({}) == []
    assert [one.state for one in look_at_settings(Settings.model_validate(REAL))] == [GOOD]


@pytest.mark.parametrize(
    ("given", "state", "named"),
    [
        ({"smtp_url": ""}, WRONG, "SMTP_URL"),
        ({"demo": True, "smtp_url": "", "base_url": "https://a.example.com"}, WRONG, "DEMO"),
        ({"base_url": ""}, WRONG, "BASE_URL"),
        ({"base_url": "care.example.com"}, WRONG, "BASE_URL"),
        ({"base_url": "https://care.example.com/therapy"}, WRONG, "BASE_URL"),
        ({"base_url": "http://care.example.com"}, WRONG, "BASE_URL"),
        ({"trusted_proxies": "*"}, WRONG, "TRUSTED_PROXIES"),
        ({"trusted_proxies": "proxy.internal"}, WRONG, "proxy.internal"),
        ({"trusted_proxies": ""}, WRONG, "TRUSTED_PROXIES"),
        ({"host": "0.0.0.0"}, WARNING, "HOST=0.0.0.0"),  # noqa: S104
        ({"smtp_url": "mail.example.com:587"}, WRONG, "SMTP_URL"),
        ({"smtp_url": "smtp+plain://mail.example.com"}, WARNING, "SMTP_URL"),
        ({"mail_from": "Openchair"}, WRONG, "MAIL_FROM"),
        ({"mail_from": "Openchair <hello@openchair.example.com>"}, WRONG, "MAIL_FROM"),
        ({"contact": ""}, WARNING, "CONTACT"),
        ({"log_level": "loud"}, WRONG, "LOG_LEVEL"),
        ({"log_format": "xml"}, WRONG, "LOG_FORMAT"),
        ({"rate_limits": False}, WRONG, "RATE_LIMITS"),
    ],
)
def test_a_setting_is_told_with_what_to_do(
    given: dict[str, object], state: str, named: str
) -> None:
    (found,) = told(given)
    assert found.state == state
    assert named in found.text
    assert found.advice
    assert "pass@" not in found.text + found.advice


def test_what_cannot_be_read_is_named_and_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({"port": "secret", "workers": 0})
    first, second = unreadable(caught.value)
    assert first.startswith("PORT cannot be read")
    assert second.startswith("WORKERS cannot be read")
    assert "secret" not in first


@pytest.mark.parametrize(
    ("path", "mode", "advice"),
    [
        ("", 0o755, "chmod 7"),
        ("files", 0o755, "chmod 7"),
        ("secret.key", 0o644, "chmod 600"),
    ],
)
def test_what_others_may_look_into_is_told(
    tmp_path: Path, path: str, mode: int, advice: str
) -> None:
    data = tmp_path / "data"
    close_folder(data)
    close_folder(data / "files")
    key = data / "secret.key"
    key.write_text("A" * 43 + "=")
    key.chmod(0o600)
    config = Settings.model_validate({**REAL, "data_dir": data})
    assert [one.state for one in look_at_folder(config)] == [GOOD]
    (data / path).chmod(mode)
    (found,) = look_at_folder(config)
    assert found.state == WRONG
    assert advice in found.advice


@pytest.mark.parametrize(
    ("given", "state"), [({"secret_keys": "short"}, WRONG), ({"secret_keys": ""}, WARNING)]
)
def test_keys_are_looked_at(tmp_path: Path, given: dict[str, object], state: str) -> None:
    close_folder(tmp_path / "data")
    key = tmp_path / "data" / "secret.key"
    key.write_text("A" * 43 + "=")
    key.chmod(0o600)
    config = Settings.model_validate({**REAL, **given, "data_dir": tmp_path / "data"})
    (found,) = look_at_folder(config)
    assert found.state == state


def test_a_folder_of_others_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    close_folder(shared)
    assert shared.stat().st_mode & 0o7777 == 0o1777
    open_one = tmp_path / "open"
    open_one.mkdir(mode=0o755)
    close_folder(open_one)
    assert open_one.stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(), "nothing answers at its port"),
        (socket.gaierror("no such host"), "its host has no address"),
        (TimeoutError(), "does not answer in time"),
        (ssl.SSLCertVerificationError(1, "pass"), "certificate cannot be trusted"),
        (ssl.SSLError(1, "wrong version"), "does not speak TLS"),
        (smtplib.SMTPAuthenticationError(535, b"user@example.com: wrong pass"), "(code 535)"),
        (smtplib.SMTPNotSupportedError("pass"), "offers no TLS"),
        (smtplib.SMTPServerDisconnected("pass"), "ends the connection"),
        (OSError(113, "no route"), "cannot be reached"),
    ],
)
def test_a_mail_server_that_refuses_is_told(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def refuse() -> None:
        raise error

    monkeypatch.setattr("core.check.machine.greet_server", refuse)
    (found,) = look_at_mail(Settings.model_validate(REAL))
    assert found.state == WRONG
    assert words in found.text
    assert type(error).__name__ not in found.text
    assert "pass@" not in found.text
    assert "user@" not in found.text


def test_a_look_that_fails_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_at_mail(config: Settings) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr("core.check._LOOKS", (look_at_mail, look_at_settings))
    found = list(look(Settings.model_validate(REAL)))
    assert "mail failed (RuntimeError)" in found[0].text
    assert found[1].state == GOOD
    assert must_mend(found)


def test_what_must_be_mended_comes_first() -> None:
    lines = as_lines([Finding(GOOD, "Fine."), wrong("Broken.", "Mend it.")])
    assert lines == ["To mend:", "  - Broken.", "    Mend it.", "", "In order:", "  - Fine."]
