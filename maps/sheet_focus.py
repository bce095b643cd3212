"""What one sheet shows: the grid or community in focus, its buildings by number, and its neighbours."""

import re
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import pandas as pd
import shapely

from geo.errors import NotFoundError
from geo.territory.map_content import MapContent
from maps.escaping import plain_text
from maps.layers import short_numbers


@dataclass(frozen=True)
class Focus:
    """The area of a sheet.

    Attributes
    ----------
    area
        In degrees (lon, lat).
    inside
        The grids the area consists of; ``around``: all other grids.
    """

    level: Literal["grid", "community"]
    code: str
    name: str
    area: shapely.Geometry
    inside: gpd.GeoDataFrame
    around: gpd.GeoDataFrame

    @property
    def households(self) -> int:
        """Households of all grids inside."""
        return int(pd.to_numeric(self.inside["households"], errors="coerce").sum())


def focus_on(content: MapContent, wanted: str) -> Focus:
    """Find a grid by its code or short number, or a community by its code or name.

    Raises
    ------
    NotFoundError
        The plan has no grids, none that is called so, or several.
    """
    grids = content.grids
    if grids is None or grids.empty:
        raise NotFoundError("地图内容中没有网格,无法打印", "there are no grids to print a sheet of")
    wanted = plain_text(wanted).strip()
    codes = grids["code"].map(plain_text)
    chosen = codes == wanted
    if not chosen.any():
        chosen = pd.Series(short_numbers(list(codes)), index=grids.index) == wanted
    if chosen.sum() == 1:
        row = grids[chosen].iloc[0]
        name = plain_text(row.get("name")) or short_numbers([plain_text(row["code"])])[0]
        return Focus("grid", plain_text(row["code"]), name, row.geometry, grids[chosen], grids[~chosen])
    return _community(content, grids, wanted, several=int(chosen.sum()))


def _community(content: MapContent, grids: gpd.GeoDataFrame, wanted: str, *, several: int) -> Focus:
    name, code = wanted, wanted
    area = None
    if content.communities is not None:
        known = content.communities
        match = known[(known["code"].map(plain_text) == wanted) | (known["name"].map(plain_text) == wanted)]
        if len(match) == 1:
            name, code = plain_text(match.iloc[0]["name"]), plain_text(match.iloc[0]["code"])
            area = match.iloc[0].geometry
    parents = grids["community_code"].map(plain_text) if "community_code" in grids.columns else None
    inside = grids[parents == code] if parents is not None else grids.iloc[:0]
    if inside.empty:
        raise _not_found(wanted, several)
    whole = area if area is not None else shapely.union_all(inside.geometry.to_numpy())
    return Focus("community", code, name, whole, inside, grids.drop(inside.index))


def _not_found(wanted: str, several: int) -> NotFoundError:
    if several > 1:
        return NotFoundError(
            f"有 {several} 个网格的短号是“{wanted}”,请给出完整编码",
            f"{several} grids have the short number {wanted!r}: give the whole code",
        )
    return NotFoundError(
        f"方案中没有名为“{wanted}”的网格或社区,请用完整编码",
        f"the plan has no grid or community {wanted!r}: give its whole code",
    )


def numbered_buildings(content: MapContent, focus: Focus) -> gpd.GeoDataFrame:
    """Return the buildings in focus in the order of their names, with their sheet number as ``number`` from 1."""
    buildings = content.buildings
    if buildings is None or buildings.empty:
        return gpd.GeoDataFrame({"households": [], "number": []}, geometry=[], crs=focus.inside.crs)
    grids = set(focus.inside["code"].map(plain_text))
    shares = _shares_of_divided(content, grids)
    if "grid_code" in buildings.columns and buildings["grid_code"].notna().any():
        chosen = buildings["grid_code"].map(plain_text).isin(grids)
    else:
        chosen = buildings.geometry.representative_point().within(focus.area)
    if not shares.empty:
        codes = buildings["code"].map(plain_text)
        chosen = (chosen & ~codes.isin(shares.index)) | codes.isin(shares.index[shares["households"] > 0])
    inside = buildings[chosen].assign(part="")
    if not shares.empty:
        codes = inside["code"].map(plain_text)
        divided = codes.isin(shares.index)
        inside.loc[divided, "households"] = codes[divided].map(shares["households"])
        inside.loc[divided, "part"] = codes[divided].map(shares["part"])
    order = sorted(range(len(inside)), key=[_reading_order(row) for _, row in inside.iterrows()].__getitem__)
    inside = inside.iloc[order]
    return inside.assign(number=range(1, len(inside) + 1))


def _shares_of_divided(content: MapContent, grids: set[str]) -> pd.DataFrame:
    """Of each building that the plan divides, what of it lies in these grids: ``households``, and ``part`` in words."""
    stairwells = content.stairwells
    if stairwells is None or "grid_code" not in stairwells.columns:
        return pd.DataFrame({"households": [], "part": []})
    divided = stairwells[stairwells["grid_code"].notna()]
    inside = divided["grid_code"].map(plain_text).isin(grids)
    rows = pd.DataFrame(
        {
            "building": divided["building_code"].map(plain_text),
            "households": pd.to_numeric(divided["households"], errors="coerce").fillna(0).astype(int).where(inside, 0),
            "name": divided["name"].map(plain_text).where(inside, ""),
            "inside": inside,
        }
    )
    grouped = rows.groupby("building")
    names = grouped["name"].agg(lambda names: "、".join(name for name in names if name))
    return pd.DataFrame({"households": grouped["households"].sum(), "part": names.where(~grouped["inside"].all(), "")})


def _reading_order(row: pd.Series) -> tuple[list[tuple[int, str]], float, float]:
    """By address or name with numbers as numbers (2号 before 10号), then from north-west to south-east."""
    text = title_of_building(row)
    parts = [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", text) if part]
    point = row["geometry"].centroid
    return parts or [(1 << 60, "")], -point.y, point.x


#: An address on a sheet starts with its road: the street is in the title.
_UP_TO_STREET = re.compile(r"^.{2,30}?街道(?=.)")


def title_of_building(row: pd.Series) -> str:
    """Return how a building is called in a table: its address, else its name, else its code; and which part of it."""
    texts = (
        _UP_TO_STREET.sub("", plain_text(row.get("address"))),
        *map(plain_text, (row.get("name"), row.get("code"))),
    )
    title = next((text for text in texts if text), "")
    part = plain_text(row.get("part"))
    return f"{title}({part})" if part else title
