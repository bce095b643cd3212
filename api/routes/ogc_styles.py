"""How the layers look, as files for other tools: QML for QGIS, and styles for MapLibre."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from api.dependencies import Acting
from api.ogc_links import Addresses
from api.openapi import problems
from api.routes.ogc_tiles import GRID
from api.schemas.ogc import Styles
from geo.errors import NotFoundError
from geo.services.featuring import LAYERS
from geo.territory.layer_catalogue import CatalogueLayer, catalogue_layer
from maps.gis_styles import MAPLIBRE, QML, maplibre_of, qml_of

router = APIRouter(tags=["ogc"], prefix="/ogc/styles")

Layer = Annotated[str, Path(pattern="^[a-z_]{1,40}$", description="图层 The layer")]
Ending = Annotated[
    Literal["qml", "json"], Path(description="qml 供 QGIS,json 供 MapLibre qml for QGIS, json for MapLibre")
]
_FILES: dict[str, Any] = {QML: {"schema": {"type": "string"}}, MAPLIBRE: {"schema": {"type": "object"}}}


@router.get("", summary="样式列表 Styles", response_model=Styles, responses=problems(422, 503))
def styles(request: Request, actor: Acting) -> Any:
    """List the styles of all layers, in each form."""
    at = Addresses.of(request)
    return JSONResponse({"styles": [_style(at, catalogue_layer(name)) for name in LAYERS]})


@router.get(
    "/{layer}.{ending}",
    summary="一个图层的样式 Style of a layer",
    response_class=Response,
    responses={200: {"content": _FILES}, **problems(404, 422, 503)},
)
def style(request: Request, actor: Acting, layer: Layer, ending: Ending) -> Response:
    """Give a layer's style as a file, made of the one catalogue that our own maps are drawn by."""
    if layer not in LAYERS:
        listed = ", ".join(LAYERS)
        raise NotFoundError(f"没有图层 {layer} 的样式;可用:{listed}", f"there is no style {layer}; there are {listed}")
    known = catalogue_layer(layer)
    if ending == "qml":
        return Response(qml_of(known), media_type=QML, headers=_as_file(f"{layer}.qml"))
    tiles = Addresses.of(request)("collections", layer, "tiles", GRID, "{z}", "{y}", "{x}")
    return JSONResponse(maplibre_of(known, tiles), media_type=MAPLIBRE)


def _style(at: Addresses, layer: CatalogueLayer) -> dict[str, Any]:
    links = [at.link("stylesheet", ("styles", f"{layer.code}.qml"), QML, "QGIS")]
    links.append(at.link("stylesheet", ("styles", f"{layer.code}.json"), MAPLIBRE, "MapLibre"))
    return {"id": layer.code, "title": f"{layer.zh} {layer.en}", "links": links}


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
