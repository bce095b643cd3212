"""OGC's interfaces as pages for people: what is there, where it leads, and how to use it in QGIS."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import HTMLResponse

from api.case_pages import ledger_page
from api.ogc_links import Addresses, Link
from geo.access.actor import Actor
from geo.services.featuring import LAYERS, Collection
from geo.territory.layer_catalogue import catalogue_layer

#: Rows of a table: texts, each with the address that it leads to or None.
Row = Sequence[tuple[str, str | None]]
#: What is said of something: in Chinese and English what it is, and its values.
Fact = tuple[str, str, Sequence[str]]
#: Most characters of a value in a table of features.
_SHOWN = 60


def landing(actor: Actor, at: Addresses, links: Sequence[Link]) -> HTMLResponse:
    """Show where to begin, and how other tools sign in."""
    return _page(actor, "OGC 接口", "OGC interfaces", trail=(), links=links, root=at.root, is_landing=True)


def conformance(actor: Actor, links: Sequence[Link], classes: Sequence[str]) -> HTMLResponse:
    """Show which parts of OGC's standards are kept."""
    rows = [[(uri, None)] for uri in classes]
    return _page(
        actor,
        "符合的标准",
        "Conformance",
        trail=_TRAIL,
        links=links,
        headings=(("标准", "conformance class"),),
        rows=rows,
    )


def collections(actor: Actor, at: Addresses, links: Sequence[Link], told: Sequence[Mapping[str, Any]]) -> HTMLResponse:
    """Show which collections there are."""
    rows = [
        [
            (one["title"], at("collections", f"{one['id']}?f=html")),
            (one["id"], None),
            (one["description"], None),
            ("要素 Features", at("collections", one["id"], "items?f=html")),
        ]
        for one in told
    ]
    headings = (("数据集", "collection"), ("名称", "id"), ("说明", "description"), ("", ""))
    return _page(actor, "数据集", "Collections", trail=_TRAIL, links=links, headings=headings, rows=rows)


def collection(actor: Actor, at: Addresses, of: Collection, told: Mapping[str, Any]) -> HTMLResponse:
    """Show what a collection is."""
    facts: list[Fact] = [
        ("名称", "id", [told["id"]]),
        ("说明", "description", [told["description"]]),
        ("坐标系", "crs", told["crs"]),
    ]
    if "extent" in told:
        box = ", ".join(f"{side:.6f}" for side in told["extent"]["spatial"]["bbox"][0])
        facts.append(("范围", "extent", [box]))
    rows = [
        [(each.name, None), (f"{each.zh} {each.en}", None), (each.type, None), (each.dictionary or "", None)]
        for each in of.properties
    ]
    headings = (("属性", "property"), ("", ""), ("类型", "type"), ("字典", "dictionary"))
    trail = (*_TRAIL, _collections(at))
    return _page(actor, of.zh, of.en, trail=trail, links=told["links"], facts=facts, headings=headings, rows=rows)


def queryables(
    actor: Actor, at: Addresses, of: Collection, links: Sequence[Link], told: Mapping[str, Any]
) -> HTMLResponse:
    """Show by what features of a collection can be asked for."""
    rows = [
        [
            (name, None),
            (schema["title"], None),
            (schema.get("type", ""), None),
            (", ".join(schema.get("enum", ())), None),
        ]
        for name, schema in told["properties"].items()
    ]
    headings = (("参数", "parameter"), ("", ""), ("类型", "type"), ("取值", "values"))
    trail = (*_TRAIL, _collections(at), _one(at, of))
    return _page(actor, "可查询的属性", "Queryables", trail=trail, links=links, headings=headings, rows=rows)


def items(actor: Actor, at: Addresses, of: Collection, answer: Mapping[str, Any]) -> HTMLResponse:
    """Show one page of features as a table."""
    rows = [
        [
            (feature["id"], at("collections", of.id, "items", f"{feature['id']}?f=html")),
            *((_short(_in_words(feature["properties"], each.name)), None) for each in of.properties[1:]),
        ]
        for feature in answer["features"]
    ]
    headings = [(each.zh, each.en) for each in of.properties]
    facts: list[Fact] = [("本页", "on this page", [str(answer["numberReturned"])])]
    if "numberMatched" in answer:
        facts.append(("共", "in all", [str(answer["numberMatched"])]))
    trail = (*_TRAIL, _collections(at), _one(at, of))
    return _page(
        actor, f"{of.zh}要素", "Features", trail=trail, links=answer["links"], facts=facts, headings=headings, rows=rows
    )


def item(actor: Actor, at: Addresses, of: Collection, feature: Mapping[str, Any]) -> HTMLResponse:
    """Show one feature."""
    properties, geometry = feature["properties"], feature["geometry"]
    facts: list[Fact] = [
        (each.zh, each.en, [_short(_in_words(properties, each.name), 2_000)]) for each in of.properties
    ]
    facts.append(("位置", "geometry", [geometry["type"] if geometry else "—"]))
    items_of = (f"{of.zh}要素", at("collections", of.id, "items?f=html"))
    trail = (*_TRAIL, _collections(at), _one(at, of), items_of)
    return _page(actor, feature["id"], "", trail=trail, links=feature["links"], facts=facts)


_TRAIL: tuple[tuple[str, str], ...] = (("OGC", "/ogc?f=html"),)


def _collections(at: Addresses) -> tuple[str, str]:
    return "数据集", at("collections?f=html")


def _one(at: Addresses, of: Collection) -> tuple[str, str]:
    return of.zh, at("collections", f"{of.id}?f=html")


def _in_words(properties: Mapping[str, Any], name: str) -> Any:
    return properties.get(f"{name}_label", properties[name])


def _short(value: Any, most: int = _SHOWN) -> str:
    text = "—" if value is None else str(value)
    return text if len(text) <= most else f"{text[:most]}…"


def _page(
    actor: Actor,
    zh: str,
    en: str,
    *,
    trail: Sequence[tuple[str, str]],
    links: Sequence[Link],
    facts: Sequence[Fact] = (),
    headings: Sequence[tuple[str, str]] = (),
    rows: Sequence[Row] = (),
    root: str = "",
    is_landing: bool = False,
) -> HTMLResponse:
    return ledger_page(
        "ogc.html",
        actor,
        zh=zh,
        en=en,
        trail=trail,
        links=[link for link in links if link["rel"] != "self"],
        facts=facts,
        headings=headings,
        rows=rows,
        root=root,
        layers=[catalogue_layer(name) for name in LAYERS] if is_landing else [],
        is_landing=is_landing,
    )
