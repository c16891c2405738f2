"""Settings that contradict each other or the outside world. A rule: it looks at nothing else."""

import ipaddress
from collections.abc import Iterator
from email.utils import parseaddr
from urllib.parse import urlsplit

from pydantic import ValidationError

from core.check.findings import Finding, good, note, warning, wrong
from core.settings import Settings, normal_address
from core.start_up import is_loopback, refusals


def unreadable(error: ValidationError) -> list[str]:
    """A sentence for each setting that cannot be read; its value, maybe a secret, is not said."""
    return [
        f"{str(one['loc'][0]).upper()} cannot be read: {one['msg']}. "
        "See Settings in docs/operations.md."
        for one in error.errors(include_input=False, include_url=False)
    ]


def look_at_settings(config: Settings) -> Iterator[Finding]:
    found = [
        *(wrong(*_in_two(sentence)) for sentence in refusals(config)),
        *_of_address(config),
        *_of_proxies(config),
        *_of_mail(config),
        *_of_logs(config),
    ]
    yield from found or [good("The settings agree with each other.")]
    if config.demo:
        yield note("This is the demo: everyone may read its mail.", "Set DEMO=false for real use.")


def _in_two(sentence: str) -> tuple[str, str]:
    """What is wrong, and what to set."""
    text, advice = sentence.split(" Set ", 1)
    return text, f"Set {advice}"


def _of_address(config: Settings) -> Iterator[Finding]:
    if not normal_address(config.public_url):
        return  # a start refuses it: told already
    address = urlsplit(config.public_url)
    if address.path or address.query or address.username:
        yield wrong(
            "BASE_URL has more than a host and a port.",
            "Openchair needs a host of its own: set it like https://care.example.com.",
        )
    elif not config.demo and not config.base_url:
        yield wrong(
            f"BASE_URL is not set: letters would lead people to {config.public_url}.",
            "Set it to the public address.",
        )
    elif not config.is_https and not is_loopback(address.hostname or ""):
        yield wrong(
            "BASE_URL is not https: sessions could be read and taken over on the way.",
            "Put a proxy with TLS in front and set BASE_URL to its https address.",
        )


def _of_proxies(config: Settings) -> Iterator[Finding]:
    given = [one.strip() for one in config.trusted_proxies.split(",") if one.strip()]
    if "*" in given:
        yield wrong(
            "TRUSTED_PROXIES=* lets every visitor choose the address that limits count.",
            "Set it to the proxy's address.",
        )
    for one in given:
        if one != "*" and not _is_network(one):
            yield wrong(
                f"TRUSTED_PROXIES names {one}, which is no address.",
                "Set it to the proxy's address, not its name: 10.0.0.4 or 10.0.0.0/24.",
            )
    if config.is_https and not given:
        yield wrong(
            "TRUSTED_PROXIES is empty: all visitors share the proxy's address, and its limits.",
            "Set it to the proxy's address.",
        )
    if config.is_https and given == ["127.0.0.1"] and not is_loopback(config.host):
        yield warning(
            f"HOST={config.host} lets other machines in past the proxy on this one.",
            "Set HOST=127.0.0.1, or TRUSTED_PROXIES to the proxy's address.",
        )


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _of_mail(config: Settings) -> Iterator[Finding]:
    url = config.smtp_url.get_secret_value()
    if url.startswith("smtp+plain:") and not is_loopback(urlsplit(url).hostname or ""):
        yield warning(
            "SMTP_URL sends codes unencrypted to another machine.", "Use smtp:// or smtps://."
        )
    sender = parseaddr(config.mail_from)[1]
    if "@" not in sender:
        yield wrong("MAIL_FROM is no address.", "Set it like Openchair <hello@care.example.com>.")
    elif not config.demo and sender.endswith("@openchair.example.com"):
        yield wrong(
            "MAIL_FROM is not set: mail servers refuse a sender that does not exist.",
            "Set it to an address of a domain of yours, with SPF, DKIM and DMARC.",
        )
    if not config.demo and not config.contact:
        yield warning("CONTACT is not set: who needs help finds no address.", "Set CONTACT.")


def _of_logs(config: Settings) -> Iterator[Finding]:
    if config.log_level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        yield wrong("LOG_LEVEL is unknown.", "Set it to DEBUG, INFO, WARNING or ERROR.")
    if config.log_format not in ("auto", "json", "console"):
        yield wrong("LOG_FORMAT is unknown.", "Set it to auto, json or console.")
    if not config.rate_limits and not config.demo:
        yield wrong("RATE_LIMITS=false lets anyone guess codes.", "Leave it away.")
