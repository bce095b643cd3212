"""The parameters of a generated town, read from ``data/sample/*.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from geo.errors import BoundsError

Range = tuple[float, float]


@dataclass(frozen=True)
class Street:
    """What the street is called, where its middle lies, and how large it is."""

    area_km2: float
    households: int
    code: str
    province: str
    city: str
    district: str
    name: str
    lon: float
    lat: float

    @property
    def address(self) -> str:
        """The address text down to the street."""
        return f"{self.province}{self.city}{self.district}{self.name}"


@dataclass(frozen=True)
class Skeleton:
    """How main roads, river and railway cut the street into superblocks."""

    columns: int
    rows: int
    river: bool
    railway: bool
    drop_corner: bool
    merges: tuple[int, int]
    rotation_degrees: Range
    corner_shift_m: float
    wobble_m: float
    river_meander_m: float
    railway_bow_m: float
    aspect: float


@dataclass(frozen=True)
class Blocks:
    """How superblocks are cut into blocks by roads and into parcels by lanes."""

    block_ha: Range
    parcel_ha: Range
    village_parcel_ha: Range
    shortest_side_m: float
    through_road_share: float
    pavement_m: Mapping[str, float]


@dataclass(frozen=True)
class Communities:
    """Households of each community as a share of the mean, largest first."""

    profile: tuple[float, ...]


@dataclass(frozen=True)
class Uses:
    """How land is given to uses until a community has its households."""

    doors_per_ha: Mapping[str, float]
    villages: tuple[int, int]
    schools_per_community: float
    markets_per_community: float
    parks_per_community: float
    rest: Mapping[str, float]
    characters: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class Footprint:
    """Sizes of one kind of building and the distances it keeps, in metres."""

    kind: str
    depth: Range
    width: Range
    gap: float
    row_gap: Range
    setback: float
    floors: tuple[int, int]
    doors: tuple[int, int]
    stairwell_width: float = 0.0
    lane: Range = (0.0, 0.0)


@dataclass(frozen=True)
class Units:
    """Shares of doors by use."""

    rental: Mapping[str, float]
    vacant: Mapping[str, float]
    shop_width_m: Mapping[str, float]
    shop_share: Mapping[str, float]


@dataclass(frozen=True)
class Elements:
    """How many city elements there are."""

    bus_stop_spacing_m: float
    hydrant_spacing_m: float
    households_per_garbage_point: int
    households_per_charging_shed: int
    public_toilets_per_community: float
    service_points_per_community: float


@dataclass(frozen=True)
class OldGrids:
    """The departments' grids before the redraw: households aimed at, and how far they miss it."""

    departments: tuple[str, ...]
    households: tuple[float, ...]
    spread: float


@dataclass(frozen=True)
class City:
    """Between what the sub-districts of a generated city vary, and how far apart they lie."""

    area_km2: Range
    households: tuple[int, int]
    villages: tuple[int, int]
    columns: tuple[int, int]
    rows: tuple[int, int]
    pitch_m: float
    streets_in_a_row: int


@dataclass(frozen=True)
class Recipe:
    """Everything that makes one town differ from another, seed apart."""

    street: Street
    skeleton: Skeleton
    blocks: Blocks
    communities: Communities
    uses: Uses
    footprints: Mapping[str, Footprint]
    units: Units
    elements: Elements
    old_grids: OldGrids
    city: City
    words: Mapping[str, Any]


Section = TypeVar("Section")


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _section(cls: type[Section], table: Mapping[str, Any]) -> Section:
    known = {field.name for field in fields(cls)}  # type: ignore[arg-type]
    unknown = set(table) - known
    if unknown:
        names = ", ".join(sorted(unknown))
        raise BoundsError(f"配方中有未知参数:{names}", f"the recipe has unknown parameters: {names}")
    return cls(**{name: _tuples(value) for name, value in table.items()})


@cache
def load_recipe() -> Recipe:
    """Read the recipe of the sample town that the project ships.

    Raises
    ------
    BoundsError
        The file names a parameter that the generator does not know.
    """
    folder = files("data") / "sample"
    table = tomllib.loads((folder / "recipe.toml").read_text(encoding="utf-8"))
    words = tomllib.loads((folder / "words.toml").read_text(encoding="utf-8"))
    return Recipe(
        street=_section(Street, table["street"]),
        skeleton=_section(Skeleton, table["skeleton"]),
        blocks=_section(Blocks, table["blocks"]),
        communities=_section(Communities, table["communities"]),
        uses=_section(Uses, table["uses"]),
        footprints={use: _section(Footprint, row) for use, row in table["footprints"].items()},
        units=_section(Units, table["units"]),
        elements=_section(Elements, table["elements"]),
        old_grids=_section(OldGrids, table["old_grids"]),
        city=_section(City, table["city"]),
        words=words,
    )
