"""What people wear: at the neck, and around the head."""

from typing import Final

from demo.portraits.faces import Face
from demo.portraits.outlines import MIDDLE, arc, flipped, mirrored
from demo.portraits.pen import Pen, mix, rgb, shade

_SHOULDERS: Final = mirrored(
    ((0, 74), (8, 73), (13, 74.5), (27, 80), (35, 88), (38, 107), (0, 109))
)
_CREW: Final = mirrored(((0, 78.5), (9.5, 73.2), (17, 75), (10, 85)))
_VEE: Final = ((42, 71), (58, 71), (59.4, 74), (50, 89), (40.6, 74))
_ROLL: Final = mirrored(((0, 66.4), (8.6, 64), (9.6, 74), (0, 77.4)))
_UNDER_THE_ROLL: Final = mirrored(((9, 73), (17, 80), (0, 86)))
_OPEN_COLLAR: Final = ((42.6, 69), (57.4, 69), (50, 81))
_COLLAR: Final = ((41.4, 67.5), (49.9, 80), (44.6, 85), (38.4, 73))
_BLOUSE: Final = ((40, 72), (60, 72), (60, 81), (50, 101), (40, 81))
_BLOUSE_NECK: Final = ((42.6, 70), (57.4, 70), (58, 74), (50, 82.5), (42, 74))
_LAPEL: Final = ((39.6, 71.5), (42.4, 74.5), (50, 99), (46, 101), (35.6, 81.5), (39, 79.5),
                 (35.4, 76.6))  # fmt: skip

_SCARF: Final = mirrored(((0, 13), (13, 15.5), (21, 26), (22.5, 42), (21, 58), (26, 72), (33, 84),
                          (30, 96), (0, 104)))  # fmt: skip
_SCARF_FOLDS: Final = (((63, 60), (54, 72), (38, 78)), ((66, 62), (60, 80), (44, 90)))
_TURBAN: Final = mirrored(
    ((0, 8.5), (11, 10), (19.5, 18), (20.5, 28), (17.4, 36), (11, 31), (0, 26))
)
_HEADWRAP: Final = mirrored(((0, 9), (10, 10.5), (18.5, 18), (19, 28), (16.6, 33), (9, 28.6),
                             (0, 27)))  # fmt: skip
_WRAP_FOLDS: Final = (
    ((33, 29), (44, 12), (60, 10)),
    ((40, 27), (50, 17), (66, 15)),
    ((50, 27), (58, 22), (68, 24)),
)


def draw_shoulders(pen: Pen, face: Face) -> None:
    pen.shape(_SHOULDERS, rgb(face.cloth))


def draw_collar(pen: Pen, face: Face) -> None:
    """What lies around the neck."""
    _COLLARS[face.collar](pen, face)


def draw_scarf(pen: Pen, face: Face) -> None:
    """A hijab, but for the face."""
    pen.shape(_SCARF, rgb(face.shirt))
    for fold in _SCARF_FOLDS:
        pen.line(arc(*fold), 0.8, shade(face.shirt, 0.16))


def draw_wrap(pen: Pen, face: Face) -> None:
    """A turban or a headwrap, with its folds."""
    pen.shape(_TURBAN if face.style == "turban" else _HEADWRAP, rgb(face.shirt))
    for fold in _WRAP_FOLDS:
        pen.line(arc(*fold), 0.7, shade(face.shirt, 0.16))


def _crew(pen: Pen, face: Face) -> None:
    pen.shape(_CREW, rgb(face.cloth))
    pen.line(arc((40.4, 73.4), (50, 84), (59.6, 73.4)), 1.6, shade(face.cloth, 0.18))


def _vee(pen: Pen, face: Face) -> None:
    pen.patch(_VEE, rgb(face.skin))
    for side in (-1, 1):
        pen.line(((MIDDLE + side * 9.6, 73.6), (MIDDLE, 89)), 1.6, shade(face.cloth, 0.18))


def _roll(pen: Pen, face: Face) -> None:
    pen.shape(_UNDER_THE_ROLL, rgb(face.cloth))
    pen.shape(_ROLL, mix(face.cloth, "#ffffff", 0.08))


def _shirt(pen: Pen, face: Face) -> None:
    pen.patch(_OPEN_COLLAR, rgb(face.skin))
    pen.line(((50, 80), (50, 97)), 0.9, shade(face.cloth, 0.2))
    for one in (_COLLAR, flipped(_COLLAR)):
        pen.patch(one, mix(face.cloth, "#ffffff", 0.16))


def _jacket(pen: Pen, face: Face) -> None:
    pen.patch(_BLOUSE, rgb(face.shirt))
    pen.patch(_BLOUSE_NECK, rgb(face.skin))
    for one in (_LAPEL, flipped(_LAPEL)):
        pen.patch(one, shade(face.cloth, 0.16))


_COLLARS: Final = {"crew": _crew, "vee": _vee, "roll": _roll, "shirt": _shirt, "jacket": _jacket}
