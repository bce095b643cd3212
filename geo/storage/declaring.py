"""What tables are declared with: the base of all, what rows of nouns carry, and rules that columns share."""

from datetime import datetime
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, MetaData, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from geo.territory import codes, nouns

SRID = 4326

Code = Text(collation="C")


class Base(DeclarativeBase):
    """All tables; every constraint has a name that errors and migrations can say."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text(), dict[str, Any]: JSONB()}  # noqa: RUF012


class Kept:
    """What every row of a noun carries: where it came from, its version, and its life from creation to end."""

    source: Mapped[str | None]
    source_key: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]


def code_column(target: str | None = None, *, nullable: bool = False, primary: bool = False, index: bool = True) -> Any:
    """Column of a code; ``target`` is the table that it points at."""
    keys = [ForeignKey(f"{target}.code")] if target else []
    indexed = index and target is not None
    return mapped_column(Code, *keys, primary_key=primary, nullable=nullable, index=indexed)


def geom_column(*, nullable: bool = False) -> Any:
    """Column of any geometry; :func:`geom_rules` says of which types."""
    return mapped_column(Geometry("GEOMETRY", srid=SRID, dimension=2, spatial_index=False), nullable=nullable)


def code_pattern(noun: str) -> str:
    """Return the regular expression of a noun's code, for PostgreSQL and Python alike."""
    if noun in codes.DIGITS:
        return f"^[0-9]{{{codes.DIGITS[noun]}}}$"
    letter, stem, sequence = codes.LETTERS[noun]
    return f"^[0-9]{{{stem}}}{letter}[0-9]{{{sequence}}}$"


def code_rule(noun: str, column: str = "code") -> CheckConstraint:
    """A column has the structure of a noun's code."""
    return CheckConstraint(f"{column} ~ '{code_pattern(noun)}'", name=f"{column}_structure")


def stem_rule(parent: str, child: str = "code") -> CheckConstraint:
    """The child's code starts with its parent's."""
    return CheckConstraint(f"starts_with({child}, {parent})", name=f"{child}_under_{parent}")


def street_rule() -> CheckConstraint:
    """The code starts with the community's street; it keeps the community where it was given when borders move."""
    return CheckConstraint("starts_with(code, left(community_code, 9))", name="code_under_street")


def not_blank(*columns: str) -> list[CheckConstraint]:
    """Texts that have to say something."""
    return [CheckConstraint(f"{column} ~ '[^[:space:]]'", name=f"{column}_not_blank") for column in columns]


def at_least(least: int, *columns: str) -> list[CheckConstraint]:
    """Numbers that go no lower."""
    return [CheckConstraint(f"{column} >= {least}", name=f"{column}_range") for column in columns]


def floor_rules() -> list[CheckConstraint]:
    """A run of floors has both ends or none; missing ones mean all floors."""
    return [
        CheckConstraint("(floor_from IS NULL) = (floor_to IS NULL)", name="floors_both"),
        CheckConstraint("floor_from <= floor_to", name="floors_order"),
    ]


def geom_rules(table: str, allowed: tuple[str, ...]) -> list[SchemaItem]:
    """Allowed types, validity, extent and index of a ``geom`` column.

    NaN fails the extent rule too: PostgreSQL sorts it above every number.
    """
    types = ", ".join(f"'{name.upper()}'" for name in allowed)
    return [
        CheckConstraint(f"GeometryType(geom) IN ({types})", name="geom_type"),
        CheckConstraint("NOT ST_IsEmpty(geom) AND ST_IsValid(geom)", name="geom_valid"),
        CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name="geom_extent",
        ),
        Index(f"ix_{table}_geom", "geom", postgresql_using="gist"),
    ]


def noun_rules(noun: nouns.Noun) -> tuple[SchemaItem, ...]:
    """Rules that follow from the catalogue of nouns alone."""
    rules: list[SchemaItem] = [
        code_rule(noun.name),
        UniqueConstraint("source", "source_key"),
        *at_least(1, "version"),
    ]
    rules.append(CheckConstraint("source_key IS NULL OR source IS NOT NULL", name="source_key_has_source"))
    required = [c.name for c in noun.columns if c.required and c.type == "text" and c.code_of is None]
    rules.extend(not_blank(*required))
    if noun.geometry:
        rules.extend(geom_rules(noun.name, noun.geometry))
    return tuple(rules)
