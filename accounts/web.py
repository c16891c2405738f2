"""What accounts serves."""

from accounts import (
    address_pages,
    api,
    audit_pages,
    confirm_pages,
    factor_api,
    factor_pages,
    mailbox,
    pages,
    people_pages,
    recovery_api,
    refused_letters,
)

_PARTS = (
    api,
    factor_api,
    recovery_api,
    pages,
    confirm_pages,
    factor_pages,
    address_pages,
    audit_pages,
    people_pages,
    refused_letters,
    mailbox,
)
routers = [part.router for part in _PARTS]
