"""Servers to measure: the app on a database, and a bare FastAPI answer to hold against it."""

import os
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI, Response
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from core.roles import make_application
from core.settings import Settings

PORTS = {"app": 8391, "beside": 8392}


bare = FastAPI(openapi_url=None)
"""What one worker can do at best: the framework, and bytes that are ready."""


@bare.get("/{size}")
def same_size(size: int) -> Response:
    return Response(b"x" * size, media_type="application/json")


def environment(url: str, folder: Path, **more: str) -> dict[str, str]:
    """The app's settings: this database, whose owner `url` names, one process, no jobs."""
    kept = Settings(data_dir=folder, secret_keys=SecretStr(""))
    kept.make_key()
    keys = kept.encryption_keys()
    return {
        "DATABASE_URL": make_application(url),
        "DATABASE_OWNER_URL": url,
        "DATA_DIR": str(folder),
        "RUN_WORKER": "false",
        "DEMO": "true",  # what is measured is made; no real use starts on that
        "SECRET_KEYS": ",".join(b64encode(key).decode() for key in keys),
        "SMTP_URL": "",
        "RATE_LIMITS": "false",
        "PORT": str(PORTS["app"]),
        **more,
    }


@contextmanager
def app(settings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`main.py serve`, once every worker is ready: the kernel deals connections out by chance."""
    with _process(["main.py", "serve"], settings) as process:
        url = f"http://127.0.0.1:{settings['PORT']}/readyz"
        wait_for(url, process, in_a_row=1 if settings.get("WORKERS", "1") == "1" else 40)
        yield process


@contextmanager
def beside(application: str, ready: str, **settings: str) -> Iterator[None]:
    """A plain application to hold against ours, once it answers at the path `ready`."""
    command = ["-m", "uvicorn", application, "--no-access-log"]
    command += ["--log-level", "warning", "--port", str(PORTS["beside"])]
    with _process(command, settings) as process:
        wait_for(f"http://127.0.0.1:{PORTS['beside']}{ready}", process)
        yield


def run(command: list[str], settings: dict[str, str]) -> None:
    """One of the app's commands, to its end. Raises CalledProcessError."""
    subprocess.run(
        [sys.executable, "main.py", *command], check=True, env={**os.environ, **settings}
    )


@contextmanager
def _process(command: list[str], settings: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """What it prints is let go."""
    process = subprocess.Popen(
        [sys.executable, *command],
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for(
    url: str, process: subprocess.Popen[bytes], seconds: float = 120, in_a_row: int = 1
) -> None:
    """Until it answers 200, so many times one after another. Raises TimeoutError, also where the
    process has ended."""
    end, answered = time.monotonic() + seconds, 0
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(url).close()  # noqa: S310  # our own server
            answered += 1
        except OSError:
            answered = 0
            time.sleep(0.02)
        if answered == in_a_row:
            return
    raise TimeoutError(url)


def spent() -> Counter[str]:
    """How many requests the app has answered within each of its steps, in seconds, by its own
    clock: `le` → count, and "+Inf" for all."""
    url = f"http://127.0.0.1:{PORTS['app']}/metrics"
    with urllib.request.urlopen(url) as answer:  # our own server
        families = text_string_to_metric_families(answer.read().decode())
    counts: Counter[str] = Counter()
    for sample in (one for family in families for one in family.samples):
        if (
            sample.name == "openchair_request_seconds_bucket"
            and sample.labels["route"] != "/metrics"
        ):
            counts[sample.labels["le"]] += int(sample.value)
    return counts


def memory(process: subprocess.Popen[bytes]) -> float:
    """MB of main memory that a process holds (Linux)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes.split()[1]) / 1024
