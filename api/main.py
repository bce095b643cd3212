"""The application: put together by ``create_app``; importing this module does nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi.telemetry import TelemetryConfig
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware

from api.access import install_access
from api.dependencies import admitted, known_query
from api.early_tiles import EarlyTiles
from api.errors import install_handlers
from api.guard import Guard, StrictBody
from api.jobs import Jobs
from api.logs import Observed, log_request
from api.metering import Meter, Metered
from api.metrics import Metrics
from api.openapi import describe
from api.routes import (
    accounts,
    assets,
    audit,
    barriers,
    bills,
    buildings,
    case_files,
    cases,
    cells,
    comments,
    compounds,
    desk,
    divisions,
    docs,
    edits,
    elements,
    figures,
    grounds,
    health,
    households,
    inspection_plans,
    inspections,
    leader,
    left_out,
    locating,
    locating_files,
    locks,
    merging,
    metrics,
    ogc,
    ogc_styles,
    ogc_tiles,
    open311,
    pages,
    plan_report,
    plans,
    presence,
    published,
    reports,
    requests,
    responsibility,
    rounds,
    sign_in,
    solving,
    tiles,
    unplaced,
    workbench_page,
)
from api.settings import AppSettings
from api.workbench import Workbench
from geo.services.address_books import AddressBooks
from geo.services.changes import Changes
from geo.services.tile_cache import TileCache
from geo.services.visitors import Visitors
from geo.services.warming import warming
from geo.storage.database import migrate, open_engine

ROUTERS = (
    tiles,  # first, since they are asked for most often
    pages,
    assets,
    desk,
    sign_in,
    accounts,
    audit,
    health,
    metrics,
    divisions,
    merging,
    plans,
    edits,
    solving,
    comments,
    presence,
    locks,
    plan_report,
    grounds,
    workbench_page,
    cells,
    buildings,
    households,
    locating,
    locating_files,
    unplaced,
    elements,
    compounds,
    barriers,
    case_files,  # before cases, whose numbers it would be taken for
    cases,
    bills,
    responsibility,
    requests,
    figures,
    leader,
    left_out,
    reports,
    open311,
    ogc,
    ogc_tiles,
    ogc_styles,
    inspections,
    inspection_plans,
    rounds,
    published,
    docs,
)

TITLE = "wangge 网格"
#: Before any route: who asks is let in, and nothing is asked that the route does not know.
CHECKS = (Depends(admitted), Depends(known_query))

#: Requests are told by ``logs`` and ``metrics``, without what was asked for; the framework's own way would tell
#: addresses with their queries to wherever the environment says, and asks for each request whether it should.
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def create_app(settings: AppSettings | None = None, engine: Engine | None = None) -> FastAPI:
    """Put the application together.

    Parameters
    ----------
    settings
        Read from the environment when not given.
    engine
        An open engine with the schema at its newest version; the caller closes it. Without one, the application
        opens its own when it starts (``geo.storage.database.open_engine``), migrates, and closes it when it ends.
    """
    settings = settings or AppSettings()
    app = FastAPI(
        title=TITLE,
        version=version("wangge"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # served by api/routes/docs.py, to the signed-in
        redirect_slashes=False,
        lifespan=_lifespan,
        dependencies=CHECKS,
        telemetry=NO_TELEMETRY,
    )
    app.state.settings = settings
    app.state.engine = engine
    app.state.drafts = Workbench(settings.concurrent_drafts)
    app.state.maps = Workbench(settings.concurrent_maps)
    app.state.jobs = Jobs(app.state.drafts)
    app.state.books = AddressBooks()
    changes = Changes()
    app.state.visitors = Visitors(changes)
    app.state.tiles = TileCache(settings.tile_cache_megabytes * 1_000_000, changes)
    app.state.meter = Meter(settings.rate_factor)
    app.state.metrics = Metrics()
    app.state.metrics.watch(app)
    app.router.routes.extend(_checked_routes().routes)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    install_handlers(app)
    app.openapi = _description  # type: ignore[method-assign]
    install_access(app)
    # The last one added is the first that a request meets.
    app.add_middleware(StrictBody, max_bytes=settings.max_body_bytes)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(EarlyTiles, changes=changes)
    app.add_middleware(Metered, meter=app.state.meter)
    app.add_middleware(Guard, allowed_hosts=settings.allowed_hosts)
    app.add_middleware(Observed, observers=(log_request, app.state.metrics.count))
    return app


@cache
def _checked_routes() -> APIRouter:
    """Return every route behind the checks; to put them together takes half a second, so a process does it once."""
    checked = APIRouter(dependencies=CHECKS)
    for module in ROUTERS:
        checked.include_router(module.router)
    return checked


@cache
def _description() -> dict[str, Any]:
    """Describe every route; to do so takes two seconds, so a process does it once."""
    return describe(_checked_routes().routes, title=TITLE, version=version("wangge"))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    if app.state.engine is not None:
        yield
        await run_in_threadpool(_end_jobs, app)
        return
    app.state.engine = await run_in_threadpool(_open_database)
    try:
        with warming(app.state.books, app.state.engine):
            yield
    finally:
        await run_in_threadpool(_end_jobs, app)
        app.state.engine.dispose()
        app.state.engine = None


def _end_jobs(app: FastAPI) -> None:
    ending, app.state.jobs = app.state.jobs, Jobs(app.state.drafts)
    ending.end()


def _open_database() -> Engine:
    engine = open_engine()
    try:
        migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine
