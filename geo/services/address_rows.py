"""The rows of an address book out of the store: what every layer has that people say where somebody is by.

Read in one person's name they are that person's: row-level security leaves out what they do not see, and nothing that
is made of them can tell of it. Household units and places are there for those alone who see households.

Ids are codes. A crossing has those of its two roads; a name that only one building has of its own is a landmark of that
building, with the building's code in ``code``.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo.addresses.book import COLUMNS
from geo.addresses.parsing import split
from geo.crs import WGS84, metric_crs_of
from geo.storage import addresses, layers
from geo.storage.addresses import Former
from geo.territory.crossings import MEETING_M, crossings
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import NOUNS

#: Kinds of barriers that are roads; rivers, railways and walls are no addresses.
ROAD_KINDS = frozenset({"expressway", "main_road", "road", "lane"})
#: Kinds of elements that names of each layer are of; names of stairwells and doors are no names of their own.
KINDS = {
    "street": "street",
    "community": "community",
    "compound": "compound",
    "barrier": "road",
    "building": "building",
    "place": "poi",
    "city_element": "poi",
}
_ABOVE = ["province", "city", "district", "street", "community"]
_WITHIN = ["road", "number", "compound", "building"]
_OWN = [*COLUMNS, "noun", "code"]


@dataclass(frozen=True)
class Rows:
    """What a book is built of.

    Attributes
    ----------
    places
        ``COLUMNS`` of the book, and the ``noun`` and ``code`` of the thing that a row is of.
    aliases
        ``alias``, ``kind``, ``name``, ``id``: accepted ones, and names that things had and nothing has today.
    """

    places: pd.DataFrame
    aliases: pd.DataFrame


def read_rows(session: Session) -> Rows:
    """Read all that the transaction's actor may be told the place of."""
    return _Reader(session).rows()


class _Reader:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._streets = self._read("street")
        self._communities = self._read("community")
        self._compounds = self._read("compound")
        self._roads = self._visible_roads()

    def rows(self) -> Rows:
        buildings = self._buildings
        parts = [
            self._divisions(),
            self._road_rows(),
            self._compound_rows(),
            buildings,
            self._stairwell_rows(),
            self._unit_rows(),
            self._crossing_rows(),
        ]
        named = self._landmarks(buildings)
        places = pd.concat([*(part for part in [*parts, named] if len(part)), pd.DataFrame(columns=_OWN)])
        places = places.reindex(columns=_OWN).reset_index(drop=True)
        places["lon"], places["lat"] = places["lon"].astype(float), places["lat"].astype(float)
        text = [name for name in _OWN if name not in ("lon", "lat")]
        places[text] = places[text].astype(object).fillna("").astype(str)
        more, aliases = self._names(places)
        return Rows(pd.concat([places, more], ignore_index=True) if len(more) else places, aliases)

    # ── layers ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self, noun: str) -> gpd.GeoDataFrame:
        return layers.read(self._session, NOUNS[noun])

    def _visible_roads(self) -> gpd.GeoDataFrame:
        """Named roads of the communities that are seen: the base map has those of all streets."""
        barriers = self._read("barrier")
        roads = barriers[barriers["kind"].isin(ROAD_KINDS) & barriers["name"].fillna("").str.strip().ne("")]
        if roads.empty or self._communities.empty:
            return roads.head(0)
        metres = metric_crs_of(self._communities)
        ground = self._communities.to_crs(metres).geometry.buffer(MEETING_M)
        lines = roads.to_crs(metres)
        near, _ = ground.sindex.query(lines.geometry, predicate="intersects")
        return lines.iloc[sorted(set(near.tolist()))].reset_index(drop=True)

    @cached_property
    def _street_names(self) -> "pd.Series[Any]":
        return pd.Series(self._streets["name"].to_numpy(), index=self._streets["code"])

    @cached_property
    def _community_names(self) -> "pd.Series[Any]":
        return pd.Series(self._communities["name"].to_numpy(), index=self._communities["code"])

    @cached_property
    def _parts(self) -> pd.DataFrame:
        """Elements of the addresses of buildings, by the building's code."""
        frame = self._building_frame
        nothing = dict.fromkeys([*_ABOVE, *_WITHIN], "")
        told = [nothing | split(text) if text else nothing for text in frame["address"].fillna("")]
        return pd.DataFrame(told, index=frame["code"].to_numpy(), columns=list(nothing), dtype=object)

    @cached_property
    def _building_frame(self) -> gpd.GeoDataFrame:
        return self._read("building")

    @cached_property
    def _upper(self) -> pd.DataFrame:
        """Province, city and district of each street: as most addresses of its buildings have them."""
        parts = self._parts
        rows = {}
        for code in self._street_names.index:
            own = parts[parts.index.str.startswith(code)]
            row = {name: _commonest(own[name]) for name in ("province", "city", "district")}
            provinces = dictionary("provinces").entries
            if not row["province"] and not row["city"] and code[:2] in provinces and code[:2] != "99":
                row["province"] = provinces[code[:2]].zh
            rows[code] = row | {"street": self._street_names[code]}
        return pd.DataFrame.from_dict(rows, orient="index", columns=_ABOVE[:4])

    def _placed(self, streets: "pd.Series[Any]", communities: "pd.Series[Any] | None" = None) -> pd.DataFrame:
        """Return the divisions of rows, from codes of their street and community."""
        above = self._upper.reindex(streets.to_numpy()).reset_index(drop=True)
        above["community"] = "" if communities is None else communities.map(self._community_names).to_numpy()
        return above

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _divisions(self) -> pd.DataFrame:
        streets, communities = self._streets, self._communities
        upper = _own(streets, "street", "street").join(self._placed(streets["code"]))
        lower = _own(communities, "community", "community").join(
            self._placed(communities["street_code"], communities["code"])
        )
        return pd.concat([part for part in (upper, lower) if len(part)] or [upper])

    def _road_rows(self) -> pd.DataFrame:
        """One row per road of a street; its point is the middle of its longest stretch."""
        if self._roads.empty:
            return pd.DataFrame(columns=_OWN)
        roads = self._roads.assign(street=self._roads["code"].str[:9])
        whole = roads.dissolve(by=["street", "name"], aggfunc={"code": "min", "kind": "first"}).reset_index()
        whole = whole.set_geometry([_middle(shape) for shape in whole.geometry], crs=roads.crs).to_crs(WGS84)
        rows = _own(whole, "road", "barrier").join(self._placed(whole["street"]))
        return rows.assign(road=whole["name"].to_numpy())

    def _compound_rows(self) -> pd.DataFrame:
        compounds, own = self._compounds, self._buildings
        if compounds.empty:
            return pd.DataFrame(columns=_OWN)
        rows = _own(compounds, "compound", "compound")
        streets = compounds["community_code"].str[:9]
        rows = rows.join(self._placed(streets, compounds["community_code"])).assign(compound=compounds["name"])
        doors = self._building_frame[["code", "compound_code"]].merge(own[["code", "road", "number"]], on="code")
        for column in ("road", "number"):
            of_compounds = {code: _commonest(own) for code, own in doors.groupby("compound_code")[column]}
            rows[column] = [of_compounds.get(code, "") for code in rows["code"]]
        # A compound that is one building bears the building's code.
        alone = own[own["level"] == "compound"]
        return rows[~rows["compound"].isin(alone["compound"])]

    @cached_property
    def _buildings(self) -> pd.DataFrame:
        frame, parts = self._building_frame, self._parts.reset_index(drop=True)
        if frame.empty:
            return pd.DataFrame(columns=_OWN)
        rows = _own(frame, "building", "building").join(
            self._placed(frame["community_code"].str[:9], frame["community_code"])
        )
        compounds = self._compounds.set_index("code")["name"]
        named = frame["compound_code"].map(compounds).reset_index(drop=True)
        rows["road"], rows["number"] = parts["road"], parts["number"]
        rows["compound"] = named.where(named.notna(), parts["compound"])
        own_names = frame["name"].fillna("").astype(str).reset_index(drop=True)
        rows["building"] = parts["building"].where(parts["building"] != "", own_names)
        # What is called as its compound is, or stands alone at its door, is the compound or the door itself.
        rows.loc[rows["building"] == rows["compound"], "building"] = ""
        rows.loc[rows["building"] == "", "level"] = "compound"
        rows.loc[(rows["building"] == "") & (rows["compound"] == ""), "level"] = "number"
        return rows[(rows["level"] != "number") | (rows["number"] != "")].reset_index(drop=True)

    def _inside(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the elements of the building that each row is in; NaN where there is none in the book."""
        own = self._buildings.set_index("code")
        return own.reindex(frame["building_code"].to_numpy())[[*_ABOVE, *_WITHIN, "lon", "lat"]].reset_index(drop=True)

    @cached_property
    def _stairwells(self) -> gpd.GeoDataFrame:
        return self._read("stairwell")

    def _stairwell_rows(self) -> pd.DataFrame:
        stairwells = self._stairwells
        rows = _own(stairwells, "unit", "stairwell").drop(columns=["lon", "lat"]).join(self._inside(stairwells))
        own = _points(stairwells)
        rows[["lon", "lat"]] = own.where(own.notna(), rows[["lon", "lat"]])
        rows["unit"] = stairwells["name"].fillna("")
        return rows[rows["street"].notna() & (rows["unit"] != "")]

    def _unit_rows(self) -> pd.DataFrame:
        units = self._read("household_unit").drop(columns="geometry")
        rows = pd.DataFrame({"id": units["code"], "level": "room", "kind": units["kind"]})
        rows["noun"], rows["code"] = "household_unit", units["code"]
        rows = rows.join(self._inside(units))
        stairwells = self._stairwells.set_index("code")
        rows["unit"] = units["stairwell_code"].map(stairwells["name"])
        rows["room"] = units["room"]
        return rows[rows["street"].notna()]

    def _crossing_rows(self) -> pd.DataFrame:
        rows = []
        for street, roads in self._roads.groupby(self._roads["code"].str[:9]):
            codes = roads.groupby("name")["code"].min()
            met = crossings(roads)
            if met.empty:
                continue
            ids = met["one"].map(codes) + "+" + met["other"].map(codes)
            again = ids.groupby(ids).cumcount()
            ids = ids.where(again == 0, ids + "." + (again + 1).astype(str))
            own = pd.DataFrame({"id": ids, "level": "intersection", "noun": "crossing", "code": ids})
            own["name"] = met["one"] + "与" + met["other"] + "交叉口"
            own[["lon", "lat"]] = _points(met.to_crs(WGS84))
            rows.append(own.join(self._placed(pd.Series([street] * len(own), dtype=object))))
        return pd.concat(rows) if rows else pd.DataFrame(columns=_OWN)

    def _landmarks(self, buildings: pd.DataFrame) -> pd.DataFrame:
        """Places and city elements that have a name, but for those that are called as the compound that they are."""
        places, elements = self._read("place"), self._read("city_element")
        elements = elements[elements["name"].fillna("").str.strip() != ""].reset_index(drop=True)
        within = self._inside(places)
        inside = _own(places, "poi", "place").join(within[[*_ABOVE, *_WITHIN]])
        near = _own(elements, "poi", "city_element").join(
            self._placed(elements["community_code"].str[:9], elements["community_code"])
        )
        outside = places["building_code"].isna() | within["street"].isna()
        streets = places.loc[outside, "code"].str[:9]
        above = self._placed(streets)
        above.index = streets.index
        inside.loc[outside, _ABOVE] = above[_ABOVE]
        for rows, frame in ((inside, places), (near, elements)):
            rows["name"] = frame["name"]
        rows = pd.concat([part for part in (inside, near) if len(part)] or [inside], ignore_index=True)
        known = {*buildings["compound"], *buildings["building"], *self._compounds["name"]}
        return rows[~rows["name"].isin(known)]

    # ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _names(self, places: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return further landmarks, and aliases."""
        said = [*self._accepted(), *self._former(places)]
        meant = places[places["code"].isin({code for *_, code in said})].drop_duplicates("code")
        own = {str(row["code"]): row for row in meant.to_dict("records")}
        roads = dict(zip(self._roads["code"], self._roads["name"], strict=True))
        aliases, marks = [], []
        for alias, kind, noun, code in dict.fromkeys(said):
            if noun == "barrier":
                if code in roads:
                    aliases.append((alias, "road", roads[code], ""))
            elif code in own:
                row = own[code]
                if noun != "building" or row["level"] == "compound":
                    aliases.append((alias, "compound" if noun == "building" else kind, "", code))
                else:
                    marks.append((alias, row))
        aliases += self._former_elements(places)
        return _landmarks_of(marks), pd.DataFrame(aliases, columns=["alias", "kind", "name", "id"])

    def _accepted(self) -> Iterator[tuple[str, str, str, str]]:
        for alias in addresses.read_aliases(self._session, state="accepted"):
            yield alias.alias, alias.kind, alias.noun, alias.code

    @cached_property
    def _former_names(self) -> list[Former]:
        return addresses.read_former(self._session)

    def _former(self, places: pd.DataFrame) -> Iterator[tuple[str, str, str, str]]:
        """Names that things had; one that another thing has today is that one's alone, and a number is no name."""
        today = _names_of(places) if self._former_names else set()
        for former in self._former_names:
            kind = KINDS.get(former.noun)
            if former.field != "name" or kind is None or former.old in today:
                continue
            if former.noun != "building" or not split(former.old).get("building"):
                yield former.old, kind, former.noun, former.code

    def _former_elements(self, places: pd.DataFrame) -> list[tuple[str, str, str, str]]:
        """Roads and compounds of addresses that there were and that no address has today: what most became."""
        own = places.drop_duplicates("code").set_index("code")
        became: dict[tuple[str, str], Counter[str]] = {}
        for former in self._former_names:
            if former.field != "address" or former.code not in own.index:
                continue
            was = split(former.old)
            for kind in ("road", "compound"):
                old, new = was.get(kind, ""), str(own.at[former.code, kind])
                if old and new and old != new:
                    became.setdefault((kind, old), Counter())[new] += 1
        today = _names_of(places) if became else set()
        return [
            (old, kind, names.most_common(1)[0][0], "") for (kind, old), names in became.items() if old not in today
        ]


def _names_of(places: pd.DataFrame) -> set[str]:
    columns = ("name", "road", "compound", "building", "community")
    return {str(name) for column in columns for name in places[column].unique()}


def _own(frame: gpd.GeoDataFrame, level: str, noun: str) -> pd.DataFrame:
    """Return what a row says of itself: id, level, kind, noun, code and point."""
    rows = pd.DataFrame({"id": frame["code"].to_numpy(), "level": level})
    rows["kind"] = frame["kind"].to_numpy() if "kind" in frame else ""
    rows["noun"], rows["code"] = noun, rows["id"]
    rows[["lon", "lat"]] = _points(frame)
    return rows


def _points(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return a point inside of each geometry, in degrees; NaN where there is none."""
    inside = shapely.point_on_surface(frame.geometry.to_numpy())
    return pd.DataFrame({"lon": shapely.get_x(inside), "lat": shapely.get_y(inside)})


def _middle(shape: shapely.Geometry) -> shapely.Point:
    parts = shapely.get_parts(shapely.line_merge(shape))
    longest = max(parts, key=shapely.length)
    return shapely.line_interpolate_point(longest, 0.5, normalized=True)


def _commonest(texts: Iterable[str]) -> str:
    """Return the text that most have, the first by its characters among equals; those without one do not count."""
    counts = Counter(text for text in texts if text)
    return min(counts, key=lambda text: (-counts[text], text), default="")


def _landmarks_of(marks: list[tuple[str, dict[Hashable, Any]]]) -> pd.DataFrame:
    """Return rows of names that single buildings have beside their number."""
    rows = []
    for number, (name, row) in enumerate(marks, start=1):
        given = {column: row[column] for column in (*_ABOVE, *_WITHIN, "lon", "lat", "noun", "code")}
        named = {"id": f"{row['code']}.{number}", "level": "poi", "name": name}
        rows.append(dict.fromkeys(_OWN, "") | given | named)
    return pd.DataFrame(rows, columns=_OWN)
