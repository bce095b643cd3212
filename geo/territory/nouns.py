"""The catalogue of nouns: the one place that says which columns each layer has.

Files are read into frames with these columns, the store keeps them, the sample town makes them, and maps draw
them. A frame is a GeoDataFrame in EPSG:4326 (lon, lat) with exactly these columns plus ``geometry`` (None where
the noun has no geometry). ``geo/storage/tables.py`` mirrors this catalogue; a test holds both to the same columns.
"""

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "integer", "number", "boolean", "date"]


@dataclass(frozen=True)
class Column:
    """One column of a noun.

    Attributes
    ----------
    code_of
        The noun whose code this column holds (its own, or the noun it points at).
    dictionary
        The dictionary in ``data/dictionaries/`` that lists the allowed values.
    aliases
        Other headings under which files bring it, lower case.
    """

    name: str
    zh: str
    type: ColumnType = "text"
    required: bool = False
    code_of: str | None = None
    dictionary: str | None = None
    aliases: tuple[str, ...] = ()
    personal: bool = False


@dataclass(frozen=True)
class Noun:
    """One layer: its words, its columns, and which geometries it takes (empty: none)."""

    name: str
    zh: str
    columns: tuple[Column, ...]
    geometry: tuple[str, ...] = ()
    geometry_required: bool = False

    def column(self, name: str) -> Column:
        """Return the column called ``name``."""
        return next(column for column in self.columns if column.name == name)

    @property
    def column_names(self) -> list[str]:
        """The columns' names in order, geometry apart."""
        return [column.name for column in self.columns]


POINT = ("Point",)
AREA = ("Polygon", "MultiPolygon")
LINE = ("LineString", "MultiLineString")
SITE = (*POINT, *AREA)


def _code(noun: str) -> Column:
    return Column("code", "编码", code_of=noun, required=True, aliases=("编码", "代码", "bm", "dm", "id_code"))


_NAME = Column("name", "名称", aliases=("名称", "name", "mc", "nom", "标注名称"))
#: What lists of shops, firms and equipment call the name.
_SIGNS = ("店名", "商铺名称", "商户名称", "单位名称", "企业名称", "设备名称", "招牌")
_ADDRESS = Column("address", "地址", aliases=("地址", "address", "dz", "full_address", "详细地址"))


def _reference(column: str, zh: str, noun: str, *, required: bool = False) -> Column:
    return Column(column, zh, code_of=noun, required=required, aliases=(zh, column.removesuffix("_code")))


def _kind(dictionary: str, *, required: bool = True) -> Column:
    return Column(
        "kind", "类型", dictionary=dictionary, required=required, aliases=("类型", "类别", "kind", "type", "lx")
    )


_FLOORS = Column(
    "floors", "层数", "integer", aliases=("层数", "楼层", "floor", "floors", "nb_etages", "max_floor_lvl", "cs")
)
_HOUSEHOLDS = Column(
    "households",
    "户数",
    "integer",
    aliases=("户数", "households", "nb_logts", "total_dwelling_units", "dwellings", "units", "hs", "总户数"),
)

STREET = Noun(
    "street", "街道", (_code("street"), Column("name", "名称", required=True, aliases=_NAME.aliases)), AREA, True
)
COMMUNITY = Noun(
    "community",
    "社区",
    (
        _code("community"),
        Column("name", "名称", required=True, aliases=_NAME.aliases),
        _reference("street_code", "街道编码", "street", required=True),
    ),
    AREA,
    True,
)
COMPOUND = Noun(
    "compound",
    "住宅小区",
    (
        _code("compound"),
        Column("name", "名称", required=True, aliases=_NAME.aliases),
        _kind("compound_kinds"),
        _reference("community_code", "社区编码", "community", required=True),
        _reference("responsible_body_code", "责任主体编码", "responsible_body"),
    ),
    AREA,
    True,
)
BARRIER = Noun("barrier", "道路与屏障", (_code("barrier"), _NAME, _kind("barrier_kinds")), LINE, True)
BUILDING = Noun(
    "building",
    "楼栋",
    (
        _code("building"),
        _NAME,
        _ADDRESS,
        _kind("building_kinds"),
        _reference("community_code", "社区编码", "community", required=True),
        _reference("compound_code", "小区编码", "compound"),
        _FLOORS,
        _HOUSEHOLDS,
        Column("households_source", "户数来源", dictionary="household_sources", required=True, aliases=("户数来源",)),
    ),
    SITE,
    True,
)
STAIRWELL = Noun(
    "stairwell",
    "单元",
    (
        _code("stairwell"),
        _NAME,
        _reference("building_code", "楼栋编码", "building", required=True),
        _FLOORS,
        _HOUSEHOLDS,
    ),
    SITE,
)
HOUSEHOLD_UNIT = Noun(
    "household_unit",
    "户",
    (
        _code("household_unit"),
        _reference("building_code", "楼栋编码", "building", required=True),
        _reference("stairwell_code", "单元编码", "stairwell"),
        Column("floor", "所在层", "integer", aliases=("所在层", "floor", "楼层")),
        Column("room", "室号", required=True, aliases=("室号", "房号", "room", "门牌号")),
        _kind("unit_kinds"),
        _ADDRESS,
    ),
)
PLACE = Noun(
    "place",
    "场所",
    (
        _code("place"),
        Column("name", "名称", required=True, aliases=(*_NAME.aliases, *_SIGNS)),
        _kind("place_kinds"),
        _ADDRESS,
        _reference("building_code", "楼栋编码", "building"),
        _reference("household_unit_code", "户编码", "household_unit"),
        _reference("responsible_body_code", "责任主体编码", "responsible_body"),
    ),
    SITE,
    True,
)
CITY_ELEMENT = Noun(
    "city_element",
    "城市管理要素",
    (
        _code("city_element"),
        _NAME,
        _kind("element_kinds"),
        _reference("community_code", "社区编码", "community", required=True),
        _ADDRESS,
        _reference("responsible_body_code", "责任主体编码", "responsible_body"),
    ),
    (*SITE, *LINE),
    True,
)
RESPONSIBLE_BODY = Noun(
    "responsible_body",
    "责任主体",
    (
        _code("responsible_body"),
        Column("name", "名称", required=True, aliases=_NAME.aliases),
        _kind("body_kinds"),
        Column("phone", "电话", aliases=("电话", "phone", "联系电话"), personal=True),
    ),
)
GRID_STAFF = Noun(
    "grid_staff",
    "网格人员",
    (
        _code("grid_staff"),
        Column("name", "姓名", required=True, aliases=("姓名", "name"), personal=True),
        Column("role", "岗位", required=True, dictionary="staff_roles", aliases=("岗位", "role")),
        Column("phone", "电话", aliases=("电话", "phone"), personal=True),
        Column("grid_code", "网格编码", code_of="grid", aliases=("网格编码", "grid")),
        Column("since", "上岗日期", "date", aliases=("上岗日期",)),
        Column("until", "离岗日期", "date", aliases=("离岗日期",)),
    ),
)
#: A department's grids as they are in force before a redraw; each department's layer becomes one plan.
GRID = Noun(
    "grid",
    "网格",
    (
        _code("grid"),
        _NAME,
        _reference("community_code", "社区编码", "community", required=True),
        Column("department", "部门", aliases=("部门", "department")),
        _HOUSEHOLDS,
    ),
    AREA,
    True,
)

#: In the order in which they can be written: what is pointed at comes first.
#: Columns of cells, besides ``geometry``; cells lie in grids and have codes of no registry.
CELL_COLUMNS = ["code", "grid_code", "name", "households", "reason_code", "reason"]

NOUNS: dict[str, Noun] = {
    noun.name: noun
    for noun in (
        RESPONSIBLE_BODY,
        STREET,
        COMMUNITY,
        COMPOUND,
        BARRIER,
        BUILDING,
        STAIRWELL,
        HOUSEHOLD_UNIT,
        PLACE,
        CITY_ELEMENT,
        GRID,
        GRID_STAFF,
    )
}
