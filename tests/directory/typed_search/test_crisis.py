"""Who may be in danger is seen, in everyday words, misspelt, in English and in Spanish. That some
others see the panel, too, is meant; ordinary searches do not."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client import generate_latest
from sqlmodel import Session

from directory.typed_search import read_words
from tests.directory.search.listings import add_listing
from tests.factories import NOW

ENGLISH = """
suicide
suicidal
suicidal thoughts
i feel suicidal tonight
suicde
sucidal
suiside hotline
wont want to live
dont want to live anymore
I don’t want to live
i do not want to live any more
no longer want to live
i dont wanna be alive
dont want to be here anymore
no reason to live
have no reason to keep living
nothing to live for
no point in living
life is not worth living
life isnt worth it
want to end it all
I want to end it
end my life
ending my own life
take my life
kill myself
i want to kill my self
kil myself
thinking of killing myself
self harm
self-harm
selfharm
i keep cutting myself
hurting myself
want to hurt myself
better off dead
they would be better off without me
I wish I was dead
wish i were never born
i want to die
i wanna die
i want to just die
tired of living
tired of being alive
i cant go on
i cant do this anymore
overdose
take all my pills
jump off a bridge
hang myself
kms
unalive
nobody would miss me
want to disappear
give up on life
i hate my life
never wake up again, want to sleep forever
crisis hotline
988
i might hurt someone
therapist suicidle
psychiatrist texas i want to die
""".strip().splitlines()
SPANISH = """
quiero morir
me quiero morir
me quiero matar
quiero matarme
kiero morir ya no quiero vivir
no quiero vivir
ya no quiero vivir más
no quiero seguir viviendo
suicidio
pensamientos suicidas
suicidarme
quitarme la vida
acabar con mi vida
acabar con todo
no vale la pena vivir
no tengo ganas de vivir
sin ganas de vivir
estaría mejor muerta
estarían mejor sin mí
hacerme daño
autolesión
ya no puedo más
cansada de vivir
""".strip().splitlines()
ORDINARY = """
anxiety
psychiatrist in washington
grief
my mother died
my dad passed away
death of a parent
afraid of dying
fear of death
life coach
work life balance
quality of life
end of a relationship
end my marriage
weekend therapist
diet and eating disorders
want to diet
couples counseling texas
i cannot sleep and i am scared
sad all the time
drinking too much
cut down on drinking
panic attacks
i want to live better
learn to live with autism
my life changed after divorce
hurt feelings
i feel alone
dont want to be alone
therapist under $100
Dr. Diana Livingston
Dan Selfridge
killeen texas
overwhelmed and tired
ansiedad
no puedo dormir
duelo por la muerte de mi madre
quiero terapia de pareja
mejorar mi vida
tengo miedo a morir
linea de crédito
""".strip().splitlines()


@pytest.mark.parametrize("text", ENGLISH)
def test_danger_is_seen(text: str) -> None:
    assert read_words(text).urgent == "en"


@pytest.mark.parametrize("text", SPANISH)
def test_danger_is_seen_in_spanish(text: str) -> None:
    assert read_words(text).urgent == "es"


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_search_is_none(text: str) -> None:
    assert read_words(text).urgent == ""


@pytest.fixture
def two_people(session: Session) -> None:
    add_listing(session, name="Dana Lee", openings=[NOW])
    add_listing(session, name="Noor Haddad", states={"TX": None})
    session.commit()


@pytest.mark.usefixtures("monday_at_ten", "two_people")
@pytest.mark.parametrize(
    ("text", "first", "people"),
    [
        ("i dont want to live anymore", 'href="tel:988"', 2),
        ("want to die texas", 'href="tel:988"', 1),
        ("no reason to live xqzwv", 'href="tel:988"', 2),  # a word that nobody knows
        ("quiero morir", 'href="tel:988,2"', 2),
    ],
)
def test_the_panel_stands_above_results_and_never_instead(
    client: TestClient, text: str, first: str, people: int
) -> None:
    answer = client.get("/find", params={"q": text})
    main = answer.text[answer.text.index("<main") :]
    assert main.index(first) < main.index('class="provider-card"')
    assert main.count('class="provider-card"') == people
    assert f'value="{text}"' in main
    assert "did not understand" not in main


@pytest.mark.usefixtures("monday_at_ten", "two_people")
def test_nothing_of_it_is_logged_or_counted(
    client: TestClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    client.get("/find", params={"q": "quiero morir zebra"})
    client.get("/api/v1/suggest", params={"q": "quiero morir zebra"})
    counted = generate_latest().decode().replace('route="/crisis"', "")  # the page, by whoever
    said = caplog.text + "".join(capfd.readouterr()) + counted
    for word in ("morir", "zebra", "urgent", "crisis"):
        assert word not in said


def test_the_proxy_that_operations_shows_logs_no_search() -> None:
    """Searches stand in addresses, and those in the page that one came from."""
    text = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    example = text[text.index("nginx, as an example") :].split("```")[1]
    (logged,) = [line for line in example.splitlines() if line.startswith("log_format")]
    assert "access_log" in example
    for name in ("$request ", "$request_uri", "$args", "$query", "$http_referer", "$uri", "$arg_"):
        assert name not in logged
    assert "error.log crit" in example


@pytest.mark.parametrize(
    "typed",
    [
        *("took too many pills", "i took pills", "my friend wants to kill himself", "killmyself"),
        *("daughter cutting herself", "whats the point of living", "i have a gun", "me corto"),
        *("mi hijo se quiere matar", "no le veo sentido a la vida", "ojala no existiera"),
        *("how to tie a noose", "never wake up", "final goodbye", "my husband hits me"),
    ],
)
def test_danger_said_in_other_ways_is_seen(typed: str) -> None:
    assert read_words(typed).is_urgent, typed
