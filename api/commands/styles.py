"""``wangge styles``: how the layers look, as files for QGIS and MapLibre."""

import json
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.commands.store import write_whole
from geo.errors import InputError
from geo.services.featuring import LAYERS
from geo.territory.layer_catalogue import catalogue_layer
from maps.gis_styles import maplibre_of, qml_of

console = Console()

_SERVER = re.compile(r"https?://[^\s/]+(/\S*)?")
_TILES = "collections/{layer}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}"


def styles_command(
    layers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LAYER ...]", help="图层,缺省为全部 Layers; all of them when none is given"),
    ] = None,
    out: Annotated[Path, typer.Option(help="写入的文件夹 Folder to write to")] = Path("out/styles"),
    server: Annotated[
        str | None,
        typer.Option(
            help="服务地址(如 http://127.0.0.1:8000/ogc),给出则另写矢量瓦片的 MapLibre 样式 "
            "Address of the service: MapLibre styles of its tiles are written too"
        ),
    ] = None,
) -> None:
    """图层样式:供 QGIS 的 .qml,供 MapLibre 的 .json。 Styles of the layers for QGIS and MapLibre."""
    wanted = list(dict.fromkeys(layers or LAYERS))
    _check(wanted, server)
    for name in wanted:
        layer = catalogue_layer(name)
        write_whole(out / f"{name}.qml", qml_of(layer).encode("utf-8"))
        if server is not None:
            style = maplibre_of(layer, f"{server.rstrip('/')}/{_TILES.format(layer=name)}")
            write_whole(out / f"{name}.json", json.dumps(style, ensure_ascii=False, indent=2).encode("utf-8"))
        console.print(f"{layer.zh} {layer.en}: {out / name}.qml", highlight=False, soft_wrap=True)


def _check(wanted: list[str], server: str | None) -> None:
    unknown = [name for name in wanted if name not in LAYERS]
    if unknown:
        listed = ", ".join(LAYERS)
        raise InputError(
            f"没有图层 {'、'.join(unknown)};可用:{listed}", f"no layer {', '.join(unknown)}; there are {listed}"
        )
    if server is not None and not _SERVER.fullmatch(server):
        raise InputError("--server 应为 http:// 或 https:// 地址", "--server is an address with http:// or https://")
