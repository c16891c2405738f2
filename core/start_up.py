"""What a start refuses: settings with which strangers could get in, or data could get lost."""

import ipaddress
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from core.line_copies import writer_to
from core.settings import Settings, normal_address

_MAKE_A_KEY: Final = (
    "python -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())'"
)

_MAIL_SCHEMES: Final = ("smtp", "smtps", "smtp+plain")


class RefusedStart(Exception):
    """The settings do not do; the message has a line for each that must change."""


def check_start(config: Settings) -> None:
    """Raises RefusedStart."""
    if found := refusals(config):
        raise RefusedStart("\n".join(found))


def refusals(config: Settings) -> list[str]:
    """A sentence for each setting that must change before a start, saying to what."""
    found = _of_the_demo(config) if config.demo else _of_real_use(config)
    if config.base_url and not normal_address(config.base_url):
        found.append("BASE_URL is no web address. Set it like https://care.example.com.")
    if config.audit_log_to:
        try:
            writer_to(config.audit_log_to)
        except ValueError as error:
            found.append(f"AUDIT_LOG_TO={config.audit_log_to} cannot be used. {error}")
    if config.database_owner_url and not config.database_url:
        found.append(
            "DATABASE_OWNER_URL is set and DATABASE_URL is not. "
            "Set DATABASE_URL to the same database as the application's own user."
        )
    return found


def _of_the_demo(config: Settings) -> list[str]:
    """Its mailbox shows everyone's codes, so nobody else may reach it."""
    found = []
    address = normal_address(config.base_url)
    if address and not is_loopback(urlsplit(address).hostname or ""):
        found.append(
            "DEMO=true shows every sign-in code to everyone, and BASE_URL is a public address. "
            "Set DEMO=false for real use, or leave BASE_URL empty."
        )
    if not is_local_database(config.database_url):
        found.append(
            "DEMO=true fills the database with made people, and DATABASE_URL is on another "
            "machine. Set DEMO=false for real use, or leave DATABASE_URL empty."
        )
    if config.smtp_url.get_secret_value():
        found.append(
            "DEMO=true writes to made people, and SMTP_URL would send it. "
            "Set DEMO=false for real use, or leave SMTP_URL empty."
        )
    if not is_loopback(config.host):
        found.append(
            f"DEMO=true shows every sign-in code to everyone, and HOST={config.host} lets other "
            "machines in. Set DEMO=false for real use, or HOST=127.0.0.1."
        )
    return found


def _of_real_use(config: Settings) -> list[str]:
    found = []
    if mail_server := config.smtp_url.get_secret_value():
        if not _is_mail_server(mail_server):
            found.append(
                "SMTP_URL names no mail server. Set it like "
                "smtp://user:password@mail.example.com:587 (or smtps://…, smtp+plain://…), with "
                "special characters of the password as %XX."
            )
    else:
        found.append(
            "SMTP_URL is not set, so nobody could sign in. Set it to your mail server "
            "(smtp://user:password@host:587), or DEMO=true to try Openchair out on this machine."
        )
    if not config.secret_keys.get_secret_value() and (several := _several(config)):
        found.append(
            f"SECRET_KEYS is not set, and {several}: every process needs the same key. "
            f"Set it to the key in DATA_DIR/secret.key where there is one, else to a new one: "
            f"{_MAKE_A_KEY}"
        )
    return found


def _is_mail_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in _MAIL_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number
        return False


def _several(config: Settings) -> str:
    """What tells of several processes or machines; empty for one process on one machine."""
    if config.workers > 1:
        return f"WORKERS={config.workers}"
    if not config.run_worker:
        return "the job worker is a process of its own"
    if not is_local_database(config.database_url):
        return "DATABASE_URL is on another machine"
    return ""


def is_local_database(url: str) -> bool:
    """Whether `url` leads to this machine, by a socket or a loopback address. The embedded one
    does; what cannot be read is refused elsewhere."""
    if not url:
        return True
    try:
        parts: dict[str, Any] = conninfo_to_dict(url.replace("+psycopg", "", 1))
    except psycopg.ProgrammingError:
        return True
    hosts = str(parts.get("hostaddr") or parts.get("host") or "").split(",")
    is_named_elsewhere = "service" in parts
    return not is_named_elsewhere and all(
        not host or host.startswith(("/", "@")) or is_loopback(host) for host in hosts
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine is behind `host`, by its name or address (RFC 6761, 6.3)."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
