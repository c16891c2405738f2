"""Outlines of heads and hair, in hundredths of a picture.

A half is given from its top to its bottom on the right, as distances from the middle, and is
mirrored. All are drawn as smooth closed curves through their points.
"""

from functools import cache
from typing import Final

Point = tuple[float, float]
Outline = tuple[Point, ...]

MIDDLE: Final = 50.0
_STEPS: Final = 7


def mirrored(half: Outline) -> Outline:
    """The whole of a half."""
    right = tuple((MIDDLE + x, y) for x, y in half)
    return right + tuple((MIDDLE - x, y) for x, y in reversed(half) if x)


def flipped(outline: Outline) -> Outline:
    return tuple((2 * MIDDLE - x, y) for x, y in outline)


@cache
def curve(points: Outline) -> Outline:
    """Many points of a closed smooth curve through these (Catmull-Rom)."""
    made: list[Point] = []
    count = len(points)
    for at in range(count):
        a, b, c, d = (points[(at + step) % count] for step in (-1, 0, 1, 2))
        made += [_between(a, b, c, d, step / _STEPS) for step in range(_STEPS)]
    return tuple(made)


def _between(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    x, y = (
        0.5
        * (
            2 * q
            + (r - p) * t
            + (2 * p - 5 * q + 4 * r - s) * t * t
            + (3 * q - p - 3 * r + s) * t * t * t
        )
        for p, q, r, s in zip(a, b, c, d, strict=True)
    )
    return x, y


def arc(start: Point, bend: Point, end: Point) -> Outline:
    """Points of a bow from start to end, drawn towards `bend`."""
    made = []
    for step in range(9):
        t = step / 8
        u = 1 - t
        x, y = (
            u * u * a + 2 * u * t * b + t * t * c for a, b, c in zip(start, bend, end, strict=True)
        )
        made.append((x, y))
    return tuple(made)


def head(jaw: float) -> Outline:
    """`jaw`: how broad; 1 is usual."""
    half = (
        (0, 21.5), (9, 23), (14.8, 29.5), (16.2, 39), (15.6 * jaw, 48.5),
        (12.6 * jaw, 57), (7 * jaw, 63.4), (0, 65.3),
    )  # fmt: skip
    return mirrored(half)


NECK: Final = mirrored(((0, 52), (7, 53), (7.2, 65), (9, 71), (17, 76), (0, 81)))
UNDER_CHIN: Final = mirrored(((0, 55), (7, 57), (7.1, 66), (4, 69.5), (0, 70.5)))

BEHIND: Final = {
    "long": mirrored(((0, 15.5), (12, 18), (19.5, 28), (21, 45), (22.5, 66), (22, 84), (8, 86),
                      (0, 84))),
    "wavy": mirrored(((0, 14.5), (12, 17), (20, 27), (21, 38), (24, 47), (22.5, 55), (26, 64),
                      (24, 72), (25, 81), (12, 84), (0, 82))),
    "bob": mirrored(((0, 15.5), (12, 18), (19.8, 28), (21.5, 44), (22, 57), (19, 63), (9, 64),
                     (0, 62))),
    "low_bun": mirrored(((0, 17), (11, 19), (17.5, 28), (18, 42), (14, 52), (0, 56))),
    "bun": mirrored(((0, 17), (11, 19), (17.5, 28), (18, 42), (14, 50), (0, 54))),
    "braids": mirrored(((0, 15), (12, 17.5), (19.5, 27), (21, 44), (23, 62), (24, 80), (17, 88),
                        (10, 84), (0, 80))),
    "pixie": mirrored(((0, 15.5), (11, 17.5), (18, 25), (18.8, 36), (17.5, 46), (12, 50), (0, 52))),
    "short": mirrored(((0, 16), (10, 17.5), (16.5, 24), (17.8, 34), (17.2, 42), (0, 46))),
}  # fmt: skip
"""What lies behind head and shoulders."""

_CENTRE_R = ((50, 16.8), (58, 17.4), (66, 23), (70, 34), (70.4, 48), (68, 54), (66.4, 45),
             (64.4, 36), (60, 28.5), (53.4, 24.4), (49.6, 23.6))  # fmt: skip
_SIDE_R = ((43, 19), (55, 17.8), (65.5, 23.5), (70, 35), (70, 48), (67.5, 52), (66, 44),
           (62.5, 36.5), (54, 32.5), (46, 27), (42, 22))  # fmt: skip
_SIDE_L = ((45, 18), (38, 20.5), (31.5, 29), (30, 40), (30.5, 50), (32.8, 51), (34.2, 41), (37, 33),
           (41.5, 26.5), (45.5, 22))  # fmt: skip
_TEMPLE = ((62, 24.5), (66.4, 28.6), (68, 36), (67.6, 43), (66, 45.6), (65, 40), (63.6, 33.5),
           (61, 29))  # fmt: skip
BANGS: Final = mirrored(((0, 16.5), (11, 18.5), (18.5, 27), (20, 40), (19.2, 51), (16.6, 50),
                         (15.6, 41), (13.8, 35.5), (8, 36.3), (0, 36)))  # fmt: skip
IN_FRONT: Final = {
    "centre": (_CENTRE_R, flipped(_CENTRE_R)),
    "side": (_SIDE_R, _SIDE_L),
    "bangs": (BANGS,),
    "back": (mirrored(((0, 17), (9.5, 18.6), (16.4, 25.5), (17.6, 37), (16.6, 43), (15, 37),
                       (12.4, 30), (7, 26.6), (0, 26))),),
    "short": (mirrored(((0, 15.5), (10, 17), (16.6, 23.5), (17.8, 35), (16.6, 43), (15.4, 38),
                        (13.6, 31), (7, 27.6), (0, 27))),),
    "side_short": (((38, 20), (46, 14.6), (58, 15.2), (66.5, 22), (68, 34), (66.6, 43), (65, 37),
                    (62, 30.5), (53, 29), (44, 25), (38.5, 28), (35, 35), (33.4, 43), (32, 36),
                    (33, 26)),),
    "swept": (((35, 23), (40, 15), (52, 11.6), (63, 14.6), (68, 24), (68, 35), (66.5, 43),
               (65.2, 37), (63.5, 30), (54, 28.4), (44, 29.4), (38.5, 27.6), (35.4, 34), (33.4, 43),
               (32, 34)),),
    "crop": (mirrored(((0, 18.2), (9.5, 19.8), (15.6, 25.5), (16.9, 35), (16.2, 42), (15.2, 37),
                       (13.4, 29.6), (7, 27), (0, 27))),),
    "pixie": (((41, 17.5), (52, 15), (63, 18.5), (69, 27), (69, 38), (66.4, 46), (64.8, 38.5),
               (57, 35.5), (47, 30), (40.5, 27), (36.5, 33.5), (34.4, 42), (32.4, 46), (31, 37),
               (33, 25)),),
    "receding": (
        _TEMPLE,
        flipped(_TEMPLE),
        mirrored(((0, 20.4), (8, 21.6), (13, 25), (9, 25.4), (0, 24))),
    ),
}  # fmt: skip

BRAIDS: Final = tuple(
    ((MIDDLE + side * (x - 1.6), 34), (MIDDLE + side * x, 60), (MIDDLE + side * (x + 0.6), low))
    for side in (-1, 1)
    for x, low in ((18, 82), (21.5, 78))
)

FACE_IN_A_SCARF: Final = mirrored(((0, 25.4), (8, 27), (13.4, 33), (14.6, 42), (13.6, 51),
                                   (10.6, 58), (5.6, 63.2), (0, 64.6)))  # fmt: skip
LIPS: Final = mirrored(((0, 56.9), (5.2, 56), (3.4, 59.5), (0, 60.6)))
TEETH: Final = mirrored(((0, 57.2), (4, 56.5), (2.6, 58.3)))
FULL_BEARD: Final = mirrored(((0, 52.6), (6, 52.8), (10, 51.6), (13.6, 46), (16, 40), (16.2, 50),
                              (13.6, 60), (7.6, 67), (0, 69)))  # fmt: skip
GOATEE: Final = mirrored(((0, 53), (5.6, 53.2), (7.2, 57), (6.8, 63.4), (3.6, 66.6), (0, 67.4)))
