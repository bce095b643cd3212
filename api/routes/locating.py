"""Where is that? Texts and points located; and what people call places, learnt from those who confirm."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.dependencies import DEFAULT_PAGE, MAX_ID, Acting, AfterId, Books, Limit, Store
from api.errors import RequestError
from api.idempotency import Creating
from api.links import announce, page_links
from api.openapi import problems
from api.routes.plans import JSON, IfMatch, seen_version
from api.schemas.geojson import DECIMALS
from api.schemas.locating import (
    MOST_CHARACTERS,
    AliasDecision,
    AliasItem,
    AliasPage,
    AliasState,
    ConfirmationMade,
    ConfirmedPlace,
    FormerNames,
    LocateAnswer,
    ProposedAlias,
    RoundAnswer,
    Suggestions,
)
from geo.services import aliases, locating
from geo.services.former_names import former_names
from geo.territory.dictionaries import dictionary

router = APIRouter(tags=["addresses"], route_class=Creating)

MOST_SUGGESTIONS = 50
_DEGREES = r"-?[0-9]{1,3}(\.[0-9]{1,15})?"

Text = Annotated[
    str,
    Query(
        min_length=1,
        max_length=MOST_CHARACTERS,
        description="来电人所说的地址 The address as somebody says it",
        examples=["柏丽名苑1栋往南50米"],
    ),
]
Near = Annotated[
    str | None,
    Query(
        pattern=f"^{_DEGREES},{_DEGREES}$",
        description="来电人大致位置:经度,纬度(WGS84) Where the caller is, about: longitude,latitude",
        examples=["114.115,22.53"],
    ),
]
Lon = Annotated[
    float, Query(ge=-180, le=180, allow_inf_nan=False, description="经度(WGS84) Longitude", examples=[114.115])
]
Lat = Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False, description="纬度(WGS84) Latitude", examples=[22.53])]
Code = Annotated[
    str,
    Path(
        pattern="^[0-9]{9}[0-9A-Z]{0,16}$",
        description="街道、社区、楼栋等的编码 Code of a street, building …",
        examples=["4403990010110500205"],
    ),
]
AliasId = Annotated[int, Path(ge=1, le=MAX_ID, description="别名编号 The alias's number")]


@router.get("/locate", summary="按文字查地点 Locate an address", responses=problems(404, 422, 503))
def locate(store: Store, books: Books, actor: Acting, text: Text, near: Near = None) -> LocateAnswer:
    """Say which place a text tells: one; several, and what tells them apart; or none, which part failed, what is near.

    Each candidate has its grid and cell in force and the people in charge. Doors and people are for roles that see
    households, and each look is an event; others get the building. Only places of one's own scope are known at all.
    """
    found = locating.locate(store, books, text, near=_near(near), actor=actor)
    return LocateAnswer.model_validate(
        {
            **{name: getattr(found, name) for name in ("outcome", "text", "failed", "total", "version", "current")},
            "candidates": [_located(place) for place in found.candidates],
            "nearest": [_suggested(place) for place in found.nearest],
            "reason": asdict(found.reason),
            "heard": [{**asdict(each), "kind_label": _label(each.kind)} for each in found.heard],
            "relation": asdict(found.relation) if found.relation else None,
        }
    )


@router.get("/locate/suggest", summary="边输边查 Type-ahead", responses=problems(404, 422, 503))
def suggest(
    store: Store,
    books: Books,
    actor: Acting,
    text: Text,
    limit: Annotated[int, Query(ge=1, le=MOST_SUGGESTIONS, description="最多条数 Items, at most")] = 10,
) -> Suggestions:
    """List what is typed so far may become: names that begin so, contain it, sound so or have these initials.

    Doors and places are not suggested: to see one is a look at a household. `/locate` finds them.
    """
    found = locating.suggest(store, books, text, limit=limit, actor=actor)
    return Suggestions.model_validate({"items": [_suggested(place) for place in found]})


@router.get("/locate/reverse", summary="按坐标查地点 What is at a point", responses=problems(404, 422, 503))
def reverse(store: Store, actor: Acting, lon: Lon, lat: Lat) -> RoundAnswer:
    """Say what is at a point: nearest address, building, compound, community, grid, cell and the people in charge."""
    found = locating.reverse(store, lon, lat, actor=actor)
    things = {name: _nearby(getattr(found, name)) for name in ("address", "building", "compound", "community")}
    return RoundAnswer.model_validate({**things, **_round(found.spot)})


@router.post(
    "/locate/confirmations",
    status_code=201,
    summary="确认所指地点 Confirm which place was meant",
    responses=problems(404, 409, 413, 415, 422, 503),
)
def confirm(store: Store, books: Books, actor: Acting, body: ConfirmedPlace) -> ConfirmationMade:
    """Record which place a text meant. A name in it that the register does not have becomes a proposed alias."""
    made = aliases.confirm(store, books, body.text, body.id, actor=actor)
    return ConfirmationMade.model_validate(asdict(made))


@router.get("/aliases", summary="别名列表 List aliases", responses=problems(422, 503))
def list_aliases(
    request: Request,
    response: Response,
    store: Store,
    state: Annotated[AliasState | None, Query(description="状态 State")] = None,
    limit: Limit = DEFAULT_PAGE,
    after: AfterId = None,
) -> AliasPage:
    """List what people call places, the newest first."""
    found = aliases.list_aliases(store, state=state, limit=limit + 1, after=after)
    shown = found[:limit]
    links = page_links(request, JSON, shown[-1].id if len(found) > limit else None)
    announce(response, links)
    items = [asdict(alias) for alias in shown]
    return AliasPage.model_validate({"items": items, "numberReturned": len(items), "links": links})


@router.post(
    "/aliases",
    status_code=201,
    summary="提出别名 Propose an alias",
    responses=problems(404, 409, 413, 415, 422, 503),
)
def propose(response: Response, store: Store, books: Books, actor: Acting, body: ProposedAlias) -> AliasItem:
    """Propose a name for a place; a planner may accept it in the same step. Proposed again, it is counted once more.

    A name for a stairwell or a door is one for its building.
    """
    made = aliases.propose(store, books, body.alias, body.id, accept=body.accept, actor=actor)
    response.headers["ETag"] = f'"{made.version}"'
    return AliasItem.model_validate(asdict(made))


@router.get("/former-names/{code}", summary="曾用名 What a thing was called before", responses=problems(404, 422, 503))
def list_former_names(store: Store, actor: Acting, code: Code) -> FormerNames:
    """List the names and addresses that a thing had, the oldest first; whoever says them is still understood.

    Those of doors and places are for roles that see households, and each look is an event.
    """
    found = former_names(store, code, actor=actor)
    return FormerNames.model_validate({"code": code, "items": [asdict(each) for each in found]})


@router.post(
    "/aliases/{alias_id}/decision",
    summary="审定别名 Decide on an alias",
    responses=problems(404, 409, 412, 413, 415, 422, 428, 503),
)
def decide(
    response: Response, store: Store, actor: Acting, alias_id: AliasId, body: AliasDecision, if_match: IfMatch = None
) -> AliasItem:
    """Accept or reject a proposed alias, or end one that was accepted; the version you saw must be its newest.

    Once accepted, addresses that say it are located by it.
    """
    version = seen_version(if_match)
    decided = aliases.decide(store, alias_id, body.state, version=version, actor=actor)
    response.headers["ETag"] = f'"{decided.version}"'
    return AliasItem.model_validate(asdict(decided))


def _near(near: str | None) -> tuple[float, float] | None:
    if near is None:
        return None
    lon, lat = (float(part) for part in near.split(","))
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise RequestError(
            "invalid-request",
            "near 应为 经度,纬度,在 ±180、±90 之内",
            "near is longitude,latitude within ±180 and ±90 degrees",
            errors=[{"location": "query.near", "zh": "顺序或范围有误", "en": "wrong order or range"}],
        )
    return lon, lat


def _suggested(place: locating.Place) -> dict[str, Any]:
    told = {name: getattr(place, name) for name in ("id", "level", "noun", "code", "address", "apart")}
    return {**told, "level_label": _label(place.level), "geometry": _point(place.spot)}


def _located(place: locating.Place) -> dict[str, Any]:
    moved = None if place.moved is None else {"geometry": _point(place.moved), **_round(place.moved)}
    return {**_suggested(place), "cost": place.cost, **_round(place.spot), "moved": moved}


def _round(spot: locating.Spot) -> dict[str, Any]:
    roles = dictionary("staff_roles").entries
    return {
        "grids": [{"code": grid.code, "name": grid.name, "plan_id": grid.plan_id} for grid in spot.grids],
        "cells": [{"code": cell.code, "name": cell.name, "grid_code": cell.grid_code} for cell in spot.cells],
        "people": [
            {**vars(person), "role_label": roles[person.role].label if person.role in roles else person.role}
            for person in spot.people
        ],
    }


def _point(spot: locating.Spot) -> dict[str, Any] | None:
    if spot.lon is None or spot.lat is None:
        return None
    return {"type": "Point", "coordinates": [round(spot.lon, DECIMALS), round(spot.lat, DECIMALS)]}


def _nearby(thing: locating.Nearby | None) -> dict[str, Any] | None:
    if thing is None:
        return None
    told = {name: getattr(thing, name) for name in ("code", "name", "address")}
    return {**told, "distance_m": round(thing.metres, 1)}


def _label(kind: str) -> str:
    entries = dictionary("address_elements").entries
    return entries[kind].label if kind in entries else kind
