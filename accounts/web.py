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
    plain_addresses,
    refused_letters,
)

_ = plain_addresses  # runs at night

_PARTS = (
    api,
    factor_api,
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
