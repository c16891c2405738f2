"""Made providers have faces that are drawn from the seed and served as uploaded photos are."""

import io
from collections import Counter
from datetime import UTC, date, datetime
from random import Random

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlmodel import Session, col, select

from demo import names
from demo.generate import make_providers
from demo.load import load_demo
from demo.portraits.drawing import draw_face
from demo.portraits.faces import SKIN, Face, face_of, make_face
from demo.portraits.photos import drawn_photos
from directory.listings.photos import PHOTO_LEAST
from directory.listings.portrait import SIDE
from directory.models import Listing, Provider

NOW = datetime.now(UTC).replace(microsecond=0)
SEED = 1


def faces(count: int) -> list[Face | None]:
    made = make_providers(count, SEED, date(2026, 1, 1))
    return [face_of(SEED, number, one.first, one.last) for number, one in enumerate(made)]


def test_the_same_seed_draws_the_same_picture() -> None:
    first, second = (face_of(SEED, 7, "Mei", "Chan") for _ in range(2))
    other = face_of(SEED + 1, 7, "Mei", "Chan")
    assert first is not None
    assert second is not None
    assert other is not None
    assert draw_face(first) == draw_face(second) != draw_face(other)


def test_one_in_six_shows_no_face_and_the_first_does() -> None:
    made = faces(240)
    assert sum(one is None for one in made) == 40
    assert made[0] is not None


def test_people_differ_in_age_skin_hair_glasses_and_dress() -> None:
    made = [one for one in faces(240) if one is not None]
    assert {one.skin for one in made} == set(SKIN)
    assert min(Counter(one.age for one in made).values()) > 30
    assert len({one.style for one in made}) >= 14
    assert len({one.cloth for one in made}) >= 8
    assert 40 < sum(bool(one.glasses) for one in made) < 120
    assert len({draw_face(one) for one in made[:40]}) == 40


@pytest.mark.parametrize(
    ("first", "manner", "never"),
    [
        ("Walter", names.HE, "she/her"),
        ("Wanda", names.SHE, "he/him"),
        ("Quinn", names.THEY, "he/him"),
    ],
)
def test_name_pronouns_and_face_go_together(first: str, manner: str, never: str) -> None:
    assert names.manner_of(first) == manner
    assert never not in names.PRONOUNS[manner]
    drawn = [make_face(Random(number), first, "Walsh") for number in range(60)]
    assert any(one.beard for one in drawn) == (manner == names.HE)


def test_every_style_and_collar_can_be_drawn() -> None:
    """Also the rare ones; each is a picture that the photo path takes."""
    seen: dict[tuple[str, str], Face] = {}
    for number in range(2_000):
        rng = Random(number)
        made = make_face(rng, rng.choice(names.FIRST), rng.choice(names.LAST))
        seen.setdefault(("style", made.style), made)
        seen.setdefault(("collar", made.collar), made)
    assert {"hijab", "turban", "headwrap", "bald", "braids"} <= {style for _, style in seen}
    for made in seen.values():
        with Image.open(io.BytesIO(draw_face(made))) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) >= PHOTO_LEAST


def test_a_face_is_served_by_the_photo_route_and_stands_in_the_listing(
    session: Session, client: TestClient
) -> None:
    list(load_demo(20, SEED, NOW, drawn_photos(SEED)))
    shown = session.exec(select(Provider.photo).order_by(col(Provider.id))).all()
    assert sum(one is None for one in shown) == 3
    card = session.exec(select(Listing).where(Listing.number == 1)).one().card
    answer = client.get(card["photo"])
    assert answer.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (SIDE, SIDE))
