"""What accounts serves."""

from accounts import api, audit_pages, mailbox, pages

routers = [part.router for part in (api, pages, audit_pages, mailbox)]
