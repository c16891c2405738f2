"""Every setting, read from the environment once. Each is documented in docs/operations.md."""

import base64
import binascii
import re
import secrets
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from fasteners import InterProcessLock
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Names of the environment are these names in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    base_url: str = Field(
        "", description="Public address, used in mail and cookies; empty: http://HOST:PORT."
    )
    data_dir: Path = Field(
        Path(".openchair"),
        description="Folder of the embedded database, uploaded files and the generated key.",
    )
    database_url: str = Field(
        "", description="A PostgreSQL of your own; empty: the embedded one in DATA_DIR."
    )
    database_owner_url: str = Field(
        "",
        description="The same database as its owner, for migrations; empty: DATABASE_URL owns it.",
    )
    database_replica_url: str = Field(
        "", description="A streaming replica of it, for public pages to read from; empty: none."
    )
    database_pool: int = Field(
        8, ge=1, le=100, description="Connections that one process keeps for requests."
    )
    threads: int = Field(4, ge=1, le=64, description="Threads of each lane, per process.")
    workers: int = Field(1, ge=1, le=32, description="Web processes that `serve` starts.")
    run_worker: bool = Field(
        True, description="Run the job worker inside `serve`; false where it has its own process."
    )
    demo: bool = Field(
        False,
        description="Load the demo directory on first start and show its mailbox to everyone. "
        "Only on this machine.",
    )
    secret_keys: SecretStr = Field(
        SecretStr(""),
        description="Comma-separated base64 keys of 32 bytes; the first encrypts, all decrypt. "
        "Empty: a new database gets one in DATA_DIR, for one process on one machine.",
    )
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="smtp://user:password@host:587 (STARTTLS), smtps://… (TLS) or "
        "smtp+plain://… (none). Only the demo goes without.",
    )
    mail_from: str = Field(
        "Openchair <hello@openchair.example.com>", description="Sender of all mail."
    )
    contact: str = Field(
        "", description="Address that people may write to, shown where they need help; empty: none."
    )
    trusted_proxies: str = Field(
        "127.0.0.1", description="Addresses whose X-Forwarded-For and -Proto are believed."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    log_format: str = Field("auto", description="json, console, or auto (console on a terminal).")
    rate_limits: bool = Field(
        True, description="Limit codes and holds per visitor, address and overall."
    )
    audit_log_to: str = Field(
        "",
        description="Where the audit log is copied to: file:/path, syslog:/dev/log or "
        "syslog:host:514; empty: nowhere.",
    )
    provider_factor_grace_days: int = Field(
        7,
        ge=0,
        le=90,
        description="Days after the first sign-in that a provider sees names without a factor.",
    )

    @property
    def public_url(self) -> str:
        """The address people use, in its normal form. A start refuses what is none."""
        # A name where there is one: passkeys belong to names.
        host = "localhost" if self.host == "127.0.0.1" else self.host
        host = f"[{host}]" if ":" in host else host
        given = self.base_url or f"http://{host}:{self.port}"
        return normal_address(given) or given

    @property
    def owner_url(self) -> str:
        """The database as whoever may change its tables."""
        return self.database_owner_url or self.database_url

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    def folder(self, name: str) -> Path:
        """A folder for uploaded files, outside anything that is served as static files."""
        path = self.data_dir / "files" / name
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    @property
    def key_file(self) -> Path:
        """Where the key lies that a first start makes; SECRET_KEYS stands in its place."""
        return self.data_dir / "secret.key"

    @property
    def has_keys(self) -> bool:
        return bool(self.secret_keys.get_secret_value()) or self.key_file.exists()

    def encryption_keys(self) -> list[bytes]:
        """Encryption keys, newest first. Raises ValueError where there is none, or no such."""
        if not self.has_keys:
            raise ValueError(
                f"The key is missing: SECRET_KEYS is not set, and {self.key_file} is not there. "
                "Set SECRET_KEYS to the key with which the database was made, or put the file back."
            )
        text = self.secret_keys.get_secret_value() or self.key_file.read_text()
        parts = [part.strip() for part in text.replace("\n", ",").split(",")]
        try:
            keys = [base64.b64decode(part, validate=True) for part in parts if part]
        except binascii.Error:
            keys = []
        if not keys or any(len(key) != 32 for key in keys):
            raise ValueError(
                "SECRET_KEYS must be base64 of 32 bytes each (44 characters that end with =), "
                "separated by commas."
            )
        return keys

    def make_key(self) -> None:
        """The first key, in DATA_DIR, where there is none yet. For a new database only: what
        another key sealed would stay shut."""
        path = self.key_file
        if not self.has_keys:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with InterProcessLock(path.with_suffix(".lock")):
                if not path.exists():  # else another process that starts has just made it
                    made = path.with_suffix(".new")
                    made.touch(mode=0o600)
                    made.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
                    made.replace(path)  # whole or not at all


@lru_cache(maxsize=8)
def normal_address(text: str) -> str:
    """A web address with its scheme and host in lower case (RFC 3986, 6.2.2.1) and no slash at
    the end; empty where `text` is no http or https address with a host."""
    try:
        parts = urlsplit(text.strip())
        _ = parts.port  # raises where it is no number
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.hostname or ""):
        return ""
    return parts._replace(netloc=parts.netloc.lower()).geturl().rstrip("/")


_HOST = re.compile(r"[\w.:-]+")


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. Tests clear the cache (`settings.cache_clear()`)."""
    return Settings()
