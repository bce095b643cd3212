"""Figures for monitoring, for this machine and for administrators alone."""

import ipaddress

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from api.errors import RequestError
from api.metrics import CONTENT_TYPE
from api.openapi import problems

router = APIRouter(tags=["health"])

#: Whose role opens the figures from elsewhere.
ADMINISTRATOR = "administrator"


@router.get(
    "/metrics",
    summary="运行指标 Metrics",
    response_class=PlainTextResponse,
    responses=problems(403, 422),
)
def metrics(request: Request) -> Response:
    """Tell requests, times, running drafts and database connections in the text format of Prometheus.

    Answers the machine that the server runs on, and administrators.
    """
    if not (_from_this_machine(request) or _is_administrator(request)):
        raise RequestError(
            "not-allowed",
            "运行指标只提供给本机和系统管理员",
            "metrics are for this machine and for administrators alone",
        )
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE)


def _from_this_machine(request: Request) -> bool:
    # Behind a proxy on this machine this is the address that the proxy names, not the proxy's own.
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _is_administrator(request: Request) -> bool:
    actor = getattr(request.state, "actor", None)
    return actor is not None and ADMINISTRATOR in actor.roles
