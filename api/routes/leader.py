"""The leader's view (领导视图): three questions and three goals, on a map, month by month; every count opens."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from api.access import holds
from api.dependencies import Acting, Store
from api.openapi import problems
from api.page_assets import asset, policy
from api.rendering import page
from api.routes.cases import SCOPE
from api.routes.figures import NONE, opens_to
from api.routes.pages import HTML
from api.schemas.figures import FigureValue
from api.schemas.geojson import features
from api.schemas.leader import AreaFeature, AreaNames, AreasItem, MonthItem, MonthsItem, OtherRow, Values
from geo.access.actor import Actor, check_scope
from geo.access.roles import roles, sees_households
from geo.ledger.figures import MOST_MONTHS, Period, month_of
from geo.ledger.meetings import meetings
from geo.ledger.questions import AREA_NOUNS, AreaNoun, answers, questions
from geo.services import leading
from geo.services.naming import name_of, names_of
from geo.services.reading import Filter, read_page
from geo.territory.times import CHINA_TIME

router = APIRouter(tags=["figures"])

#: Streets and communities that one may choose from, at most.
MOST_CHOICES = 1_000
MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"

Scope = Annotated[str, Query(pattern=SCOPE, description="街道、社区或网格 Code of a street, community or grid")]
Month = Annotated[str | None, Query(pattern=MONTH, description="月份,缺省为本月 Month; this one", examples=["2026-11"])]


@router.get(
    "/leader",
    summary="领导视图 Leader's view",
    response_class=HTMLResponse,
    responses={**HTML, **problems(404, 422, 503)},
)
def leader(
    store: Store,
    actor: Acting,
    scope: Annotated[
        str | None, Query(pattern=SCOPE, description="街道、社区或网格,缺省为自己的 By default one's own")
    ] = None,
    until: Month = None,
) -> HTMLResponse:
    """Show the page; its figures it asks for with the routes of this interface."""
    asset("leaflet.js")  # what is missing is said now, and not by a map that stays empty
    chosen = scope or next(iter((*actor.streets, *actor.communities, *actor.grids)), None)
    of = name_of(store, check_scope(chosen), chosen) if chosen else None
    return page(
        "leader.html",
        headers={"Content-Security-Policy": policy(form_action="'self'")},
        login=actor.name,
        role_labels=[role.zh for code, role in roles().items() if code in actor.roles],
        chosen=chosen,
        of=of,
        choices=_choices(store, actor, chosen),
        questions=questions(),
        answers={one.code: _told(one.code) for one in answers().values()},
        last=until or _now(),
        today=_now(),
        reports=[one for one in meetings().values() if of and one.tier == of.noun],
    )


@router.get("/leader/months", summary="逐月答复 Answers by month", responses=problems(404, 422, 503))
def read_months(
    response: Response,
    store: Store,
    actor: Acting,
    scope: Scope,
    until: Month = None,
    months: Annotated[int, Query(ge=1, le=MOST_MONTHS, description="月数,含最后一月 How many months")] = 12,
) -> MonthsItem:
    """Tell what answers the three questions and the three goals, month by month; each figure with what it opens to."""
    of = _of(store, scope)
    rows = leading.figures_by_month(store, scope, until or _now(), months, actor=actor)
    response.headers["Cache-Control"] = "no-store"
    return MonthsItem(
        scope=scope,
        name=of,
        is_whole=sees_households(actor.roles) and holds(actor, scope),
        months=[MonthItem(month=row.month, values=_values(row.values, scope, month_of(row.month))) for row in rows],
    )


@router.get("/leader/areas", summary="分区答复 Answers by area", responses=problems(404, 422, 503))
def read_areas(
    response: Response,
    store: Store,
    actor: Acting,
    scope: Scope,
    month: Month = None,
    by: Annotated[AreaNoun, Query(description="按社区或网格 By community or by grid")] = AREA_NOUNS[-1],
) -> AreasItem:
    """Tell what answers the questions in a month, by communities or grids as they were when the month ended."""
    _of(store, scope)
    found = leading.figures_by_area(store, scope, month or _now(), by, actor=actor)
    response.headers["Cache-Control"] = "no-store"
    told = {row.key: _values(row.values, scope, found.period, by, row.key or NONE) for row in found.rows}
    shapes = features(found.areas, AreaNames)
    for feature in shapes:
        feature["properties"]["values"] = told[feature["id"]]
    return AreasItem(
        type="FeatureCollection",
        scope=scope,
        by=by,
        month=f"{found.period.first:%Y-%m}",
        since=found.period.first,
        until=found.period.last,
        is_whole=found.is_whole and holds(actor, scope),
        features=[AreaFeature.model_validate(feature) for feature in shapes],
        others=[OtherRow(key=row.key, values=told[row.key]) for row in found.rows if not row.is_there],
        total=_values(found.total, scope, found.period),
    )


def _values(values: leading.Values, scope: str, period: Period, by: str = "all", key: str | None = None) -> Values:
    """Return figures with the address of what each opens to."""
    told = {}
    for code, one in answers().items():
        opens = one.opens if values[code] is not None else None
        href = opens_to(opens, scope, period, workflow=one.workflow, by=by, key=key) if opens else None
        told[code] = FigureValue(value=values[code], href=href)
    return told


def _told(code: str) -> dict[str, Any]:
    """Return what the page's script has to know of a figure."""
    one = answers()[code]
    told = {name: getattr(one.figure, name) for name in ("unit_zh", "unit_en", "better", "digits", "goal")}
    how = {"how_zh": one.figure.how_zh, "how_en": one.figure.how_en}
    breaks = {noun: list(limits) for noun, limits in one.breaks.items()}
    return {"zh": one.zh, "en": one.en, "question": one.question, **told, **how, "breaks": breaks}


def _choices(store: Session, actor: Actor, chosen: str | None) -> list[tuple[str, str, bool]]:
    """Return what one may look at: code, name, and whether it is a street; the streets before their communities."""
    streets = read_page(store, "street", Filter(), limit=MOST_CHOICES, after=None)
    communities = read_page(store, "community", Filter(), limit=MOST_CHOICES, after=None)
    rows = [(str(code), str(name), True) for code, name in zip(streets["code"], streets["name"], strict=True)]
    rows = [row for row in rows if row[0] in actor.streets or row[0] == chosen]
    rows += [(str(code), str(name), False) for code, name in zip(communities["code"], communities["name"], strict=True)]
    grids = [code for code in (*actor.grids, *([chosen] if chosen else [])) if len(code) == 15]
    names = names_of(store, "grid", grids)
    rows += [(code, code if names[code] == code else f"{names[code]} {code[9:]}", False) for code in grids]
    return sorted({code: (code, name, is_street) for code, name, is_street in rows}.values())


def _of(store: Session, scope: str) -> str:
    return name_of(store, check_scope(scope), scope).title


def _now() -> str:
    return f"{datetime.now(CHINA_TIME):%Y-%m}"
