"""What accounts serves."""

from fastapi import APIRouter

from accounts import api, mailbox, pages

router = APIRouter()
for _part in (api, pages, mailbox):
    router.include_router(_part.router)
