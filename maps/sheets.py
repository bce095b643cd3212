"""The printable sheet of one grid or community, as PDF (vector, A4 or A3 landscape) and as PNG.

Nothing is fetched while a sheet is made: the picture, the style and the fonts of the machine are all there is.
"""

import io
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
import pypdfium2
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from geo.errors import BoundsError
from geo.territory.dictionaries import dictionary
from geo.territory.map_content import MapContent
from geo.territory.times import CHINA_TIME
from maps.drawing import Paper
from maps.escaping import plain_text
from maps.facts import facts_of, holds_estimates
from maps.layers import short_numbers
from maps.sheet_focus import Focus, focus_on, numbered_buildings, title_of_building
from maps.sheet_legend import legend_of
from maps.sheet_map import draw_sheet
from maps.styles import HouseholdClass, class_of, household_classes

_HERE = Path(__file__).parent


PaperName = Literal["A4", "A3"]


@dataclass(frozen=True)
class Format:
    """A paper's measures in millimetres, and how many columns and rows a page of the table takes."""

    name: PaperName
    map_width: float
    map_height: float
    rows_per_column: int
    columns: int


FORMATS: dict[PaperName, Format] = {
    "A4": Format("A4", 194.0, 187.0, 40, 4),
    "A3": Format("A3", 310.0, 274.0, 60, 6),
}

Row = tuple[str, str, str]

_NAME_CHARS = 40

#: Heights in the column beside the map, as ``static/sheet.css`` sets them.
_HEADINGS_MM, _FACT_MM, _SIGN_MM, _ROW_MM = 38.0, 4.6, 5.0, 4.2


def sheet_pdf(
    content: MapContent,
    focus: str,
    *,
    paper: PaperName | None = None,
    printed: date | None = None,
    printed_by: str = "",
) -> bytes:
    """Return the sheet of one grid or community as PDF.

    Parameters
    ----------
    focus
        A grid's code or short number, or a community's code or name.
    paper
        A4 for a grid and A3 for a community unless said; both landscape.
    printed
        The date in the footer; today unless said.
    printed_by
        Who printed it, beside the date.

    Raises
    ------
    NotFoundError
        The plan has no such grid or community.
    """
    found = focus_on(content, focus)
    chosen = FORMATS[paper or ("A4" if found.level == "grid" else "A3")]
    page = _page(content, found, chosen, _printed(printed or datetime.now(CHINA_TIME).date(), printed_by))
    from maps.paper import pdf_of

    return pdf_of(page, chosen.name)


def sheet_png(
    content: MapContent,
    focus: str,
    *,
    dpi: int = 150,
    paper: PaperName | None = None,
    printed: date | None = None,
    printed_by: str = "",
) -> bytes:
    """Return the sheet as one PNG picture; further pages lie below the first.

    Raises
    ------
    BoundsError
        ``dpi`` is not between 36 and 600.
    """
    if not 36 <= dpi <= 600:
        raise BoundsError(f"分辨率 {dpi} 不可用,应在 36 至 600 之间", f"{dpi} dpi is not between 36 and 600")
    document = pypdfium2.PdfDocument(sheet_pdf(content, focus, paper=paper, printed=printed, printed_by=printed_by))
    try:
        pages = [page.render(scale=dpi / 72).to_pil() for page in document]
    finally:
        document.close()
    whole = Image.new("RGB", (pages[0].width, sum(page.height for page in pages)), "white")
    top = 0
    for page in pages:
        whole.paste(page, (0, top))
        top += page.height
    picture = io.BytesIO()
    whole.save(picture, "PNG", dpi=(dpi, dpi))
    return picture.getvalue()


def _printed(on: date, by: str) -> str:
    """Say when, and by whom where that is known; a long name is cut, since the footer is one line."""
    return f"{on.isoformat()} {plain_text(by)[:_NAME_CHARS]}".strip()


def _page(content: MapContent, focus: Focus, chosen: Format, printed: str) -> str:
    households = [] if content.grids is None else content.grids["households"].tolist()
    classes = household_classes(content.lower, content.upper, households)
    buildings = numbered_buildings(content, focus)
    paper = Paper.around(focus.area, chosen.map_width, chosen.map_height)
    sheet = draw_sheet(content, focus, buildings, classes, paper)
    rows = _rows(focus, buildings, classes)
    facts, legend = _facts(content, focus, classes), legend_of(sheet, focus, classes)
    taken = _HEADINGS_MM + _FACT_MM * (len(facts) + 3) + _SIGN_MM * -(-len(legend) // 2)
    beside, pages = _spread(rows, chosen, int((chosen.map_height - taken) / _ROW_MM))
    terms = dictionary("terms")
    words: dict[str, Any] = {"zh": lambda code: terms[code].zh, "en": lambda code: terms[code].en}
    subject = "building" if focus.level == "grid" else "grid"
    row_table = _templates().get_template("sheet_table.html")

    def table(part: list[Row]) -> Markup:
        # The template escapes the rows; what it returns is markup.
        return Markup(row_table.render(rows=part, head=terms[subject].zh, **words))  # noqa: S704

    return _templates().get_template("sheet.html").render(
        title=f"{terms[focus.level].zh} {focus.name}",
        subtitle=" · ".join(part for part in (plain_text(content.title), focus.code) if part),
        style=Markup((_HERE / "static" / "sheet.css").read_text(encoding="utf-8")),  # noqa: S704  (a file of ours)
        picture=Markup(sheet.drawing.to_text()),  # noqa: S704  (written by an XML writer, which escapes)
        facts=facts,
        estimated=holds_estimates(content),
        legend=legend,
        first_rows=beside,
        pages=pages,
        rest=len(rows) - len(beside),
        table=table,
        table_title=terms["sheet_table" if focus.level == "grid" else "grid_list"].zh,
        table_title_en=terms["sheet_table" if focus.level == "grid" else "grid_list"].en,
        footer=_footer(content),
        scale=f"{paper.scale:,}",
        printed=printed,
        **words,
    )  # fmt: skip


def _facts(content: MapContent, focus: Focus, classes: tuple[HouseholdClass, ...]) -> list[tuple[str, str]]:
    facts = [("households", f"{focus.households:,}")]
    if focus.level == "grid":
        row = focus.inside.iloc[0]
        style = class_of(float(focus.households), classes)
        facts[0] = ("households", f"{style.mark} {focus.households:,}".strip())
        reason = plain_text(row.get("reason"))
        facts += [("reason", reason)] if reason else []
    else:
        facts.append(("grids", f"{len(focus.inside):,}"))
        if content.lower is not None and content.upper is not None:
            inside = pd.to_numeric(focus.inside["households"]).between(content.lower, content.upper)
            facts.append(("in_range_share", f"{inside.mean():.1%}({inside.sum()}/{len(inside)})"))
    kept = {"bounds", "households_source"}
    return facts + [(fact.term, fact.value) for fact in facts_of(content) if fact.term in kept]


def _footer(content: MapContent) -> str:
    facts = {fact.term: fact.value for fact in facts_of(content)}
    said = [facts.get(term, "") for term in ("plan", "plan_state", "date")]
    return " · ".join(part for part in (plain_text(content.title), *map(plain_text, said)) if part)


def _rows(focus: Focus, buildings: gpd.GeoDataFrame, classes: tuple[HouseholdClass, ...]) -> list[Row]:
    if focus.level == "grid":
        rows = [
            (str(row["number"]), title_of_building(row), _count(row["households"])) for _, row in buildings.iterrows()
        ]
        total = pd.to_numeric(buildings["households"], errors="coerce").sum()
    else:
        codes = focus.inside["code"].map(plain_text).tolist()
        order = sorted(zip(short_numbers(codes), codes, focus.inside["households"].tolist(), strict=True))
        rows = [
            (short, code, f"{class_of(households, classes).mark}{_count(households)}")
            for short, code, households in order
        ]
        total = focus.households
    return [*rows, ("", dictionary("terms")["total"].zh, f"{int(total):,}")] if rows else []


def _count(households: Any) -> str:
    number = pd.to_numeric(households, errors="coerce")
    return f"{int(number):,}" if number == number else "–"


def _spread(rows: list[Row], chosen: Format, rows_beside: int) -> tuple[list[Row], list[list[list[Row]]]]:
    """Put as much of the table beside the map as fits, the rest on pages of its own in columns."""
    if len(rows) <= rows_beside:
        return rows, []
    rest = rows[rows_beside:]
    columns = [rest[start : start + chosen.rows_per_column] for start in range(0, len(rest), chosen.rows_per_column)]
    return rows[:rows_beside], [
        columns[start : start + chosen.columns] for start in range(0, len(columns), chosen.columns)
    ]


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
