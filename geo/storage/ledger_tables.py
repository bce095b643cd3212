"""The tables of the ledger: cases (hazards, requests ...) and inspections, what was done, and what shows it.

A case runs through a workflow as it was when the case began (``workflow_version``); its row says where it stands, its
moves say how it came there and are never altered. Where it lies is kept as of its opening: community and grid change,
history does not.

Rules over several rows and who sees what: ``migrations/sql/2026_11_22_ledger.sql``.
"""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.storage.declaring import (
    Base,
    Code,
    at_least,
    code_column,
    code_rule,
    geom_column,
    geom_rules,
    not_blank,
)

#: What ended cases are counted by.
_COUNTED = ("street_code", "workflow", "community_code", "kind", "nature")


def _id() -> Any:
    return mapped_column(BigInteger, Identity(always=True), primary_key=True)


def _of(table: str, *, nullable: bool = False, index: bool = True) -> Any:
    """Column of another row's id."""
    return mapped_column(BigInteger, ForeignKey(f"{table}.id"), nullable=nullable, index=index)


def _about_rules() -> list[CheckConstraint]:
    """What is about a door is about its building as well."""
    return [
        CheckConstraint(
            "starts_with(household_unit_code, building_code)", name="household_unit_code_under_building_code"
        ),
        CheckConstraint("household_unit_code IS NULL OR building_code IS NOT NULL", name="household_unit_has_building"),
    ]


class WorkflowVersion(Base):
    """A workflow (办理流程) as it was: cases finish under the one that they began with."""

    __tablename__ = "workflow_version"
    __table_args__ = (*not_blank("code", "digest"), UniqueConstraint("code", "digest"))

    id: Mapped[int] = _id()
    code: Mapped[str]
    digest: Mapped[str]
    content: Mapped[dict[str, Any]]
    first_used_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LedgerCase(Base):
    """A case (事项): a hazard, a request or anything else that runs through a workflow to its end.

    ``grid_code`` is the grid in force when it was opened. ``step_due_at`` bounds the present step, ``due_at`` all of
    it. ``found_by``, ``fixed_by`` and ``closed_by`` are logins, or the names that people at the terminal act by.
    ``client_key`` is what the finder's own device called it, so that sending twice makes one.
    """

    __tablename__ = "ledger_case"
    __table_args__ = (
        *not_blank("number", "workflow", "kind", "summary", "step", "source", "found_by"),
        CheckConstraint("state IN ('open', 'paused', 'closed', 'void')", name="state"),
        CheckConstraint("(closed_at IS NOT NULL) = (state IN ('closed', 'void'))", name="closed_at"),
        CheckConstraint("(paused_at IS NOT NULL) = (state = 'paused')", name="paused_at"),
        CheckConstraint("char_length(summary) <= 2000", name="summary_length"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating_range"),
        CheckConstraint("joined_into_id IS NULL OR (joined_into_id <> id AND state = 'void')", name="joined_is_void"),
        CheckConstraint("city_element_code IS NULL OR place_code IS NULL", name="one_subject"),
        CheckConstraint(
            "state <> 'closed' OR fixed_by IS NULL OR closed_by IS DISTINCT FROM fixed_by", name="fixer_never_closes"
        ),
        code_rule("grid", "grid_code"),
        *_about_rules(),
        *at_least(1, "sightings", "version"),
        *at_least(0, "reopened", "extended"),
        *geom_rules("ledger_case", ("Point",)),
        UniqueConstraint("number"),
        UniqueConstraint("found_by", "client_key"),
        Index("ix_ledger_case_community_opened", "community_code", "opened_at"),
        Index("ix_ledger_case_street_closed", "street_code", "closed_at"),
        Index("ix_ledger_case_assignee", "assignee", postgresql_where=text("state IN ('open', 'paused')")),
        Index("ix_ledger_case_community_closed", "community_code", "closed_at"),
        Index("ix_ledger_case_grid_closed", "grid_code", "closed_at"),
        # So narrow that a street's tens of thousands of ended cases are counted in no time: see ended_cases() in
        # migrations/sql/2026_11_22_ledger_scale.sql.
        Index("ix_ledger_case_ended", *_COUNTED, postgresql_where=text("state = 'closed'")),
        Index(
            "ix_ledger_case_ended_outside",
            *_COUNTED,
            postgresql_where=text("state = 'closed' AND household_unit_code IS NULL AND place_code IS NULL"),
        ),
        Index("ix_ledger_case_reopened", "street_code", "community_code", postgresql_where=text("reopened > 0")),
        Index("ix_ledger_case_resolved", "community_code", "opened_at", postgresql_where=text("details ? 'meetings'")),
        Index(
            "ix_ledger_case_open",
            "community_code",
            "workflow",
            "step_due_at",
            postgresql_where=text("state IN ('open', 'paused')"),
        ),
    )

    id: Mapped[int] = _id()
    number: Mapped[str] = mapped_column(Code)
    workflow: Mapped[str]
    workflow_version_id: Mapped[int] = _of("workflow_version", index=False)
    kind: Mapped[str]
    nature: Mapped[str | None]
    summary: Mapped[str]
    step: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    rung: Mapped[str | None]
    street_code: Mapped[str] = code_column("street", index=False)
    community_code: Mapped[str] = code_column("community", index=False)
    grid_code: Mapped[str | None] = mapped_column(Code)
    building_code: Mapped[str | None] = code_column("building", nullable=True)
    household_unit_code: Mapped[str | None] = code_column("household_unit", nullable=True)
    place_code: Mapped[str | None] = code_column("place", nullable=True)
    city_element_code: Mapped[str | None] = code_column("city_element", nullable=True)
    responsible_body_code: Mapped[str | None] = code_column("responsible_body", nullable=True)
    geom: Mapped[WKBElement] = geom_column()
    source: Mapped[str]
    inspection_id: Mapped[int | None] = _of("inspection", nullable=True)
    joined_into_id: Mapped[int | None] = _of("ledger_case", nullable=True)
    assignee_role: Mapped[str | None]
    assignee: Mapped[str | None]
    found_by: Mapped[str]
    found_at: Mapped[datetime]
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    step_since: Mapped[datetime]
    step_due_at: Mapped[datetime | None]
    step_counts_from: Mapped[datetime | None]
    step_unit: Mapped[str | None]
    due_at: Mapped[datetime | None]
    due_counts_from: Mapped[datetime | None]
    due_unit: Mapped[str | None]
    due_is_own: Mapped[bool] = mapped_column(server_default=text("false"))
    yellow_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    resume_step: Mapped[str | None]
    moved_at: Mapped[datetime | None]
    last_by: Mapped[str | None]
    extended: Mapped[int] = mapped_column(server_default=text("0"))
    fixed_by: Mapped[str | None]
    fixed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    sightings: Mapped[int] = mapped_column(server_default=text("1"))
    reopened: Mapped[int] = mapped_column(server_default=text("0"))
    rating: Mapped[int | None]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    client_key: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class CaseMove(Base):
    """One thing done to a case (办理记录): who did what, when, from which step to which. Append-only.

    ``at`` is when it was done, which for a device without signal may be long before ``recorded_at``. ``state`` is the
    case's afterwards; ``grid_code`` the grid in force on that day. ``overdue_since`` says since when the case had stood
    past its limit, and nothing was done to it, until this was.
    """

    __tablename__ = "case_move"
    __table_args__ = (
        *not_blank("action", "to_step", "who"),
        CheckConstraint("state IN ('open', 'paused', 'closed', 'void')", name="state"),
        CheckConstraint("char_length(note) <= 2000", name="note_length"),
        code_rule("grid", "grid_code"),
        UniqueConstraint("case_id", "client_key"),
        Index("ix_case_move_case_id_id", "case_id", "id"),
        Index("ix_case_move_at", "at"),
        Index("ix_case_move_overdue", "case_id", "at", postgresql_where=text("overdue_since IS NOT NULL")),
        Index("ix_case_move_client_key", "client_key", postgresql_where=text("client_key IS NOT NULL")),
    )

    id: Mapped[int] = _id()
    case_id: Mapped[int] = _of("ledger_case", index=False)
    action: Mapped[str]
    from_step: Mapped[str | None]
    to_step: Mapped[str]
    state: Mapped[str]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    who: Mapped[str]
    role: Mapped[str | None]
    note: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    grid_code: Mapped[str | None] = mapped_column(Code)
    client_key: Mapped[str | None]
    overdue_since: Mapped[datetime | None]


class CaseReporter(Base):
    """Who asked (诉求人), for those who call back; apart from the case, since more people see cases than people."""

    __tablename__ = "case_reporter"
    __table_args__ = (*not_blank("name"),)

    case_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ledger_case.id"), primary_key=True, autoincrement=False
    )
    name: Mapped[str | None]
    phone: Mapped[str | None]
    contact: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class EvidenceContent(Base):
    """A photo's bytes, kept once however often it is sent; ``hash`` is their SHA-256."""

    __tablename__ = "evidence_content"
    __table_args__ = (CheckConstraint("octet_length(hash) = 32", name="hash_length"),)

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    media_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Evidence(Base):
    """A photo (证据) of a case or an inspection, with time and place. Append-only."""

    __tablename__ = "evidence"
    __table_args__ = (
        *not_blank("who"),
        CheckConstraint("phase IN ('finding', 'before', 'after', 'receipt')", name="phase"),
        CheckConstraint("(case_id IS NULL) <> (inspection_id IS NULL)", name="of_one"),
        CheckConstraint("(lon IS NULL) = (lat IS NULL)", name="lon_lat"),
        CheckConstraint("abs(lon) <= 180 AND abs(lat) <= 90", name="lon_lat_range"),
    )

    id: Mapped[int] = _id()
    case_id: Mapped[int | None] = _of("ledger_case", nullable=True)
    inspection_id: Mapped[int | None] = _of("inspection", nullable=True)
    phase: Mapped[str]
    item: Mapped[str | None]
    hash: Mapped[bytes] = mapped_column(LargeBinary, ForeignKey("evidence_content.hash"))
    taken_at: Mapped[datetime | None]
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    who: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class InspectionPlan(Base):
    """What is inspected how often by whom (检查计划): places of a kind and grade in a street or community."""

    __tablename__ = "inspection_plan"
    __table_args__ = (
        *not_blank("name", "place_kind", "party", "checklist", "created_by"),
        CheckConstraint("scope_code ~ '^([0-9]{9}|[0-9]{12})$'", name="scope_code_structure"),
        CheckConstraint("since <= until", name="since_before_until"),
        *at_least(1, "cycle_days", "version"),
        Index(
            "uq_inspection_plan_current",
            "scope_code",
            "place_kind",
            text("coalesce(grade, '')"),
            "party",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
    )

    id: Mapped[int] = _id()
    name: Mapped[str]
    scope_code: Mapped[str] = mapped_column(Code)
    place_kind: Mapped[str]
    grade: Mapped[str | None]
    party: Mapped[str]
    cycle_days: Mapped[int]
    checklist: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    created_by: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class PlaceGrade(Base):
    """The grade of a place (分级), from a day to another."""

    __tablename__ = "place_grade"
    __table_args__ = (
        *not_blank("grade", "who"),
        CheckConstraint("since <= until", name="since_before_until"),
        Index("uq_place_grade_current", "place_code", unique=True, postgresql_where=text("until IS NULL")),
    )

    id: Mapped[int] = _id()
    place_code: Mapped[str] = code_column("place")
    grade: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    reason: Mapped[str | None]
    who: Mapped[str]


class Inspection(Base):
    """One look at one thing by one party (检查), item by item of a checklist. Append-only.

    ``items`` are objects ``{code, result: ok | fault | not_applicable, note, case_id}``. "Nothing wrong" is a result,
    and so is a door that nobody opened. ``client_key`` is what the inspector's device called it.
    """

    __tablename__ = "inspection"
    __table_args__ = (
        *not_blank("party", "checklist", "inspector"),
        CheckConstraint("result IN ('clear', 'findings', 'no_access')", name="result"),
        CheckConstraint("char_length(note) <= 2000", name="note_length"),
        CheckConstraint("num_nonnulls(place_code, city_element_code, building_code) >= 1", name="has_subject"),
        code_rule("grid", "grid_code"),
        *_about_rules(),
        *geom_rules("inspection", ("Point",)),
        UniqueConstraint("inspector", "client_key"),
        Index("ix_inspection_place_code_inspected_at", "place_code", "inspected_at"),
        Index("ix_inspection_community_code_inspected_at", "community_code", "inspected_at"),
    )

    id: Mapped[int] = _id()
    plan_id: Mapped[int | None] = _of("inspection_plan", nullable=True)
    street_code: Mapped[str] = code_column("street")
    community_code: Mapped[str] = code_column("community", index=False)
    grid_code: Mapped[str | None] = mapped_column(Code, index=True)
    building_code: Mapped[str | None] = code_column("building", nullable=True)
    household_unit_code: Mapped[str | None] = code_column("household_unit", nullable=True)
    place_code: Mapped[str | None] = code_column("place", nullable=True, index=False)
    city_element_code: Mapped[str | None] = code_column("city_element", nullable=True)
    geom: Mapped[WKBElement] = geom_column()
    party: Mapped[str]
    checklist: Mapped[str]
    result: Mapped[str]
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    note: Mapped[str | None]
    inspected_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    inspector: Mapped[str]
    client_key: Mapped[str | None]
