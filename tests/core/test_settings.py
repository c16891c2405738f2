"""Every setting is explained where those who run Openchair look."""

from pathlib import Path

import pytest

from core.settings import Settings

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name.upper()}`" in OPERATIONS.read_text()
    assert Settings.model_fields[name].description


def test_secrets_do_not_show() -> None:
    config = Settings.model_validate({"secret_keys": "key words", "smtp_url": "smtp://a:pass@b"})
    assert "key words" not in repr(config)
    assert "pass" not in repr(config)


@pytest.mark.parametrize(
    ("given", "address", "is_https"),
    [
        ({}, "http://localhost:8000", False),
        ({"host": "::1"}, "http://[::1]:8000", False),
        ({"port": 9000}, "http://localhost:9000", False),
        ({"base_url": "https://care.example.com/"}, "https://care.example.com", True),
        ({"base_url": "HTTPS://Care.Example.com"}, "https://care.example.com", True),
        ({"base_url": " Https://[::1]:8443// "}, "https://[::1]:8443", True),
        ({"base_url": "HTTP://localhost:8000"}, "http://localhost:8000", False),
    ],
)
def test_the_public_address(given: dict[str, object], address: str, is_https: bool) -> None:
    config = Settings.model_validate({"base_url": "", "host": "127.0.0.1", "port": 8000, **given})
    assert config.public_url == address
    assert config.is_https is is_https
