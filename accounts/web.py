"""What accounts serves."""

from fastapi import APIRouter

from accounts import api, audit_pages, mailbox, pages

router = APIRouter()
for _part in (api, pages, audit_pages, mailbox):
    router.include_router(_part.router)
