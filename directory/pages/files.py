"""Portraits as everyone may see them. (Evidence is the desk's.)"""

from fastapi import Response
from fastapi.responses import FileResponse

from core.web.caller import public
from core.web.transactions import Router
from core.web.visit import Visiting
from directory.listings.photos import photo_path

router = Router(include_in_schema=False)


@router.get("/photos/{photo_name}")
@public
def photo(visit: Visiting, photo_name: str) -> Response:  # noqa: ARG001  # every route's
    """A new picture has a new name; one that was taken down is gone after a day."""
    kept = {"Cache-Control": "public, max-age=86400"}
    return FileResponse(photo_path(photo_name), media_type="image/jpeg", headers=kept)
