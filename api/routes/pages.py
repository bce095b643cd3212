"""Pages for people: what there is, and the map."""

import re
import uuid
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, HTMLResponse

from api.access import OFFICE, access_of
from api.dependencies import MAX_ID, Acting, Store
from api.first_page import works_of
from api.openapi import problems
from api.rendering import page
from geo.access.roles import roles
from geo.exchange.stamps import stamp_now
from geo.services.comparing import comparison_from_store
from geo.services.mapping import content_from_store
from geo.services.reading import Filter, PlanFilter, read_page, read_plans
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME
from maps.comparison import comparison_page
from maps.pages import plan_page

router = APIRouter(tags=["pages"])

STATIC = Path(__file__).parents[1] / "static"

# The map page names its own scripts and styles by hash in a policy of its own; this one adds what only a header can.
MAP_POLICY = "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

COMMAS = re.compile("[,，、]")

#: Rows of each table of the first page.
SHOWN = 50

HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}


@router.get("/", summary="首页 First page", response_class=HTMLResponse, responses={**HTML, **problems(422, 503)})
def home(store: Store, actor: Acting) -> HTMLResponse:
    """Show the work one came for, the newest plans and the streets of one's scope, with their maps and data."""
    streets = read_page(store, "street", Filter(), limit=SHOWN + 1, after=None).drop(columns="geometry")
    plans = read_plans(store, PlanFilter(), limit=SHOWN + 1, after=None)
    labels = dictionary("plan_states")
    return page(
        "home.html",
        login=actor.name,
        role_labels=[role.label for code, role in roles().items() if code in actor.roles],
        works=works_of(actor),
        held=actor.roles,
        ledger=actor.may(access_of("GET", "/cases").roles),
        office=actor.may(OFFICE),
        workbench=actor.may(access_of("GET", "/plans/{plan_id}/workbench").roles),
        streets=streets.head(SHOWN).to_dict("records"),
        more_streets=len(streets) > SHOWN,
        plans=plans[:SHOWN],
        more_plans=len(plans) > SHOWN,
        state_label=lambda state: labels[state].label,
        local=lambda moment: moment.astimezone(CHINA_TIME),
    )


@router.get(
    "/map", summary="地图页 Map page", response_class=HTMLResponse, responses={**HTML, **problems(404, 422, 503)}
)
def map_page(
    request: Request,
    store: Store,
    actor: Acting,
    scope: Annotated[
        str, Query(pattern="^([0-9]{9}|[0-9]{12})$", description="街道或社区编码 Code of a street or community")
    ],
    plan: Annotated[
        int | None, Query(ge=1, le=MAX_ID, description="方案编号,缺省为最新的 A plan; by default the newest")
    ] = None,
    layers: Annotated[
        Literal["plan", "hazards"],
        Query(
            description="plan 网格方案;hazards 加上安全账单(隐患、检查、热点) "
            "The plan, or with it the ledger: hazards, inspections, hot spots"
        ),
    ] = "plan",
) -> HTMLResponse:
    """Draw the map of a street or community: one page that holds everything it needs."""
    with request.app.state.maps.work_on(str(uuid.uuid4())):
        content = content_from_store(store, scope, plan, ledger=layers == "hazards")
        said = stamp_now(actor.name, scope=content.title, plan=content.plan_name).line
        drawn = plan_page(content, stamp=said)
    return HTMLResponse(drawn, headers={"Content-Security-Policy": MAP_POLICY})


@router.get(
    "/compare",
    summary="方案比较页 Page that compares plans",
    response_class=HTMLResponse,
    responses={**HTML, **problems(404, 422, 503)},
)
def compare_page(
    request: Request,
    store: Store,
    actor: Acting,
    plans: Annotated[
        str,
        Query(
            max_length=400,
            pattern=r"^[^\x00-\x1f\x7f]+$",
            description="方案编号、部门名称或“现行”,用逗号分开,以第一个为准 "
            "Numbers of plans, departments, or in-force, by commas; held against the first",
            examples=["现行,2"],
        ),
    ],
    scope: Annotated[
        str | None,
        Query(
            pattern="^([0-9]{9}|[0-9]{12})$",
            description="街道或社区编码,缺省为各方案共同的范围 Street or community; by default what the plans share",
        ),
    ] = None,
    colouring: Annotated[
        Literal["households", "change"],
        Query(description="网格按户数或按变动着色 Colour grids by households, or by how many change grid"),
    ] = "households",
) -> HTMLResponse:
    """Compare plans of one area: side by side, their figures, and who changes grid."""
    wanted = [name.strip() for name in COMMAS.split(plans) if name.strip()]
    with request.app.state.maps.work_on(str(uuid.uuid4())):
        comparison = comparison_from_store(store, wanted, scope)
        names = " | ".join(side.name for side in comparison.plans)
        said = stamp_now(actor.name, scope=comparison.ground.title, plan=names).line
        drawn = comparison_page(comparison, colouring=colouring, stamp=said)
    return HTMLResponse(drawn, headers={"Content-Security-Policy": MAP_POLICY})


@router.get("/favicon.ico", include_in_schema=False)
def icon() -> FileResponse:
    """Serve the icon that browsers ask every site for."""
    return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})
