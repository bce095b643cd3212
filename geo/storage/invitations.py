"""One-time links that were made and not used: taken back when a newer one is made."""

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from geo.storage.access_tables import Invitation


def withdraw(session: Session, account_id: int) -> None:
    """Let no link of an account that was made before hold any more."""
    session.execute(
        update(Invitation)
        .where(Invitation.account_id == account_id, Invitation.used_at.is_(None))
        .values(used_at=func.now())
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
