"""What booking serves."""

from fastapi import APIRouter

from booking.api import appointments as appointments_api
from booking.api import slots as slots_api
from booking.pages import appointments, book, hours, profile, week

router = APIRouter()
for _part in (slots_api, appointments_api, profile, book, appointments, week, hours):
    router.include_router(_part.router)
