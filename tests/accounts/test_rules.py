"""Sign-in's rules as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.rules import (
    CODE_DIGITS,
    CODE_LASTS,
    CODE_TRIES,
    CodeState,
    WrongCode,
    device_label,
    local_path,
    may_try,
    normal_code,
    normal_email,
)
from core.errors import Invalid
from core.web.visit import network_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("someone@example.com", "someone@example.com"),
        ("  Someone@Example.COM ", "someone@example.com"),  # pasted, and capitals mean nothing
        ("a.b+c@example.co.uk", "a.b+c@example.co.uk"),
        ("me@bücher.example.com", "me@xn--bcher-kva.example.com"),  # as mail servers write it
    ],
)
def test_an_address_has_one_form(typed: str, stored: str) -> None:
    assert normal_email(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "someone",
        "@example.com",
        "a@b@example.com",
        "a b@example.com",
        "a@example.com\nBcc: x",
        "a\x00@example.com",
        "a\ud800@example.com",
        "ü@example.com",
        "x" * 260 + "@example.com",
        "a@" + "x" * 250 + ".com",
    ],
)
def test_what_is_no_address_is_refused_on_its_field(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        normal_email(typed)
    message = "Enter an email address like name@example.com."
    assert list(refused.value.fields) == [("email", message)]


@pytest.mark.parametrize("typed", ["123456", " 123456 ", "123 456", "123-456", "1 2 3 4 5 6"])
def test_a_code_is_read_kindly(typed: str) -> None:
    assert normal_code(typed) == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "１２３４５６", "٠١٢٣٤٥"])
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        normal_code(typed)
    assert list(refused.value.fields) == [("code", "Enter the code from our message.")]


@pytest.mark.parametrize(
    ("code", "may"),
    [
        (CodeState(NOW + timedelta(seconds=1), 0, False), True),
        (CodeState(NOW, 0, False), False),  # ten minutes are over: the end is not in it
        (CodeState(NOW + timedelta(minutes=1), CODE_TRIES - 1, False), True),
        (CodeState(NOW + timedelta(minutes=1), CODE_TRIES, False), False),
        (CodeState(NOW + timedelta(minutes=1), 1, True), False),
    ],
)
def test_when_a_code_may_be_tried(code: CodeState, may: bool) -> None:
    assert may_try(code, NOW) is may


def test_a_code_has_six_digits_ten_minutes_and_five_tries() -> None:
    assert CODE_DIGITS == 6
    assert CODE_LASTS.total_seconds() == 600
    assert CODE_TRIES == 5


def test_a_wrong_code_says_what_to_do_and_not_what_was_wrong() -> None:
    assert WrongCode.code == "wrong_code"
    assert list(WrongCode().fields) == [
        (
            "code",
            "This code is not right, or no longer valid. Enter the one from our newest message,"
            " or ask for a new code.",
        )
    ]


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/appointments", True),
        ("/find?state=WA&condition=ocd#results", True),
        ("/a//b", True),
        ("", False),
        ("appointments", False),
        ("//evil.example.com", False),
        ("/\\evil.example.com", False),  # browsers read it as //
        ("/\t/evil.example.com", False),  # browsers drop the tab
        ("/a\nb", False),
        ("https://evil.example.com/", False),
        ("javascript:alert(1)", False),
        ("/" + "a" * 999, True),  # the longest
        ("/" + "a" * 1000, False),
        ("/ü", False),  # headers are ASCII; our links are
    ],
)
def test_only_our_own_pages_are_gone_back_to(target: str, kept: bool) -> None:
    assert local_path(target) == (target if kept else "")


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox on Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("Mozilla/5.0 (X11; CrOS x86_64) OPR/120.0", "Opera on Chromebook"),
        ("Mozilla/5.0 (Unknown) Firefox/145.0", "Firefox"),  # the system is not said
        ("Dalvik/2.1.0 (Linux; U; Android 16)", "Android"),  # nor here the browser
        ("python-httpx2/2.16", "Another device"),
        ("", "Another device"),
    ],
)
def test_a_device_is_named_as_its_owner_would(user_agent: str, label: str) -> None:
    assert device_label(user_agent) == label


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),  # one home has all of a /64
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "unknown"),
    ],
)
def test_limits_count_networks(host: str, network: str) -> None:
    assert network_of(host, 32, 64) == network
