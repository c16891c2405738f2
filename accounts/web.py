"""What accounts serves; the demo's mailbox (accounts.mailbox) is added where there is a demo."""

from accounts import api, audit_pages, pages, refused_letters

routers = [part.router for part in (api, pages, audit_pages, refused_letters)]
