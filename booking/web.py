"""What booking serves."""

from booking import periodic
from booking.api import appointments as appointments_api
from booking.api import holds as holds_api
from booking.api import looks as looks_api
from booking.api import practice as practice_api
from booking.api import services as services_api
from booking.api import slots as slots_api
from booking.follow_through import grounds
from booking.pages.booking import compare, hold, profile
from booking.pages.patient import appointments
from booking.pages.practice import appointment, closing, day_form, hours, services, week
from directory.credentials import follow_through

_ = periodic  # its jobs run wherever booking is served
follow_through.use(grounds.Sessions())

routers = [
    part.router
    for part in (
        slots_api,
        services_api,
        holds_api,
        appointments_api,
        looks_api,
        practice_api,
        profile,
        compare,
        hold,
        appointments,
        week,
        appointment,
        day_form,
        hours,
        services,
        closing,
    )
]
