"""The catalogue of layers as the interface shows it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from geo.territory.dictionaries import dictionary
from geo.territory.layer_catalogue import CatalogueLayer, Geometry, Group, PropertyType, map_colours


class Word(BaseModel):
    """A word of a property."""

    code: str
    zh: str
    en: str


class PropertyItem(BaseModel):
    """What is told of each row."""

    name: str
    zh: str
    en: str
    type: PropertyType
    from_level: int | None = Field(description="从第几级瓦片起有;空为瓦片中没有 The first level whose tiles tell it")
    words: list[Word] = Field(description="取值;空为不限 What it may be; empty: anything")


class ColourItem(BaseModel):
    """A colour by day (and on paper) and by night."""

    name: str
    day: str = Field(pattern="^#[0-9a-f]{6}$")
    night: str = Field(pattern="^#[0-9a-f]{6}$")


class StyleItem(BaseModel):
    """How a layer looks; widths in pixels of a screen."""

    fill: ColourItem | None
    line: ColourItem
    width_px: float
    dash_px: list[float]
    disc_px: float
    symbols: str | None = Field(
        description="字符和颜色所在字典 The dictionary with a character and colour of each kind"
    )


class LevelsItem(BaseModel):
    """At which levels there are tiles, and what is shown at them."""

    first: int
    whole: int = Field(description="从此级起一件不少 From here on nothing is left out")
    below: Literal["joined", "plain"] = Field(
        description="在此之前:合并计数或简化 Before: joined to counts, or plainer"
    )
    kinds: dict[str, int] = Field(description="某些类型从第几级起 The first level of some kinds")
    tiles: str = Field(description="瓦片地址 Where the tiles are", examples=["/tiles/buildings/{z}/{x}/{y}"])


class LayerItem(BaseModel):
    """One layer."""

    model_config = ConfigDict(title="Layer")

    code: str
    zh: str
    en: str
    geometry: Geometry
    group: Group
    visible: bool = Field(description="起初是否显示 Whether it is shown at first")
    labelled: bool
    searched: list[str]
    properties: list[PropertyItem]
    style: StyleItem
    levels: LevelsItem | None = Field(description="空为没有瓦片 None: there are no tiles")


class LayerList(BaseModel):
    """All layers that the asker may ask for, from the ground up as lists have them."""

    items: list[LayerItem]


def layer_item(known: CatalogueLayer) -> LayerItem:
    """Return a layer as the interface shows it."""
    style, levels = known.style, known.levels
    return LayerItem(
        code=known.code,
        zh=known.zh,
        en=known.en,
        geometry=known.geometry,
        group=known.group,
        visible=known.visible,
        labelled=known.labelled,
        searched=list(known.searched),
        properties=[
            PropertyItem(
                name=each.name,
                zh=each.zh,
                en=each.en,
                type=each.type,
                from_level=each.from_level,
                words=_words(each.dictionary),
            )
            for each in known.properties
        ],
        style=StyleItem(
            fill=_colour(style.fill) if style.fill else None,
            line=_colour(style.line),
            width_px=style.width_px,
            dash_px=list(style.dash_px),
            disc_px=style.disc_px,
            symbols=style.symbols,
        ),
        levels=None
        if levels is None
        else LevelsItem(
            first=levels.first,
            whole=levels.whole,
            below=levels.below,
            kinds=dict(levels.kinds),
            tiles=f"/tiles/{known.code}/{{z}}/{{x}}/{{y}}",
        ),
    )


def _words(name: str | None) -> list[Word]:
    if name is None:
        return []
    return [Word(code=entry.code, zh=entry.zh, en=entry.en) for entry in dictionary(name).entries.values()]


def _colour(name: str) -> ColourItem:
    colour = map_colours()[name]
    return ColourItem(name=name, day=colour.day, night=colour.night)
