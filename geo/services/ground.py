"""The divisions that imported rows go under: read from the store, or made when the user says so."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo.crs import WGS84, metric_crs_of
from geo.errors import CodeError, InputError, NotFoundError
from geo.exchange.placing import Geometries
from geo.storage import layers
from geo.territory.codes import check
from geo.territory.nouns import NOUNS, Noun

#: A division drawn around data is this much wider than the data's hull.
HULL_MARGIN_M = 20.0

CodeAndName = tuple[str, str]


class Ground:
    """Streets, communities and compounds under one division, or of the whole store.

    Parameters
    ----------
    under
        Code of a county (6 digits, for streets), a street (9) or a community (12); None for the whole store.
    """

    def __init__(self, session: Session, under: str | None) -> None:
        self._session = session
        self.under = under

    @property
    def street(self) -> str | None:
        """The street that rows go under, when one is stated."""
        return self.under[:9] if self.under and len(self.under) >= 9 else None

    def communities(self) -> gpd.GeoDataFrame:
        """Return the communities rows may lie in.

        Raises
        ------
        NotFoundError
            There are none.
        """
        wanted = [self.under] if self.under and len(self.under) == 12 else None
        found = layers.read(self._session, NOUNS["community"], community_codes=wanted, street_code=self.street)
        if found.empty:
            where = f" {self.under} 下" if self.under else ""
            raise NotFoundError(
                f"库中{where}没有社区;请先导入社区,或用 --create-community 编码 名称 以数据范围新建一个",
                f"the store has no community{' under ' + self.under if self.under else ''}; import communities first, "
                "or make one around the data with --create-community CODE NAME",
            )
        return found

    def streets(self) -> gpd.GeoDataFrame:
        """Return the streets rows may lie in; may be none."""
        codes = [self.street] if self.street else None
        return layers.read(self._session, NOUNS["street"], codes=codes)

    def compounds(self) -> gpd.GeoDataFrame:
        """Return the compounds buildings may lie in; may be none."""
        return layers.read(self._session, NOUNS["compound"], street_code=self.street)

    def buildings(self) -> gpd.GeoDataFrame:
        """Return the buildings stairwells and places may lie in; may be none."""
        return layers.read(self._session, NOUNS["building"], street_code=self.street)

    def homes(self, noun: Noun, codes: pd.Series) -> dict[str, str]:
        """Return the communities of those things that are kept already: borders may have moved since their codes."""
        if "community_code" not in noun.column_names:
            return {}
        kept = layers.read(self._session, noun, codes=codes.dropna().tolist())
        return dict(zip(kept["code"], kept["community_code"], strict=True))

    def need_street(self) -> str:
        """Return the street that rows go under.

        Raises
        ------
        InputError
            None is stated.
        """
        if self.street is None:
            raise InputError(
                "请用 --under 写明所属街道编码(9 位)", "state the street these rows belong to: --under and its 9 digits"
            )
        return self.street

    def make_divisions(
        self, street: CodeAndName | None, community: CodeAndName | None, shapes: Geometries, *, hull: bool, who: str
    ) -> list[str]:
        """Make a street, and a community in it, around shapes; those that are there already are left as they are.

        Parameters
        ----------
        hull
            Whether the street is the convex hull of the shapes, a little wider, or their union.

        Returns
        -------
        list[str]
            The codes made.

        Raises
        ------
        CodeError
            A code is wrong, or the community's does not start with its street's.
        """
        made = []
        if community is not None and street is None and not self._there("street", community[0][:9]):
            raise CodeError(
                f"街道 {community[0][:9]} 不存在;请同时用 --create-street 新建",
                f"there is no street {community[0][:9]}: make it too, with --create-street",
            )
        for noun, division in (("street", street), ("community", community)):
            if division is None:
                continue
            code, name = check(noun, division[0]), division[1]
            if street is not None and not code.startswith(street[0]):
                raise CodeError(f"社区 {code} 不属于街道 {street[0]}", f"community {code} is not in street {street[0]}")
            if not self._there(noun, code):
                area = _hull(shapes) if hull or noun == "community" else shapely.union_all(shapes)
                self._write(noun, code, name, area, who)
                made.append(code)
            self.under = self.under or code
        return made

    def _there(self, noun: str, code: str) -> bool:
        return not layers.read(self._session, NOUNS[noun], codes=[code]).empty

    def _write(self, noun: str, code: str, name: str, area: shapely.Geometry, who: str) -> None:
        row = {"code": [code], "name": [name], **({"street_code": [code[:9]]} if noun == "community" else {})}
        frame = gpd.GeoDataFrame(row, geometry=[area], crs=WGS84)
        layers.upsert(self._session, NOUNS[noun], frame, who=who)


def _hull(shapes: Geometries) -> shapely.Geometry:
    around = gpd.GeoSeries([shapely.convex_hull(shapely.geometrycollections(np.asarray(shapes)))], crs=WGS84)
    metric = around.to_crs(metric_crs_of(around)).buffer(HULL_MARGIN_M)
    return metric.to_crs(WGS84).iloc[0]
