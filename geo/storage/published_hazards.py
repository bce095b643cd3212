"""Counts of hazards by community and grid, and nothing of what was counted."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

# Void ones were none. A case's grid is the one in force when it was opened.
_COUNTS = text("""
SELECT community_code, coalesce(grid_code, '') AS grid_code,
  count(*) FILTER (WHERE closed_at IS NULL OR closed_at >= :until) AS open,
  count(*) FILTER (WHERE closed_at < :until) AS ended
FROM ledger_case
WHERE workflow = 'hazard' AND state <> 'void' AND street_code = :street
  AND opened_at >= :since AND opened_at < :until
GROUP BY 1, 2
""")


def count_hazards(
    session: Session, street: str, *, since: datetime, until: datetime
) -> dict[tuple[str, str], tuple[int, int]]:
    """Count hazards that were found in a period: open at its end, and ended by then; by community and grid.

    "" stands for those in no grid.
    """
    rows = session.execute(_COUNTS, {"street": street, "since": since, "until": until})
    return {(row.community_code, row.grid_code): (row.open, row.ended) for row in rows}
