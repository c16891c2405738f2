"""What booking serves."""

from booking import periodic
from booking.api import appointments as appointments_api
from booking.api import holds as holds_api
from booking.api import services as services_api
from booking.api import slots as slots_api
from booking.pages.booking import compare, hold, profile
from booking.pages.patient import appointments
from booking.pages.practice import appointment, hours, services, week

_ = periodic  # its jobs run wherever booking is served

routers = [
    part.router
    for part in (
        slots_api,
        services_api,
        holds_api,
        appointments_api,
        profile,
        compare,
        hold,
        appointments,
        week,
        appointment,
        hours,
        services,
    )
]
