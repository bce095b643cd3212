"""Draw a street's communities anew: what such a draft is made of, and what it is as a plan.

The communities of the scope are drafted as one piece of ground whose units are communities. Where all buildings of a
community go to one, its stored polygon goes with them as it is; only communities that are divided get a line where
there was none, along roads, rivers and walls as far as these part the buildings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from geo.crs import WGS84
from geo.errors import ConflictError, InputError
from geo.regionalization.border_cases import BorderMove
from geo.regionalization.communities import Community, Succession, as_one, new_codes, redrawn_parts, succession
from geo.regionalization.drafting import CommunityDraft
from geo.regionalization.locks import FITTING
from geo.regionalization.reporting import grid_code
from geo.services.gathering import Gathered, gather
from geo.services.in_force import NONE
from geo.services.wishes import Wishes
from geo.storage import communities, layers, network, plans
from geo.territory.coverage import to_degrees
from geo.territory.nouns import COMMUNITY
from geo.territory.overlaps import mended

#: Entry of such a plan's parameters: the version of each community that it was drawn from.
DRAWN_FROM = "communities"


@dataclass(frozen=True)
class Redrawing:
    """What a draft of communities is made of.

    Attributes
    ----------
    gathered
        The communities of the scope put together as one, ready to be drafted.
    parts
        The communities as they are.
    boundaries
        Their areas by code, in degrees.
    versions
        The version of each, as it was read.
    taken
        All codes that communities of the street have or had.
    """

    gathered: Gathered
    parts: tuple[Community, ...]
    boundaries: gpd.GeoSeries
    versions: dict[str, int]
    taken: tuple[str, ...]


@dataclass(frozen=True)
class Redrawn:
    """A draft of communities as it is stored.

    Attributes
    ----------
    frame
        EPSG:4326, the columns of ``storage.communities.DRAWN_COLUMNS`` and ``geometry``.
    assignment
        ``building_code``, ``grid_code`` (of the drawn community) and ``households``.
    codes
        What the engine calls each unit, to its code.
    """

    frame: gpd.GeoDataFrame
    assignment: pd.DataFrame
    codes: dict[str, str]


def gather_as_one(
    session: Session,
    scope_code: str,
    *,
    previous: int | Literal["none"] | None = None,
    counted: tuple[str, ...] = (),
) -> Redrawing:
    """Read what a draft of a street's communities, or of the parts of one, is made of.

    Parameters
    ----------
    previous
        ``"none"`` to draw without regard to the communities as they are; codes are kept all the same.

    Raises
    ------
    NotFoundError, CodeError
        As :func:`~geo.services.gathering.gather`.
    InputError
        A plan is named as ``previous``: communities go on from those there are.
    """
    if isinstance(previous, int):
        raise InputError(
            "划分社区以现行社区为准,--previous 只可用 none",
            "communities are redrawn from those there are; --previous can only be none",
        )
    gathered = gather(session, scope_code, previous=NONE, counted=counted)
    street = gathered.scope.code[:9]
    one = as_one(street, gathered.communities)
    if previous == NONE:
        one = replace(one, previous=None)
    whole = gpd.GeoSeries([shapely.union_all(gathered.boundaries.to_numpy())], index=[street], crs=WGS84)
    return Redrawing(
        replace(gathered, communities=[one], boundaries=whole, names={street: gathered.scope.name}),
        tuple(gathered.communities),
        gathered.boundaries,
        communities.versions(session, gathered.scope.code),
        tuple(layers.existing_codes(session, COMMUNITY, street)),
    )


def wishes_for(wishes: Wishes) -> Wishes:
    """Return what is asked of communities: compounds stay whole as far as they fit, unless some are named."""
    return wishes if wishes.whole_compounds else replace(wishes, whole_compounds=FITTING)


def redrawn(session: Session, redrawing: Redrawing, draft: CommunityDraft) -> Redrawn:
    """Turn the draft into communities with codes, names and areas.

    Raises
    ------
    CodeError
        The street has no code left for a new community.
    """
    before = {str(key): part.code for part in redrawing.parts for key in part.buildings.index}
    followed = succession(draft.assignment, before)
    numbers = [int(number) for number in draft.grids.index]
    fresh = [number for number in numbers if number not in followed.kept]
    street = redrawing.gathered.scope.code[:9]
    codes = followed.kept | dict(zip(fresh, new_codes(street, redrawing.taken, len(fresh)), strict=True))
    known = layers.read(session, COMMUNITY, codes=list(redrawing.versions)).set_index("code")["name"]
    frame = gpd.GeoDataFrame(
        {
            "code": [codes[number] for number in numbers],
            "name": [str(known.get(codes[number], f"第{int(codes[number][-3:])}社区")) for number in numbers],
            "community_code": [followed.origin.get(number, redrawing.parts[0].code) for number in numbers],
            "households": draft.grids["households"].to_numpy(),
            "reason_code": draft.grids["reason_code"].to_numpy(),
            "reason": draft.grids["reason_zh"].to_numpy(),
        },
        geometry=_areas(redrawing, draft, followed).reindex(numbers).to_numpy(),
        crs=WGS84,
    ).sort_values("code", ignore_index=True)
    assignment = pd.DataFrame(
        {
            "building_code": draft.assignment["building"].to_numpy(),
            "stairwell_code": None,
            "grid_code": [codes[int(number)] for number in draft.assignment["grid"]],
            "households": draft.assignment["households"].to_numpy(),
        }
    )
    return Redrawn(frame, assignment, {grid_code(draft.code, n + 1): code for n, code in codes.items()})


def renamed(value: Any, codes: dict[str, str]) -> Any:
    """Return plain values of a report with what the engine calls its units replaced by their codes."""
    if isinstance(value, str):
        return codes.get(value, value)
    if isinstance(value, list):
        return [renamed(one, codes) for one in value]
    if isinstance(value, dict):
        return {key: renamed(one, codes) for key, one in value.items()}
    return value


def told_moves(moves: Sequence[BorderMove], communities_plan: int | None = None) -> dict[str, Any]:
    """Say in a report which buildings would settle grids out of range, were they in the community next door.

    ``border_moves`` has one row per set of grids: ``grids``, ``buildings`` (to the community that each comes to),
    ``households`` (that move) and ``result`` (``community`` and ``households`` of the grids instead);
    ``communities_plan`` is the draft of the communities so changed, None where none was asked for or needed.
    """
    rows = [
        {
            "grids": [grid_code(code, number + 1) for code, number in move.grids],
            "buildings": dict(move.buildings),
            "households": move.households,
            "result": [{"community": code, "households": count} for code, count in move.result],
        }
        for move in moves
    ]
    return {"border_moves": rows, "communities_plan": communities_plan}


def settle_borders(session: Session, scope_code: str, moves: Sequence[BorderMove], *, who: str) -> int | None:
    """Draft the communities with some buildings moved across their borders; None where there is nothing to move.

    A grid lies in its community, in the store as in law: grids across the border can only be drawn once the border has
    moved. So the moves are a draft of communities, to be looked at, adopted or left; grids are planned after that.
    """
    if not moves:
        return None
    redrawing = gather_as_one(session, scope_code)
    to = {building: home for move in moves for building, home in move.buildings.items()}
    draft = _as_moved(redrawing, to)
    drawn = redrawn(session, redrawing, draft)
    counts = zip(drawn.frame["code"], drawn.frame["households"], strict=True)
    told = told_moves(moves)
    report = {
        "scope": redrawing.gathered.scope.code,
        "tier": "community",
        "cancelled": False,
        "grids": len(drawn.frame),
        "households": int(drawn.frame["households"].sum()),
        "grid_list": [{"code": str(code), "households": int(count), "reason": None} for code, count in counts],
        "border_moves": told["border_moves"],
    }
    plan_id = plans.create_draft(
        session,
        name=f"{redrawing.gathered.scope.name}社区边界调整方案",
        scope_code=redrawing.gathered.scope.code,
        tier="community",
        lower=None,
        upper=None,
        seed=None,
        parameters={DRAWN_FROM: redrawing.versions},
        report=report,
        grids=drawn.frame,
        assignment=drawn.assignment,
        who=who,
    )
    plans.complete_report(session, plan_id, report | {"grids_to_redraw": grids_to_redraw(session, plan_id)})
    return plan_id


def _as_moved(redrawing: Redrawing, to: dict[str, str]) -> CommunityDraft:
    """The communities as they are but for some buildings, as a draft."""
    number = {part.code: place for place, part in enumerate(redrawing.parts)}
    rows = [
        {"building": str(key), "households": int(count), "grid": number[to.get(str(key), part.code)]}
        for part in redrawing.parts
        for key, count in part.buildings["households"].items()
    ]
    assignment = pd.DataFrame(rows)
    held = assignment.groupby("grid")["households"].sum().reindex(range(len(number)), fill_value=0)
    grids = gpd.GeoDataFrame(
        {"households": held, "reason_code": None, "reason_zh": None},
        geometry=[part.boundary for part in redrawing.parts],
        crs=redrawing.parts[0].buildings.crs,
    )
    return CommunityDraft(redrawing.gathered.scope.code[:9], grids, assignment, len(number))


def grids_to_redraw(session: Session, plan_id: int) -> list[dict[str, Any]]:
    """List the grids in force that do not fit the communities that a plan draws; none for a plan of grids.

    The same before and after the plan takes force, until the grids are drawn anew.

    Returns
    -------
    list of dict
        By plan and grid: ``plan`` (the plan of grids), ``grid``, ``communities`` (households of the grid by drawn
        community, most first) and ``straddles`` (there are several).
    """
    plan = plans.read_plan(session, plan_id)
    if plan.tier != "community":
        return []
    drawn = plans.read_assignment(session, plan_id).set_index("building_code")["grid_code"]
    return _misfits(session, plan.scope_code[:9], drawn)


def _misfits(session: Session, street: str, drawn: "pd.Series[str]") -> list[dict[str, Any]]:
    grids = network.read_network(session, street)
    found: list[dict[str, Any]] = []
    for plan_id in sorted(set(grids["plan_id"])):
        rows = plans.read_assignment(session, int(plan_id))
        rows = rows[rows["grid_code"].isin(grids.loc[grids["plan_id"] == plan_id, "code"])]
        rows = rows.assign(community=rows["building_code"].map(drawn)).dropna(subset=["community"])
        summed = rows.groupby(["grid_code", "community"])["households"].sum().reset_index()
        for grid, own in summed.groupby("grid_code", sort=True):
            own = own.sort_values(["households", "community"], ascending=[False, True])
            held = {str(code): int(count) for code, count in zip(own["community"], own["households"], strict=True)}
            if len(held) > 1 or next(iter(held)) != str(grid)[:12]:
                row = {"plan": int(plan_id), "grid": str(grid), "communities": held, "straddles": len(held) > 1}
                found.append(row)
    return found


def refuse_older(session: Session, plan: plans.PlanRecord) -> None:
    """Refuse a plan of communities that was drawn from others than those there are; nobody changes them meanwhile.

    Raises
    ------
    ConflictError
        A community changed, ended or was added since the draft; the message says which.
    """
    seen = plan.parameters.get(DRAWN_FROM, {})
    now = communities.versions(session, plan.scope_code, wait=True)
    changed = sorted(code for code in {*seen, *now} if seen.get(code) != now.get(code))
    if changed:
        shown = "、".join(changed[:5])
        raise ConflictError(
            f"方案 {plan.id} 划分以后,社区 {shown} 等 {len(changed)} 个已有变动;请用 wangge plan {plan.scope_code} "
            f"--tier community 重新划分",
            f"{len(changed)} communities changed since plan {plan.id} was drafted, such as {shown}; draft anew with "
            f"wangge plan {plan.scope_code} --tier community",
        )


def _areas(redrawing: Redrawing, draft: CommunityDraft, followed: Succession) -> gpd.GeoSeries:
    """The areas of drawn communities, in degrees, by number: what there was, whole or in parts, put together."""
    unit = {str(key): int(n) for key, n in zip(draft.assignment["building"], draft.assignment["grid"], strict=True)}
    pieces: dict[int, list[shapely.Geometry]] = {int(number): [] for number in draft.grids.index}
    empty: list[shapely.Geometry] = []
    for part in redrawing.parts:
        stored = redrawing.boundaries[part.code]
        own = redrawn_parts(part, unit)
        if own.empty:
            empty.append(stored)
        elif len(own) == 1:
            pieces[int(own.index[0])].append(stored)
        else:
            for number, piece in to_degrees(own, boundary=stored).items():
                pieces[int(str(number))].append(piece)
    for stored in empty:
        # Ground without a building goes to the drawn community that it is nearest to.
        nearest = min(pieces, key=lambda n: (_apart(pieces[n], stored), n))
        pieces[nearest].append(stored)
    joined = {number: shapely.union_all(shapes) for number, shapes in pieces.items()}
    return mended(gpd.GeoSeries(joined, crs=WGS84))


def _apart(shapes: Sequence[shapely.Geometry], other: shapely.Geometry) -> float:
    return min((float(shapely.distance(shape, other)) for shape in shapes), default=float("inf"))
