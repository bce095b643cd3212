"""Is the server alive, and can it work."""

from fastapi import APIRouter

from api.dependencies import Database
from api.openapi import problems
from api.schemas.health import Health, Readiness
from geo.services.readiness import check_readiness

router = APIRouter(tags=["health"])


@router.get("/health", summary="存活检查 Liveness", responses=problems(422))
def health() -> Health:
    """Say that the process answers. Touches nothing else."""
    return Health(status="alive")


@router.get("/ready", summary="就绪检查 Readiness", responses=problems(422, 503))
def ready(engine: Database) -> Readiness:
    """Say that the store can take work: its schema, its disk and the end of its audit trail are right; else 503."""
    found = check_readiness(engine)
    return Readiness(status="ready", schema_revision=found.schema_revision, disk=found.disk, audit="chained")
