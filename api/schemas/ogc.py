"""What OGC's interfaces answer: landing page, collections, features, tile sets."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.geojson import Geometry


class OgcLink(BaseModel):
    """A link (RFC 8288), as OGC writes it."""

    href: str
    rel: str
    type: str | None = None
    title: str | None = None
    templated: bool | None = None


class LandingPage(BaseModel):
    """Where to begin."""

    title: str
    description: str
    links: list[OgcLink]


class Conformance(BaseModel):
    """Which parts of OGC's standards are kept."""

    conformsTo: list[str]  # noqa: N815 - the name OGC gives it


class SpatialExtent(BaseModel):
    """What a collection takes up: west, south, east, north in degrees."""

    bbox: list[list[float]]
    crs: str


class Extent(BaseModel):
    """Where a collection lies."""

    spatial: SpatialExtent


class CollectionInfo(BaseModel):
    """A collection: a layer of today, or the grids of a plan."""

    id: str
    title: str
    description: str
    itemType: Literal["feature"]  # noqa: N815
    extent: Extent | None = None
    crs: list[str]
    storageCrs: str  # noqa: N815
    links: list[OgcLink]


class CollectionList(BaseModel):
    """All collections that who asks may see."""

    collections: list[CollectionInfo]
    links: list[OgcLink]


class Queryables(BaseModel):
    """A JSON Schema of the properties by whose values features can be asked for."""

    model_config = ConfigDict(extra="allow")

    type: Literal["object"]
    title: str
    properties: dict[str, Any]


class OgcFeature(BaseModel):
    """One feature (GeoJSON)."""

    type: Literal["Feature"]
    id: str
    geometry: Geometry | None
    properties: dict[str, Any]
    links: list[OgcLink] | None = None


class OgcFeatures(BaseModel):
    """One page of features (GeoJSON), in the order of their keys."""

    type: Literal["FeatureCollection"]
    features: list[OgcFeature]
    links: list[OgcLink]
    timeStamp: datetime  # noqa: N815
    numberReturned: int = Field(ge=0)  # noqa: N815
    numberMatched: int | None = Field(  # noqa: N815
        default=None, ge=0, description="总数,仅在首页给出 On all pages; told on the first one"
    )


class TileMatrixSets(BaseModel):
    """The grids that tiles are cut by."""

    tileMatrixSets: list[dict[str, Any]]  # noqa: N815


class TileMatrixSet(BaseModel):
    """A grid that tiles are cut by (OGC Two Dimensional Tile Matrix Set 2.0)."""

    model_config = ConfigDict(extra="allow")

    id: str
    crs: str
    tileMatrices: list[dict[str, Any]]  # noqa: N815


class TileSets(BaseModel):
    """The tile sets of a collection."""

    tilesets: list[dict[str, Any]]
    links: list[OgcLink]


class TileSet(BaseModel):
    """What tiles of a collection there are."""

    model_config = ConfigDict(extra="allow")

    title: str
    dataType: Literal["vector"]  # noqa: N815
    crs: str
    links: list[OgcLink]


class Styles(BaseModel):
    """How layers look, in the forms that other tools read."""

    styles: list[dict[str, Any]]
