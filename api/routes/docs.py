"""The interface's documentation as a page, from locally installed files alone."""

from pathlib import Path as FilePath
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from api.errors import RequestError
from geo.errors import NotFoundError
from maps.assets import installed

router = APIRouter(include_in_schema=False)

# Swagger UI sets style attributes and draws its own icons from data: addresses; scripts come from this server alone.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
Asset = Literal["swagger-ui.css", "swagger-ui-bundle.js"]

PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>网格接口文档 wangge API</title>
  <link rel="icon" href="/static/icon.svg">
  <link rel="stylesheet" href="/docs/assets/swagger-ui.css">
  <link rel="stylesheet" href="/static/docs.css">
</head>
<body>
  <div id="docs"></div>
  <script src="/docs/assets/swagger-ui-bundle.js"></script>
  <script src="/static/docs.js"></script>
</body>
</html>
"""


@router.get("/openapi.json")
def description(request: Request) -> JSONResponse:
    """Serve the interface's description."""
    return JSONResponse(request.app.openapi())


@router.get("/docs", response_class=HTMLResponse)
def docs() -> HTMLResponse:
    """Show the interface's description."""
    _asset("swagger-ui-bundle.js")
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


@router.get("/docs/assets/{name}")
def asset(name: Asset) -> FileResponse:
    """Serve one of the page's files."""
    return FileResponse(_asset(name), headers={"Cache-Control": "max-age=86400"})


def _asset(name: Asset) -> FilePath:
    try:
        return installed(f"swagger-ui-dist/{name}")
    except NotFoundError as error:
        # The client asked for something that exists; it is this server that lacks it.
        raise RequestError("assets-missing", error.zh, error.en) from None
