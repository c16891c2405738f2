"""What accounts serves; the demo's mailbox (accounts.mailbox) is added where there is a demo."""

from accounts import (
    address_pages,
    api,
    audit_copy,
    audit_pages,
    confirm_pages,
    factor_api,
    factor_pages,
    pages,
    people_pages,
    plain_addresses,
    recovery_api,
    refused_letters,
    sign_in_records,
)

_ = audit_copy, plain_addresses, sign_in_records  # have jobs

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
)
routers = [part.router for part in _PARTS]
