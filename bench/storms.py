"""Storms, again and again: everybody wants one time, and everything dies while people book.

`python -m bench.storms` starts a PostgreSQL of its own and two web processes on it, lets 200
visitors ask for the same time at once, `--rounds` times, and prints what was answered and how long
the slowest waited (worth a look: above 1 s; clients and servers share the machine here). Then
people book while web processes and PostgreSQL are killed (kill -9) in turn, `--kills` times; it
ends with an error where a booking that was acknowledged is lost.
"""

import argparse
import time

from tests.whole.stage import staged
from tests.whole.storms import rush, survive

VISITORS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--kills", type=int, default=10)
    asked = parser.parse_args()
    with staged(WORKERS="2") as stage:
        for wanted in stage.times[::10][: asked.rounds]:
            found = rush(stage, VISITORS, wanted)
            said = ", ".join(f"{count} × {status}" for status, count in found.answers.items())
            print(f"{VISITORS} on one time: {said}; the slowest waited {found.slowest:.2f} s")
        started = time.monotonic()
        booked = survive(stage, asked.kills, bookings=10)
        seconds = time.monotonic() - started
    print(
        f"{asked.kills} kills: {len(booked.promised)} bookings acknowledged and none lost, with"
        f" {len(booked.other)} other answers, in {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
