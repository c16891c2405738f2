"""Home, how we verify, crisis, privacy, and what robots may read."""

from fastapi import Response

from core.settings import settings
from core.web import formats
from core.web.caller import public
from core.web.lanes import from_memory
from core.web.templates import render
from core.web.transactions import Router
from core.web.visit import Visiting
from directory.presenters import CARE
from directory.search import SearchQuery, count
from directory.taxonomy import CONDITIONS, CREDENTIAL_KINDS, PROFESSIONS, STATES

router = Router(include_in_schema=False)

ROBOTS = """User-agent: *
Disallow: /account
Disallow: /admin
Disallow: /alerts
Disallow: /api/
Disallow: /appointments
Disallow: /book
Disallow: /compare
Disallow: /demo
Disallow: /find
Disallow: /provider/
Disallow: /sign-in
"""


@router.get("/")
@public
@from_memory
def home(visit: Visiting) -> Response:
    """A sentence to fill in, and how many are there today."""
    found = count(visit.request.app.state, visit.session, SearchQuery(limit=1))
    covered = sum(1 for people in found.counted.facets["state"].values() if people)
    return render(
        visit,
        "directory/home.html",
        states=[(code, state.name) for code, state in STATES.items()],
        conditions=[(key, entry.title) for key, entry in CONDITIONS.items()],
        care=list(CARE.items()),
        figures=[
            {"label": "verified and listed today", "number": f"{found.total:,}"},
            {"label": "with time this week", "number": f"{found.counted.this_week:,}"},
            {"label": "states and territories covered", "number": str(covered)},
        ],
    )


@router.get("/how-we-verify")
@public
@from_memory
def how_we_verify(visit: Visiting) -> Response:
    """What must be verified for each profession, and what takes a listing down."""
    needs = [
        {
            "profession": entry.title,
            "proof": formats.listed(
                ["NPI", "a licence for each state"]
                + [CREDENTIAL_KINDS[kind].replace("Board", "board") for kind in entry.requires]
            ),
        }
        for entry in PROFESSIONS.values()
    ]
    return render(visit, "directory/how_we_verify.html", needs=needs)


@router.get("/crisis")
@public
@from_memory
def crisis(visit: Visiting) -> Response:
    """Whom to call, first of all."""
    return render(visit, "directory/crisis.html")


@router.get("/privacy")
@public
@from_memory
def privacy(visit: Visiting) -> Response:
    """What is kept, for how long, and how to have it deleted."""
    return render(visit, "directory/privacy.html")


@router.get("/robots.txt")
@public
@from_memory
def robots() -> Response:
    """Public pages may be found; what is private, or endless, need not be."""
    body = f"{ROBOTS}\nSitemap: {settings().public_url}/sitemap.xml\n"
    return Response(body, media_type="text/plain", headers={"Cache-Control": "max-age=86400"})
