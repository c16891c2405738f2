"""The admin's desk."""

from fastapi import APIRouter

from core.web.routing import HouseRoute

router = APIRouter(route_class=HouseRoute, include_in_schema=False)
