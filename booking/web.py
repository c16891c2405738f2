"""What booking serves."""

from booking import upkeep
from booking.api import appointments as appointments_api
from booking.api import holds as holds_api
from booking.api import services as services_api
from booking.api import slots as slots_api
from booking.pages import (
    appointments,
    book,
    compare,
    hours,
    practice_appointment,
    profile,
    services,
    week,
)

_ = upkeep  # its jobs run wherever booking is served

routers = [
    part.router
    for part in (
        slots_api,
        services_api,
        holds_api,
        appointments_api,
        profile,
        compare,
        book,
        appointments,
        week,
        practice_appointment,
        hours,
        services,
    )
]
