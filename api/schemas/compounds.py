"""Compounds as served."""

from pydantic import Field

from api.schemas.geojson import Properties


class CompoundProperties(Properties):
    """A compound (住宅小区)."""

    code: str
    name: str
    kind: str
    kind_label: str = Field(json_schema_extra={"x-dictionary": "compound_kinds"})
    community_code: str
    responsible_body_code: str | None
