"""The tables, mirroring ``geo/territory/nouns.py`` column by column (``tests/geo/storage/test_tables.py`` holds both).

Keys
    A noun's key is its official ``code``: files, frames, reports and people refer by code, so a reference means the
    same inside and outside the database, and a code once given is never given again (rows are ended, not deleted).
    Rows of a plan (``grid``, ``cell``, their assignments) have surrogate ids, since every plan numbers anew.
Codes
    are compared as bytes (collation "C"), so that "everything under this street" is a range of the primary key.
Geometry
    EPSG:4326 (lon, lat), two-dimensional by the column's type; valid, not empty, inside the globe and of the types
    that the noun takes by CHECK; each with a GiST index.
Rules over several rows (overlaps, states, append-only) are triggers: ``migrations/sql/``.

Only migrations change the schema; ``alembic check`` in the tests keeps them and this file together.
"""

from datetime import date, datetime
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.storage.declaring import (
    Base,
    Code,
    Kept,
    at_least,
    code_column,
    code_rule,
    floor_rules,
    geom_column,
    geom_rules,
    not_blank,
    noun_rules,
    stem_rule,
    street_rule,
)
from geo.territory import nouns


class ResponsibleBody(Kept, Base):
    """A responsible body (责任主体)."""

    __tablename__ = "responsible_body"
    __table_args__ = noun_rules(nouns.RESPONSIBLE_BODY)

    code: Mapped[str] = code_column(primary=True)
    name: Mapped[str]
    kind: Mapped[str]
    phone: Mapped[str | None]


class Street(Kept, Base):
    """A street (街道)."""

    __tablename__ = "street"
    __table_args__ = noun_rules(nouns.STREET)

    code: Mapped[str] = code_column(primary=True)
    name: Mapped[str]
    geom: Mapped[WKBElement] = geom_column()


class Community(Kept, Base):
    """A community (社区)."""

    __tablename__ = "community"
    __table_args__ = (*noun_rules(nouns.COMMUNITY), stem_rule("street_code"))

    code: Mapped[str] = code_column(primary=True)
    name: Mapped[str]
    street_code: Mapped[str] = code_column("street")
    geom: Mapped[WKBElement] = geom_column()


class Compound(Kept, Base):
    """A residential compound (住宅小区)."""

    __tablename__ = "compound"
    __table_args__ = (*noun_rules(nouns.COMPOUND), street_rule())

    code: Mapped[str] = code_column(primary=True)
    name: Mapped[str]
    kind: Mapped[str]
    community_code: Mapped[str] = code_column("community")
    responsible_body_code: Mapped[str | None] = code_column("responsible_body", nullable=True)
    geom: Mapped[WKBElement] = geom_column()


class Barrier(Kept, Base):
    """A road, river, railway or wall (道路与屏障)."""

    __tablename__ = "barrier"
    __table_args__ = (*noun_rules(nouns.BARRIER),)

    code: Mapped[str] = code_column(primary=True)
    name: Mapped[str | None]
    kind: Mapped[str]
    geom: Mapped[WKBElement] = geom_column()


class Building(Kept, Base):
    """A building (楼栋): its footprint, or a point where no footprint is known."""

    __tablename__ = "building"
    __table_args__ = (
        *noun_rules(nouns.BUILDING),
        street_rule(),
        *at_least(0, "households"),
    )

    code: Mapped[str] = code_column(primary=True)
    name: Mapped[str | None]
    address: Mapped[str | None]
    kind: Mapped[str]
    community_code: Mapped[str] = code_column("community")
    compound_code: Mapped[str | None] = code_column("compound", nullable=True)
    floors: Mapped[int | None]
    households: Mapped[int | None]
    households_source: Mapped[str]
    geom: Mapped[WKBElement] = geom_column()


class Stairwell(Kept, Base):
    """A stairwell (单元) of a building; its geometry may be unknown."""

    __tablename__ = "stairwell"
    __table_args__ = (
        *noun_rules(nouns.STAIRWELL),
        stem_rule("building_code"),
        *at_least(0, "households"),
    )

    code: Mapped[str] = code_column(primary=True)
    name: Mapped[str | None]
    building_code: Mapped[str] = code_column("building")
    floors: Mapped[int | None]
    households: Mapped[int | None]
    geom: Mapped[WKBElement | None] = geom_column(nullable=True)


class HouseholdUnit(Kept, Base):
    """A household unit (户): one door."""

    __tablename__ = "household_unit"
    __table_args__ = (
        *noun_rules(nouns.HOUSEHOLD_UNIT),
        stem_rule("building_code"),
        stem_rule("building_code", "stairwell_code"),
    )

    code: Mapped[str] = code_column(primary=True)
    building_code: Mapped[str] = code_column("building")
    stairwell_code: Mapped[str | None] = code_column("stairwell", nullable=True)
    floor: Mapped[int | None]
    room: Mapped[str]
    kind: Mapped[str]
    address: Mapped[str | None]


class Place(Kept, Base):
    """A place (场所): anything inspected."""

    __tablename__ = "place"
    __table_args__ = noun_rules(nouns.PLACE)

    code: Mapped[str] = code_column(primary=True)
    name: Mapped[str]
    kind: Mapped[str]
    address: Mapped[str | None]
    building_code: Mapped[str | None] = code_column("building", nullable=True)
    household_unit_code: Mapped[str | None] = code_column("household_unit", nullable=True)
    responsible_body_code: Mapped[str | None] = code_column("responsible_body", nullable=True)
    geom: Mapped[WKBElement] = geom_column()


class CityElement(Kept, Base):
    """A city element (城市管理要素)."""

    __tablename__ = "city_element"
    __table_args__ = (*noun_rules(nouns.CITY_ELEMENT), street_rule())

    code: Mapped[str] = code_column(primary=True)
    name: Mapped[str | None]
    kind: Mapped[str]
    community_code: Mapped[str] = code_column("community")
    address: Mapped[str | None]
    responsible_body_code: Mapped[str | None] = code_column("responsible_body", nullable=True)
    geom: Mapped[WKBElement] = geom_column()


class GridStaff(Kept, Base):
    """A grid worker, cell head or other person of the grids (网格人员).

    ``grid_code`` is no foreign key: people stay with a grid's code while plans come and go.
    """

    __tablename__ = "grid_staff"
    __table_args__ = (
        *noun_rules(nouns.GRID_STAFF),
        code_rule("grid", "grid_code"),
        CheckConstraint("since <= until", name="since_before_until"),
    )

    code: Mapped[str] = code_column(primary=True)
    name: Mapped[str]
    role: Mapped[str]
    phone: Mapped[str | None]
    grid_code: Mapped[str | None] = mapped_column(Code, index=True)
    since: Mapped[date | None]
    until: Mapped[date | None]


class Plan(Base):
    """A plan (网格划分方案): draft, then adopted, then superseded.

    ``tier`` says what its units are: grids, cells drawn like grids, or the communities themselves (``DrawnCommunity``).
    ``department`` is '' for the one merged network; a department's name marks that department's own old grids.
    ``lower``, ``upper`` and ``seed`` are unknown (NULL) for grids that nobody computed; ``cell_lower``, ``cell_upper``
    and ``cell_seed`` as long as the grids are not divided into cells.
    """

    __tablename__ = "plan"
    __table_args__ = (
        *not_blank("name", "created_by"),
        CheckConstraint("state IN ('draft', 'adopted', 'superseded')", name="state"),
        CheckConstraint("tier IN ('community', 'grid', 'cell')", name="tier"),
        CheckConstraint("(state = 'draft') = (adopted_at IS NULL)", name="adopted_at"),
        CheckConstraint("(state = 'superseded') = (superseded_at IS NOT NULL)", name="superseded_at"),
        CheckConstraint("adopted_at <= superseded_at", name="adopted_before_superseded"),
        CheckConstraint("scope_code ~ '^([0-9]{9}|[0-9]{12})$'", name="scope_code_structure"),
        CheckConstraint("lower <= upper", name="lower_upper"),
        CheckConstraint("cell_lower <= cell_upper", name="cell_lower_upper"),
        *at_least(0, "lower", "cell_lower"),
        *at_least(1, "version"),
        Index(
            "uq_plan_adopted_scope",
            "scope_code",
            "department",
            "tier",
            unique=True,
            postgresql_where=text("state = 'adopted'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'draft'"))
    department: Mapped[str] = mapped_column(server_default=text("''"))
    tier: Mapped[str] = mapped_column(server_default=text("'grid'"))
    scope_code: Mapped[str] = mapped_column(Code)
    scope_street_code: Mapped[str] = mapped_column(
        Code, Computed("left(scope_code, 9)", persisted=True), ForeignKey("street.code"), nullable=False
    )
    scope_community_code: Mapped[str | None] = mapped_column(
        Code,
        Computed("CASE WHEN length(scope_code) = 12 THEN scope_code ELSE NULL::text END", persisted=True),
        ForeignKey("community.code"),
    )
    lower: Mapped[int | None]
    upper: Mapped[int | None]
    seed: Mapped[int | None] = mapped_column(BigInteger)
    cell_lower: Mapped[int | None]
    cell_upper: Mapped[int | None]
    cell_seed: Mapped[int | None] = mapped_column(BigInteger)
    parameters: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    report: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    adopted_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class Grid(Base):
    """A grid (网格) of one plan. ``reason`` says why its households are out of range, when they are."""

    __tablename__ = "grid"
    __table_args__ = (
        code_rule("grid"),
        stem_rule("community_code"),
        *at_least(0, "households"),
        *geom_rules("grid", nouns.GRID.geometry),
        UniqueConstraint("plan_id", "code"),
        UniqueConstraint("plan_id", "id"),
        UniqueConstraint("id", "code"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("plan.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(Code)
    name: Mapped[str | None]
    community_code: Mapped[str] = code_column("community")
    households: Mapped[int | None]
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
    geom: Mapped[WKBElement] = geom_column()


class Cell(Base):
    """A linked-household cell (联户网格) of a grid; ``geom`` may be unknown, ``reason`` is as in a grid."""

    __tablename__ = "cell"
    __table_args__ = (
        code_rule("cell"),
        stem_rule("grid_code"),
        *at_least(0, "households"),
        *geom_rules("cell", nouns.AREA),
        ForeignKeyConstraint(["grid_id", "grid_code"], ["grid.id", "grid.code"], ondelete="CASCADE"),
        UniqueConstraint("grid_id", "code"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    grid_id: Mapped[int] = mapped_column(BigInteger)
    grid_code: Mapped[str] = mapped_column(Code)
    code: Mapped[str] = mapped_column(Code)
    name: Mapped[str | None]
    households: Mapped[int | None]
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
    geom: Mapped[WKBElement | None] = geom_column(nullable=True)


class CellAssignment(Base):
    """Which cell a building of the cell's grid belongs to, or its stairwells or floors where cells divide it.

    ``estimated`` says that the households of these floors were shared out evenly, not counted.
    """

    __tablename__ = "cell_assignment"
    __table_args__ = (
        stem_rule("building_code", "stairwell_code"),
        *at_least(0, "households"),
        *floor_rules(),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    cell_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("cell.id", ondelete="CASCADE"), index=True)
    building_code: Mapped[str] = code_column("building")
    stairwell_code: Mapped[str | None] = code_column("stairwell", nullable=True)
    floor_from: Mapped[int | None]
    floor_to: Mapped[int | None]
    households: Mapped[int]
    estimated: Mapped[bool] = mapped_column(server_default=text("false"))


class Assignment(Base):
    """Which grid of a plan a building belongs to, or its stairwells or floors where the plan divides it."""

    __tablename__ = "assignment"
    __table_args__ = (
        stem_rule("building_code", "stairwell_code"),
        *at_least(0, "households"),
        *floor_rules(),
        ForeignKeyConstraint(["plan_id", "grid_id"], ["grid.plan_id", "grid.id"], ondelete="CASCADE"),
        Index(
            "uq_assignment_building",
            "plan_id",
            "building_code",
            unique=True,
            postgresql_where=text("stairwell_code IS NULL AND floor_from IS NULL"),
        ),
        Index(
            "uq_assignment_stairwell",
            "plan_id",
            "stairwell_code",
            unique=True,
            postgresql_where=text("stairwell_code IS NOT NULL AND floor_from IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(BigInteger)
    grid_id: Mapped[int] = mapped_column(BigInteger, index=True)
    building_code: Mapped[str] = code_column("building")
    stairwell_code: Mapped[str | None] = code_column("stairwell", nullable=True)
    floor_from: Mapped[int | None]
    floor_to: Mapped[int | None]
    households: Mapped[int]


class DrawnCommunity(Base):
    """A community as a plan of communities draws it: the same code where it goes on, else one never given before.

    ``community_code`` is the community, as they were when the plan was drawn, that most of its households come from.
    """

    __tablename__ = "drawn_community"
    __table_args__ = (
        code_rule("community"),
        *at_least(0, "households"),
        *geom_rules("drawn_community", nouns.COMMUNITY.geometry),
        UniqueConstraint("plan_id", "code"),
        UniqueConstraint("plan_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("plan.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(Code)
    name: Mapped[str]
    community_code: Mapped[str] = code_column("community")
    households: Mapped[int]
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
    geom: Mapped[WKBElement] = geom_column()


class CommunityAssignment(Base):
    """Which drawn community of a plan a building belongs to; buildings are never divided between communities."""

    __tablename__ = "community_assignment"
    __table_args__ = (
        *at_least(0, "households"),
        ForeignKeyConstraint(
            ["plan_id", "drawn_id"], ["drawn_community.plan_id", "drawn_community.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("plan_id", "building_code"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(BigInteger)
    drawn_id: Mapped[int] = mapped_column(BigInteger, index=True)
    building_code: Mapped[str] = code_column("building")
    households: Mapped[int]


class Event(Base):
    """One write or look: who did what, when, from where, to which row, how it was before and after. Append-only.

    In a transaction with an actor the database itself fills in who it was and from where (``geo/storage/acting.py``).
    """

    __tablename__ = "event"
    __table_args__ = (
        *not_blank("who", "what", "noun"),
        Index("ix_event_noun_code", "noun", "code", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    who: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    what: Mapped[str]
    noun: Mapped[str]
    code: Mapped[str | None]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    address: Mapped[str | None]
    request_id: Mapped[str | None]
    account_id: Mapped[int | None] = mapped_column(BigInteger)


class EventChain(Base):
    """The order that events were committed in, each with a hash over the one before and the event's own text.

    Written by the database alone, when a transaction commits (``migrations/sql/2026_11_22_access.sql``).
    """

    __tablename__ = "event_chain"
    __table_args__ = (UniqueConstraint("event_id"),)

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes]


class FormerName(Base):
    """A name or address that a thing had, until when, and who changed it; written by the database alone. Append-only.

    ``field`` is the column of ``noun`` that had it.
    """

    __tablename__ = "former_name"
    __table_args__ = (
        *not_blank("noun", "code", "field", "old"),
        Index("ix_former_name_noun_code", "noun", "code", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    noun: Mapped[str]
    code: Mapped[str] = mapped_column(Code)
    field: Mapped[str]
    old: Mapped[str]
    until: Mapped[datetime] = mapped_column(server_default=func.now())
    who: Mapped[str | None]


class AddressAlias(Base):
    """What people call a thing (别名): proposed where staff confirmed it, then decided on by a planner.

    ``kind`` is the element of an address that it stands for, ``name`` what the thing was called then. ``times`` says
    how often it was confirmed.
    """

    __tablename__ = "address_alias"
    __table_args__ = (
        *not_blank("alias", "kind", "noun", "code", "name", "proposed_by"),
        CheckConstraint("char_length(alias) <= 60", name="alias_length"),
        CheckConstraint("state IN ('proposed', 'accepted', 'rejected', 'ended')", name="state"),
        CheckConstraint("(decided_at IS NULL) = (state = 'proposed')", name="decided_at"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        *at_least(1, "times", "version"),
        Index(
            "uq_address_alias_said",
            "alias",
            "kind",
            "code",
            unique=True,
            postgresql_where=text("state <> 'ended'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    alias: Mapped[str]
    kind: Mapped[str]
    noun: Mapped[str]
    code: Mapped[str] = mapped_column(Code)
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'proposed'"))
    times: Mapped[int] = mapped_column(server_default=text("1"))
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class UnplacedRow(Base):
    """A row of an imported list whose address is no one place (未定位的行): kept until somebody says where it is.

    ``file_row`` is the row as the file has it, heading by heading; ``manner`` how the import was to take it;
    ``choices`` what it could be. ``source`` and ``source_key`` know it again; ``code`` is of the thing it became.
    """

    __tablename__ = "unplaced_row"
    __table_args__ = (
        *not_blank("noun", "source", "source_key", "created_by"),
        CheckConstraint("outcome IN ('several', 'none')", name="outcome"),
        CheckConstraint("state IN ('open', 'placed', 'dropped')", name="state"),
        CheckConstraint("(decided_at IS NULL) = (state = 'open')", name="decided_at"),
        CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_by"),
        CheckConstraint("(code IS NOT NULL) = (state = 'placed')", name="code_when_placed"),
        CheckConstraint("scope_code ~ '^([0-9]{9}|[0-9]{12})$'", name="scope_code_structure"),
        *at_least(1, "row_number", "version"),
        UniqueConstraint("noun", "source", "source_key"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    noun: Mapped[str]
    source: Mapped[str]
    source_key: Mapped[str]
    row_number: Mapped[int]
    file_row: Mapped[dict[str, Any]]
    manner: Mapped[dict[str, Any]]
    scope_code: Mapped[str | None] = mapped_column(Code)
    address: Mapped[str]
    outcome: Mapped[str]
    reason_zh: Mapped[str]
    reason_en: Mapped[str]
    choices: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    code: Mapped[str | None] = mapped_column(Code)
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


#: The table of each noun that keeps rows of its own; grids live in plans.
NOUN_TABLES: dict[str, type[Kept]] = {
    table.__tablename__: table
    for table in (
        ResponsibleBody,
        Street,
        Community,
        Compound,
        Barrier,
        Building,
        Stairwell,
        HouseholdUnit,
        Place,
        CityElement,
        GridStaff,
    )
}
