"""Many cases at once: what became of a few, told of many places. For generated ledgers; nobody's cases come this way.

Stories know parts and no names (``geo/sample/ledger_stories.py``); a crew gives the parts of a place to people. All is
written set by set, so that a million cases take minutes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.storage import events, queries
from geo.storage.declaring import SRID
from geo.storage.refusals import in_plain_words

_TOLD = (
    *("story", "crew", "id", "number", "street_code", "community_code", "grid_code", "building_code"),
    *(
        "household_unit_code",
        "place_code",
        "responsible_body_code",
        "kind",
        "summary",
        "source",
        "inspection_id",
        "geom",
    ),
)
_LOOKS = (
    *("id", "plan_id", "street_code", "community_code", "grid_code", "building_code", "household_unit_code"),
    *("place_code", "geom", "party", "checklist", "result", "items", "inspected_at", "recorded_at", "inspector"),
)


def reserve_ids(session: Session, table: str, count: int) -> int:
    """Return the first of so many ids of a table that nobody else will get."""
    return _reserve(
        session, str(session.scalar(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table})), count
    )


def reserve_numbers(session: Session, count: int) -> int:
    """Return the first of so many running numbers of cases that nobody else will get."""
    return _reserve(session, "case_number", count)


def _reserve(session: Session, sequence: str, count: int) -> int:
    # Whoever takes the next one in between gets one of the block: the lock keeps other generated ledgers out.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"reserve {sequence}"})
    first = int(session.scalars(text("SELECT nextval(:sequence)"), {"sequence": sequence}).one())
    last = {"sequence": sequence, "last": first + count - 1}
    if count > 1:
        session.execute(text("SELECT setval(:sequence, greatest(:last, nextval(:sequence)))"), last)
    return first


def write_told(
    session: Session,
    workflow: str,
    version_id: int,
    *,
    cases: pd.DataFrame,
    moves: pd.DataFrame,
    told: pd.DataFrame,
    crews: Sequence[Mapping[str, str]],
) -> int:
    """Write stories as they are told; return how many moves there are.

    Parameters
    ----------
    cases, moves
        Of :class:`geo.sample.ledger_stories.Stories`.
    told
        A row per case: ``story``, ``crew`` (place in ``crews``), ``id``, ``number``, what the case is about, ``lon``,
        ``lat`` in EPSG:4326.
    crews
        Names of the people who play the parts.

    Raises
    ------
    WanggeError
        The database refused a row, in its words.
    """
    rows = told.assign(geom=points_of(told))
    columns = sql.SQL(", ").join(map(sql.Identifier, _TOLD[2:]))
    fields = sql.SQL(", ").join(map(sql.Identifier, cases.columns))
    with in_plain_words():
        _stage(session, "crew", sql.SQL("SELECT 0 AS crew, details AS names FROM ledger_case"), _numbered(crews))
        _stage(
            session, "story_case", sql.SQL("SELECT 0 AS story, {} FROM ledger_case").format(fields), _with_row(cases)
        )
        _stage(
            session,
            "story_move",
            sql.SQL(
                "SELECT 0 AS place, 0 AS story, action, from_step, to_step, state, at, who AS part, role, note, "
                "details, overdue_since FROM case_move"
            ),
            _with_row(moves.assign(details=moves["details"].map(Jsonb))),
        )
        told_columns = sql.SQL("SELECT 0 AS story, 0 AS crew, {} FROM ledger_case").format(columns)
        _stage(session, "told", told_columns, _rows(rows[list(_TOLD)]))
        queries.execute(session, "insert_told_cases", {"workflow": workflow, "version": version_id})
        written = queries.execute(session, "insert_told_moves", {}).rowcount
        for name in ("crew", "story_case", "story_move", "told"):
            session.execute(text(f"DROP TABLE pg_temp.{name}"))
    return written


def write_looks(session: Session, looks: pd.DataFrame) -> None:
    """Append inspections with ids that were reserved; ``items`` are lists, ``lon`` and ``lat`` EPSG:4326."""
    rows = looks.assign(geom=points_of(looks), items=looks["items"].map(Jsonb))
    _copy(session, sql.Identifier("inspection"), _LOOKS, _rows(rows[list(_LOOKS)]))


def write_grades(session: Session, grades: pd.DataFrame) -> None:
    """Grade places: ``place_code, grade, since, until, who``."""
    columns = ("place_code", "grade", "since", "until", "who")
    _copy(session, sql.Identifier("place_grade"), columns, _rows(grades[list(columns)]))


def write_reporters(session: Session, reporters: pd.DataFrame) -> None:
    """Keep who asked: ``case_id, name, phone``."""
    columns = ("case_id", "name", "phone")
    _copy(session, sql.Identifier("case_reporter"), columns, _rows(reporters[list(columns)]))


def record_generated(session: Session, street: str, counts: Mapping[str, int], *, who: str) -> None:
    """Leave one event of all that was written for a street; an event of every row would be as many again."""
    events.record(session, who=who, what="generated", noun="ledger", code=street, after=dict(counts))


def points_of(rows: pd.DataFrame) -> list[str]:
    """Return points as the store takes them; ``lon`` and ``lat`` in EPSG:4326."""
    points = shapely.points(rows["lon"].to_numpy(dtype=float), rows["lat"].to_numpy(dtype=float))
    return list(shapely.to_wkb(shapely.set_srid(points, SRID), hex=True, include_srid=True))


def _numbered(crews: Sequence[Mapping[str, str]]) -> Iterable[tuple[Any, ...]]:
    return ((number, Jsonb(dict(crew))) for number, crew in enumerate(crews))


def _with_row(frame: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    return ((number, *row) for number, row in enumerate(_rows(frame)))


def _rows(frame: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    """Yield rows with None for what is missing."""
    plain = [_plain(frame[name]) for name in frame.columns]
    return zip(*plain, strict=True)


def _plain(values: pd.Series) -> list[Any]:
    missing = values.isna().to_numpy()
    listed = values.to_numpy(dtype=object) if missing.any() else np.asarray(values.tolist(), dtype=object)
    return [None if gone else value for value, gone in zip(listed.tolist(), missing.tolist(), strict=True)]


def _stage(session: Session, name: str, like: sql.Composable, rows: Iterable[tuple[Any, ...]]) -> None:
    """Copy rows into a temporary table with the columns of a query and none of their rules."""
    table = sql.Identifier("pg_temp", name)
    cursor = _cursor(session)
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
    create = sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS {} WITH NO DATA")
    cursor.execute(create.format(sql.Identifier(name), like))
    with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
        for row in rows:
            copy.write_row(row)
    cursor.execute(sql.SQL("ANALYZE {}").format(table))


def _copy(session: Session, table: sql.Identifier, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with in_plain_words(), _cursor(session).copy(sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)) as copy:
        for row in rows:
            copy.write_row(row)


def _cursor(session: Session) -> Any:
    connection = session.connection().connection.driver_connection
    assert connection is not None
    return connection.cursor()
