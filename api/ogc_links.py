"""What OGC's interfaces conform to, the kinds of their answers, and the links between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Query, Request

from api.answering import HTML, JSON, form_of
from api.ogc import PREFIX

GEOJSON, MVT = "application/geo+json", "application/vnd.mapbox-vector-tile"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
#: Relations of links that are not IANA's.
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
TILESETS = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
TILING_SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
TILING_SCHEMES = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"

#: What other tools find here, by the addresses that OGC has for it.
CONFORMS_TO = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
)

Form = Annotated[
    Literal["json", "html"] | None,
    Query(alias="f", description="形式,缺省按 Accept Form of the answer; by Accept when not said"),
]
Link = dict[str, Any]


def wants_html(request: Request, said: str | None) -> bool:
    """Tell whether an answer is for a person's browser."""
    return form_of(request, said, ("json", "html")) == "html"


@dataclass(frozen=True)
class Addresses:
    """The addresses of these interfaces, as whoever asks reaches them."""

    root: str

    @classmethod
    def of(cls, request: Request) -> "Addresses":
        """Take the address under which the request came."""
        return cls(f"{str(request.base_url).rstrip('/')}{PREFIX}")

    def __call__(self, *parts: str) -> str:
        """Return the address of what lies under these parts."""
        return "/".join([self.root, *parts])

    def link(self, rel: str, parts: Sequence[str], media: str, title: str = "") -> Link:
        """Return a link to what lies there."""
        return _link(rel, self(*parts), media, title)


def links_of_this(request: Request, media: str = JSON, *, html: bool) -> list[Link]:
    """Return the links to this answer and to its other form, whatever else its address says."""
    as_data = _link("alternate" if html else "self", _in_form(request, "json"), media, "数据 Data")
    as_page = _link("self" if html else "alternate", _in_form(request, "html"), HTML, "网页 Page")
    return [as_page, as_data] if html else [as_data, as_page]


def link_to_next(request: Request, after: str, media: str, *, html: bool) -> Link:
    """Return the link to the page that follows a key."""
    following = request.url.include_query_params(after=after)
    return _link("next", str(following), HTML if html else media, "下一页 Next page")


def _in_form(request: Request, form: str) -> str:
    return str(request.url.include_query_params(f=form))


def _link(rel: str, href: str, media: str, title: str = "") -> Link:
    return {"href": href, "rel": rel, "type": media, **({"title": title} if title else {})}
