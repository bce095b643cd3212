"""The audit trail (审计记录): is it whole, and what does it say.

Every event that is committed gets a number without gaps and a hash over the hash before it and its own text
(``migrations/sql/2026_11_22_access.sql``). Changing, removing, adding or moving an event breaks the chain at that
place. Somebody who can rewrite the whole chain from one place on leaves it unbroken; that shows against a head that was
noted elsewhere before: ``verify(session, expect_head=Head.parse("1042:9f…"))``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Self

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.errors import InputError
from geo.storage.events import EventRecord

Problem = Literal["changed", "missing", "gap", "unchained", "rewritten", "cut", "unguarded"]

_TOLD: dict[str, tuple[str, str]] = {
    "changed": ("记录或其校验值被改动", "the event, or its hash, was changed"),
    "missing": ("记录被删除", "the event was deleted"),
    "gap": ("链上缺少之前的环节", "links of the chain before this one are missing"),
    "unchained": ("记录不在链上:绕过程序写入", "the event is not in the chain: it was written past the program"),
    "rewritten": ("与留存的校验值不符:链被重写", "it differs from the head that was kept: the chain was rewritten"),
    "cut": ("链比留存的校验值短:末尾被截去", "the chain is shorter than the head that was kept: its end was cut off"),
    "unguarded": ("保护审计记录的规则被关闭", "a rule that guards the audit trail was switched off"),
}


class Head(NamedTuple):
    """Where the chain stood at a moment: the number of its last event, and the hash up to there."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read what ``str`` wrote.

        Raises
        ------
        InputError
            It is no such text.
        """
        number, _, hexadecimal = written.strip().partition(":")
        try:
            head = cls(int(number), bytes.fromhex(hexadecimal))
        except ValueError:
            head = cls(0, b"")
        if head.seq < 1 or len(head.hash) != 32:
            raise InputError(
                f"“{written[:80]}”不是审计校验值;应形如 1042:9f…(64 位十六进制)",
                f"{written[:80]!r} is no head of the audit trail: it looks like 1042:9f… (64 hexadecimal digits)",
            )
        return head


@dataclass(frozen=True)
class Finding:
    """One place where the audit trail is not as it was written; ``what`` names the rule when one is switched off."""

    problem: Problem
    seq: int | None = None
    event_id: int | None = None
    what: str | None = None

    @property
    def zh(self) -> str:
        """The finding in Chinese."""
        return f"{self._where('第 {} 环', '记录 {}')}{_TOLD[self.problem][0]}"

    @property
    def en(self) -> str:
        """The finding in English."""
        return f"{self._where('link {}', 'event {}')}{_TOLD[self.problem][1]}"

    def _where(self, link: str, row: str) -> str:
        parts = [link.format(self.seq)] if self.seq is not None else []
        parts += [row.format(self.event_id)] if self.event_id is not None else []
        parts += [self.what] if self.what else []
        return f"{' · '.join(parts)}: " if parts else ""


def head(session: Session) -> Head | None:
    """Return where the chain stands, to be noted outside of the store; None before the first event.

    Events of the session's own transaction are in the chain once it is committed.
    """
    row = session.execute(text("SELECT seq, hash FROM audit_heads()")).one_or_none()
    return None if row is None else Head(row.seq, row.hash)


def verify(session: Session, expect_head: Head | Sequence[Head] | None = None) -> list[Finding]:
    """Compute the whole chain anew, within the database, and return what does not fit; nothing when all is well.

    Parameters
    ----------
    session
        The owner's, or an auditor's.
    expect_head
        A head that was noted before, or several.

    Raises
    ------
    WanggeError
        The session is somebody else's.
    """
    # Events that this very transaction wrote are chained now and not at its end.
    session.execute(text("SET CONSTRAINTS event_chained IMMEDIATE"))
    session.execute(text("SET CONSTRAINTS event_chained DEFERRED"))
    rows = session.execute(text("SELECT seq, event_id, problem FROM audit_findings()"))
    found = [Finding(row.problem, row.seq, row.event_id) for row in rows]
    kept = [] if expect_head is None else [expect_head] if isinstance(expect_head, Head) else list(expect_head)
    return [*_unguarded(session), *found, *_against(session, kept)]


def search(
    session: Session,
    *,
    who: str | None = None,
    what: str | None = None,
    noun: str | None = None,
    code: str | None = None,
    address: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
    after: int | None = None,
) -> list[EventRecord]:
    """Read events as an auditor does, the newest first; the next page is ``after`` the last id of this one.

    Of rows that say who lives where an auditor learns which fields there were, and not what they held ("…").

    Parameters
    ----------
    since, until
        From a moment on; up to, and without, another.
    """
    names = ", ".join(EventRecord.__dataclass_fields__)
    query = text(
        f"SELECT {names} FROM audited_events("  # noqa: S608 - names of fields
        "CAST(:who AS text), CAST(:what AS text), CAST(:noun AS text), CAST(:code AS text), CAST(:address AS text), "
        "CAST(:since AS timestamptz), CAST(:until AS timestamptz), CAST(:after AS bigint), CAST(:limit AS bigint))"
    )
    values = {"who": who, "what": what, "noun": noun, "code": code, "address": address}
    times = {"since": since, "until": until, "limit": limit, "after": after}
    return [EventRecord(**row) for row in session.execute(query, values | times).mappings()]


def _against(session: Session, kept: list[Head]) -> list[Finding]:
    query = text("SELECT seq, hash FROM audit_heads(CAST(:numbers AS bigint[]))")
    rows = session.execute(query, {"numbers": [one.seq for one in kept]}) if kept else ()
    there = {row.seq: row.hash for row in rows}
    cut = [Finding("cut", one.seq) for one in kept if one.seq not in there]
    return cut + [Finding("rewritten", one.seq) for one in kept if there.get(one.seq, one.hash) != one.hash]


_GUARDS = ("event_append_only", "event_chained", "event_signed", "event_chain_append_only")


def _unguarded(session: Session) -> list[Finding]:
    """Triggers that do not fire, and rights that the application's role must not have."""
    fires = text("SELECT tgname FROM pg_trigger WHERE tgname = ANY (:names) AND tgenabled IN ('O', 'A')")
    there = set(session.scalars(fires, {"names": list(_GUARDS)}))
    rights = text(
        "SELECT relname || ' ' || what FROM pg_class, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS what "
        "WHERE oid IN ('event'::regclass, 'event_chain'::regclass) AND has_table_privilege('wangge_app', oid, what)"
    )
    off = [name for name in _GUARDS if name not in there] + sorted(session.scalars(rights))
    return [Finding("unguarded", what=name) for name in off]
