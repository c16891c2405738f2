"""Every route of the application with who may call it, read from the application itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from core.web.caller import Access

# Of A's things: who they concern. What is not here (a public profile) concerns everyone.
OWNERS = {
    "appointment_id": {"patient A", "provider A"},
    "hold_id": {"patient A"},
    "service_id": {"provider A"},
    "credential_id": {"provider A"},
    "sign_in_id": {"patient A"},
    "passkey_id": {"patient A"},
}
KIND = {"patient A": "patient", "provider A": "provider", "admin": "admin"}


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    access: Access

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)(?::\w+)?}", self.path)

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def is_read(self) -> bool:
        return self.method == "GET"

    def filled(self, ids: dict[str, str]) -> str:
        """The path with A's ids in it. KeyError: a parameter that `build_world` does not know."""
        return filled(self.path, ids)

    def lets_in(self, role: str) -> bool:
        """By the declared access and, for what belongs to someone, by whose it is."""
        kind = role.split()[0]
        if not self.access.anyone and kind == "none":
            return False
        if self.access.roles and kind not in self.access.roles:
            return False
        if self.access.roles == {"admin"}:
            return True
        owners = [OWNERS[name] for name in self.parameters if name in OWNERS]
        return all(role in owner for owner in owners)


def filled(path: str, ids: dict[str, str]) -> str:
    """A path with values for its parameters. KeyError: one that is not in `ids`."""
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: ids[found[1]], path)


def routes_of(app: FastAPI) -> Iterator[Route]:
    """One per path and method, less the framework's own description and the static files."""
    for context in iter_route_contexts(app.routes):
        access = getattr(context.endpoint, "__access__", None)
        if access is None:
            continue
        for method in sorted((context.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(method, str(context.path), access)


def undeclared(app: FastAPI) -> set[str]:
    """Paths that declare no access."""
    return {
        str(context.path)
        for context in iter_route_contexts(app.routes)
        if not hasattr(context.endpoint, "__access__")
    }
