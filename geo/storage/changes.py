"""What was committed since: which nouns events of the audit trail are about, in the order of commits."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from geo.storage.at_once import lent

# One statement, one snapshot: the head, whether the trail still has what was last seen of it, what came since but for
# events that change nothing.
_SINCE = b"""
WITH head AS (SELECT seq, hash FROM event_chain ORDER BY seq DESC LIMIT 1)
SELECT
  head.seq, head.hash,
  (SELECT c.hash FROM event_chain c WHERE c.seq = %(since)s) AS known,
  CASE WHEN head.seq > %(since)s THEN (
    SELECT jsonb_object_agg(changed.noun, changed.last) FROM (
      SELECT e.noun || '.' || e.what AS noun, max(c.seq) AS last
      FROM event_chain c JOIN event e ON e.id = c.event_id
      WHERE c.seq > %(since)s
        AND e.what NOT IN ('looked', 'located', 'exported', 'verified', 'backed_up', 'confirmed')
      GROUP BY 1
    ) changed
  ) END AS changed
FROM head
"""


@dataclass(frozen=True)
class Head:
    """The event committed last: its number in the order of commits, and its hash; 0 and None before the first."""

    seq: int = 0
    hash: bytes | None = None


@dataclass(frozen=True)
class Since:
    """What came after a head.

    Attributes
    ----------
    head
        The one now.
    replaced
        Whether the trail does not have the old head any more: another store was put in place of the one there was.
    changed
        Of each ``noun.what`` the number of its last event.
    """

    head: Head
    replaced: bool
    changed: Mapping[str, int]


def changes_since(engine: Engine, head: Head) -> Since:
    """Return what was committed after a head; only the store's owner may ask."""
    with lent(engine) as connection:
        row = connection.execute(_SINCE, {"since": head.seq}).fetchone()
    if row is None:
        return Since(Head(), replaced=head.seq > 0, changed={})
    seq, digest, known, changed = row
    return Since(Head(seq, digest), known != head.hash, changed or {})
