"""What accounts serves."""

from accounts import api, audit_pages, mailbox, pages, refused_letters

routers = [part.router for part in (api, pages, audit_pages, refused_letters, mailbox)]
