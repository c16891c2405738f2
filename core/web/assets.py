"""Our own files (styles, scripts, pictures), kept in memory: they wait for neither disk nor thread.

Their addresses carry a hash of the content, so that browsers may keep them.
"""

import hashlib
import mimetypes
from email.utils import formatdate
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from core.web.templates import JOINED, STATIC, read_static

_KEPT_FOR_GOOD = "public, max-age=31536000, immutable"
_KEPT_FOR_AN_HOUR = "public, max-age=3600"


class Assets(StaticFiles):
    """Serves the files that are in the folder when the process starts."""

    def __init__(self, folder: Path = STATIC) -> None:
        super().__init__(directory=folder)
        self._files = {
            path.relative_to(folder).as_posix(): _as_response(path, path.read_bytes())
            for path in folder.rglob("*")
            if path.is_file()
        }
        if folder == STATIC:
            for name, parts in JOINED.items():
                self._files[name] = _as_response(folder / parts[-1], read_static(name))

    async def get_response(self, path: str, scope: Scope) -> Response:
        """As inherited, of what is in memory."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        kept = self._files.get(path.replace("\\", "/"))
        if kept is None:
            raise HTTPException(404)
        is_versioned = scope.get("query_string", b"").startswith(b"v=")
        response = Response(kept.body, media_type=kept.media_type, headers=dict(kept.headers))
        response.headers["Cache-Control"] = _KEPT_FOR_GOOD if is_versioned else _KEPT_FOR_AN_HOUR
        request_headers = Headers(scope=scope)
        if self.is_not_modified(response.headers, request_headers):
            return NotModifiedResponse(response.headers)
        return response


def _as_response(path: Path, content: bytes) -> Response:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        "Last-Modified": formatdate(path.stat().st_mtime, usegmt=True),
    }
    return Response(content, media_type=kind, headers=headers)
