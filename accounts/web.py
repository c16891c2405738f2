"""What accounts serves."""

from accounts import api, audit_pages, mailbox, pages, plain_addresses, refused_letters

_ = plain_addresses  # runs at night

routers = [part.router for part in (api, pages, audit_pages, refused_letters, mailbox)]
