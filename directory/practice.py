"""The practice of whoever asks, for pages and API alike."""

from core.web.visit import Visit
from directory.models import Provider
from directory.queries import get_provider_of


def own_practice(visit: Visit) -> Provider:
    """The caller's. Raises NotFound before they applied."""
    return get_provider_of(visit.session, visit.person_id)
