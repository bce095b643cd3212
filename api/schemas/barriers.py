"""Roads, rivers, railways and walls as served."""

from pydantic import Field

from api.schemas.geojson import Properties


class BarrierProperties(Properties):
    """A barrier (道路与屏障)."""

    code: str
    name: str | None
    kind: str
    kind_label: str = Field(json_schema_extra={"x-dictionary": "barrier_kinds"})
