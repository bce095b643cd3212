"""City elements as served."""

from pydantic import Field

from api.schemas.geojson import Properties


class ElementProperties(Properties):
    """A city element (城市管理要素)."""

    code: str
    name: str | None
    kind: str
    kind_label: str = Field(json_schema_extra={"x-dictionary": "element_kinds"})
    community_code: str
    address: str | None
    responsible_body_code: str | None
