"""Streets and communities as served."""

from pydantic import Field

from api.schemas.geojson import Properties


class StreetProperties(Properties):
    """A street (街道)."""

    code: str = Field(description="9 位街道编码 9-digit street code")
    name: str


class CommunityProperties(Properties):
    """A community (社区)."""

    code: str = Field(description="12 位社区编码 12-digit community code")
    name: str
    street_code: str
