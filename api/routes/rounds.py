"""Today's round (巡查) of an inspector, and the page on the phone that shows and records it."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, HTMLResponse

from api.dependencies import Acting, Store, code_pattern
from api.openapi import problems
from api.page_assets import asset, policy, words
from api.rendering import page
from api.routes.pages import HTML, STATIC
from api.schemas.geojson import any_features
from api.schemas.rounds import RoundItem
from geo.services import rounds
from geo.services.round_layers import round_layers
from maps.round_styles import round_styles

router = APIRouter(tags=["inspections"])

#: Decimals of a degree on the small map: about a decimetre.
DECIMALS = 6
#: How long a device may keep a round: a shift, hours.
KEPT_HOURS = 16
# Photos that wait to be sent are shown from the device's own memory (blob:).
POLICY = policy(img_src="'self' blob:", worker_src="'self'", manifest_src="'self'")
WORDS = ("place_kinds", "hazard_kinds", "inspection_parties", "element_kinds")


@router.get("/rounds/today", summary="今日巡查 Today's round", responses=problems(404, 422, 503))
def todays_round(
    response: Response,
    store: Store,
    actor: Acting,
    grid: Annotated[
        str | None, Query(pattern=code_pattern("grid"), description="网格,缺省为自己的 By default one's own grids")
    ] = None,
    lon: Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False, description="从何处出发,经度")] = None,
    lat: Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False, description="从何处出发,纬度")] = None,
) -> RoundItem:
    """Return what is due today or late in one's grids, and hazards to look at again, in the order of a walk.

    Buildings one after the other along streets rather than through walls, the doors of each from the bottom up. The
    order is for the feet: nobody is scored by it. With it comes what else there is in these grids, for a map without
    signal: places, doors, city elements and open hazards, and when each was last seen. Every look is an event.
    """
    start = None if lon is None or lat is None else (lon, lat)
    found = rounds.todays_round(store, grids=None if grid is None else [grid], start=start, actor=actor)
    ground = rounds.ground_of(store, found.grids)
    around = round_layers(store, found.grids, ground, actor=actor)
    frames = {**vars(ground), "elements": around.elements, "hazards": around.hazards}
    now = datetime.now(UTC)
    response.headers["Cache-Control"] = "no-store"
    told = {
        **asdict(found),
        "inspector": actor.name,
        "as_of": now,
        "expires_at": now + timedelta(hours=KEPT_HOURS),
        "ground": {name: any_features(frame, decimals=DECIMALS) for name, frame in frames.items()},
        "subjects": [asdict(each) for each in around.subjects],
        "more_hazards": around.more_hazards,
    }
    return RoundItem.model_validate(told)


@router.get(
    "/round", summary="巡查页 Inspector's page", response_class=HTMLResponse, responses={**HTML, **problems(422, 503)}
)
def round_page() -> HTMLResponse:
    """Show the page of an inspector's round; it says nothing of anybody, and the device may keep it."""
    asset("leaflet.js")  # what is missing is said now, and not by a map that stays empty
    # The camera and the position are asked for by the page itself, with the person's consent.
    kept = {
        "Content-Security-Policy": POLICY,
        "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
        "Cache-Control": "no-cache",
    }
    return page("round.html", headers=kept, words=words(*WORDS), styles=round_styles())


@router.get("/round/worker.js", include_in_schema=False)
def worker() -> FileResponse:
    """Serve the script that keeps the page for when there is no signal."""
    kept = {"Service-Worker-Allowed": "/round", "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
    return FileResponse(STATIC / "round" / "worker.js", media_type="text/javascript", headers=kept)
