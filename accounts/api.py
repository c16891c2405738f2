"""Sign-in over JSON."""

from fastapi import APIRouter

from core.web.routing import HouseRoute

router = APIRouter(route_class=HouseRoute, prefix="/api/v1", tags=["sign-in"])
