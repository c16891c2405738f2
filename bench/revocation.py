"""A licence is revoked while sessions are booked: how long until everybody has their letter.

`python -m bench.revocation` starts a PostgreSQL of its own, the app with its worker, and a mail
server; it books so many sessions, each of another patient, revokes the licence, and prints how many
letters came and when the last did. Then again with the app killed (kill -9) once a quarter of them
have come, and started anew; what it was doing is taken up as if the five minutes until silence is
noticed were over. Everybody must have exactly one letter; what a mail server had taken in the very
instant of the kill, two at most, may come to it again under the same Message-ID.
"""

import argparse
import time
from collections import Counter

from tests.whole.revocation import Stage, revoke_with, staged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=40)
    sessions = parser.parse_args().sessions
    for is_killed in (False, True):
        with staged(sessions) as stage:
            _show(stage, is_killed)


def _show(stage: Stage, is_killed: bool) -> None:
    revoked = time.monotonic()
    revoke_with(stage, kill_after=len(stage.expected) // 4 if is_killed else None)
    came = {person: at - revoked for at, person, _ in reversed(stage.sink.taken)}
    assert stage.sink.told() == Counter(stage.expected)
    print(
        f"{'killed in between' if is_killed else 'undisturbed':18} {len(stage.expected)} people,"
        f" each with one letter; the first after {min(came.values()):.1f} s,"
        f" the last after {max(came.values()):.1f} s; handed over again: {stage.sink.repeated()}",
        flush=True,
    )


if __name__ == "__main__":
    main()
