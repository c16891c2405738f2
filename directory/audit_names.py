"""What the audit log calls providers, and how an admin's words find them there."""

from collections.abc import Collection
from uuid import UUID

from sqlmodel import Session, col, select

from accounts.audit import Named, SubjectKind, declare_kind
from directory.models import Provider
from directory.search.at_desk import find_at_desk


def _names(session: Session, ids: Collection[UUID]) -> dict[UUID, Named]:
    asked = select(Provider.id, Provider.display_name).where(col(Provider.id).in_(ids))
    return {one: Named(name, f"/admin/providers/{one}") for one, name in session.exec(asked)}


declare_kind("provider", SubjectKind(_names, find_at_desk))
