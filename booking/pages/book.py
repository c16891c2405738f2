"""From a slot to a booked appointment, one thing a page."""

from fastapi import APIRouter

from core.web.routing import HouseRoute

router = APIRouter(route_class=HouseRoute, include_in_schema=False)
