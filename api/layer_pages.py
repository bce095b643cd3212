"""Layers and plans as pages for people: one page of rows, each with the ways on to its maps, bills and neighbours."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import geopandas as gpd
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from api.access import access_of
from api.answering import PageForm, form_of
from api.case_pages import ledger_page
from api.dependencies import Acting
from api.links import following, here_with
from api.schemas.geojson import features
from geo.access.actor import Actor
from geo.regionalization.communities import tier_bounds
from geo.territory.dictionaries import dictionary
from geo.territory.nouns import NOUNS

if TYPE_CHECKING:
    from geo.storage.plans import PlanRecord


@dataclass(frozen=True)
class Shown:
    """For whom a list is, and whether it is a page."""

    actor: Actor
    as_page: bool


async def shown(request: Request, actor: Acting, as_: PageForm = None) -> Shown:
    """Read in which form a list is wanted: browsers get a page."""
    return Shown(actor, form_of(request, as_, ("json", "html")) == "html")


ShownTo = Annotated[Shown, Depends(shown)]


@dataclass(frozen=True)
class Way:
    """A page that a row leads to: its route, its words, and its address from the row's code."""

    route: str
    zh: str
    address: Callable[[str], str]


def _bill(noun: str) -> Way:
    return Way("/bills/{noun}/{code}", "账单", lambda code: f"/bills/{noun}/{code}")


_MAP = Way("/map", "地图", lambda code: f"/map?scope={code}")
WAYS: Mapping[str, tuple[Way, ...]] = {
    "street": (
        _MAP,
        Way("/streets/{code}/communities", "社区", lambda code: f"/streets/{code}/communities"),
        Way("/buildings", "楼栋", lambda code: f"/buildings?street={code}"),
        Way("/elements", "要素", lambda code: f"/elements?street={code}"),
        _bill("street"),
    ),
    "community": (
        _MAP,
        Way("/buildings", "楼栋", lambda code: f"/buildings?community={code}"),
        Way("/elements", "要素", lambda code: f"/elements?community={code}"),
        _bill("community"),
    ),
    "building": (_bill("building"),),
    "compound": (_bill("compound"),),
    "grid": (_bill("grid"),),
}
#: What is told by another column, or by nothing that people read.
_LEFT_OUT = frozenset({"kind", "households_source"})
_NUMBERS = frozenset({"floors", "households"})
#: Columns that no noun has.
_TITLES = {"kind_label": "类型", "reason": "超出范围的原因", "grid_code": "网格编码"}


def layer_page(
    request: Request, actor: Actor, noun: str, frame: gpd.GeoDataFrame, properties: type[BaseModel], *, more: str | None
) -> HTMLResponse:
    """Render one page of a layer.

    Parameters
    ----------
    frame
        EPSG:4326, as it is served.
    more
        The last code of this page, if further ones follow.
    """
    names = [name for name in properties.model_fields if name not in _LEFT_OUT]
    asked = dict(request.query_params)
    return ledger_page(
        "layer.html",
        actor,
        title=NOUNS[noun].zh if noun in NOUNS else "联户网格",
        of=noun.replace("_", " "),
        columns=[(name, _title(noun, name)) for name in names],
        numbers=_NUMBERS,
        rows=[feature["properties"] for feature in features(frame, properties)],
        ways=[way for way in WAYS.get(noun, ()) if actor.may(access_of("GET", way.route).roles)],
        kinds=_kinds(properties),
        asked=asked,
        action=request.url.path,
        following=following(request, more),
        as_json=here_with(request, **{"as": "json"}),
    )


def plans_page(request: Request, actor: Actor, plans: Sequence["PlanRecord"], *, more: int | None) -> HTMLResponse:
    """Render one page of the list of plans, the newest first."""
    return ledger_page(
        "plans.html",
        actor,
        plans=plans,
        asked=dict(request.query_params),
        states=dictionary("plan_states").entries,
        workbench=actor.may(access_of("GET", "/plans/{plan_id}/workbench").roles),
        may_draft=actor.may(access_of("POST", "/plans").roles),
        streets=actor.streets,
        styles=dictionary("plan_styles").entries,
        bounds=tier_bounds("grid"),
        following=following(request, more),
        as_json=here_with(request, **{"as": "json"}),
    )


def _kinds(properties: type[BaseModel]) -> list[Any]:
    field = properties.model_fields.get("kind_label")
    extra = field.json_schema_extra if field else None
    return list(dictionary(str(extra["x-dictionary"])).entries.values()) if isinstance(extra, dict) else []


def _title(noun: str, name: str) -> str:
    columns = NOUNS[noun].columns if noun in NOUNS else ()
    return next((column.zh for column in columns if column.name == name), _TITLES.get(name, name))
