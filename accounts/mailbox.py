"""The demo mailbox: what would have been sent."""

from fastapi import APIRouter

from core.web.routing import HouseRoute

router = APIRouter(route_class=HouseRoute, include_in_schema=False)
