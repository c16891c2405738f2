"""A provider is away over two sessions: what becomes of each is asked before anything is saved."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import psycopg
from playwright.sync_api import BrowserContext, expect

from core.crypto import decrypt
from tests.journeys.people import Hurried

# The next two sessions of a provider, one after the other, with whoever they are with.
_TWO = """
    SELECT pe.sealed_email, s.document->>'time_zone' AS zone, a.id, a.starts_at, b.id, b.ends_at,
           (SELECT sealed_email FROM person WHERE id = a.patient_id) AS patient
    FROM appointment a JOIN provider p ON p.id = a.provider_id JOIN person pe ON pe.id = p.person_id
    JOIN schedule s ON s.provider_id = p.id
    JOIN LATERAL (SELECT * FROM appointment n WHERE n.provider_id = a.provider_id
                  AND n.status = 'booked' AND n.starts_at > a.starts_at
                  ORDER BY n.starts_at LIMIT 1) AS b ON true
    WHERE a.status = 'booked' AND a.starts_at > now() + interval '3 days'
      AND b.starts_at < a.starts_at + interval '4 hours'
      AND s.document->'time_off' = '[]'
      AND EXISTS (SELECT FROM listing l WHERE l.provider_id = p.id AND l.published_at IS NOT NULL)
    ORDER BY a.starts_at LIMIT 1
"""


def test_time_off_over_two_sessions_asks_first(
    open_context: Callable[..., BrowserContext], site_database: str, refusals: None
) -> None:
    with psycopg.connect(site_database) as connection:
        found = connection.execute(_TWO).fetchone()
    assert found is not None
    email, zone, first, starts_at, second, ends_at, patient = found
    email, patient = decrypt(email), decrypt(patient)
    provider = Hurried(open_context().new_page())
    provider.signs_in_as(email)
    provider.goes_to("/provider/hours")
    for (day, clock), at in (
        (("off_from", "off_start"), starts_at),
        (("off_to", "off_end"), ends_at),
    ):
        local = at.astimezone(ZoneInfo(zone))
        provider.page.locator(f"input[name={day}]").last.fill(f"{local:%Y-%m-%d}")
        provider.page.locator(f"input[name={clock}]").last.fill(f"{local:%H:%M}")
    provider.presses(provider.page.get_by_role("button", name="Save the hours").last)

    provider.sees_heading("Before these hours are saved")
    provider.sees("2 booked sessions lie outside this. Nothing is saved yet.")
    provider.looks("review")
    provider.page.locator(f"input[name='act_{first}'][value=call_off]").check()
    provider.presses("Save it")
    provider.sees("Say why; your patient reads this.")
    provider.looks("a reason is missing")
    provider.fills_in(**{f"reason_{first}": "I am at a funeral, and sorry."})
    choice = provider.page.locator(f"select[name='to_{second}']")
    provider.page.locator(f"input[name='act_{second}'][value=move]").check()
    choice.select_option(index=1)
    to = choice.input_value()
    provider.presses("Save it")
    provider.is_at("/provider/hours")
    provider.sees("Saved.")

    with psycopg.connect(site_database) as connection:
        became = {
            row[0]: (row[1], row[2])
            for row in connection.execute(
                "SELECT id, status, starts_at FROM appointment WHERE id = ANY(%s)",
                [[first, second]],
            )
        }
    assert became[first][0] == "cancelled"
    assert became[second] == ("booked", datetime.fromisoformat(to))
    provider.is_told(patient, "is cancelled")
    provider.goes_to(f"/provider/appointments/{first}")
    expect(provider.page.locator("main")).to_contain_text("I am at a funeral, and sorry.")
