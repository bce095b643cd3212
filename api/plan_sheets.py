"""Reports of plans for screen and paper: the same parts, once with the page's style and once with paper's."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from geo.exchange.stamps import Stamp
from geo.services.plan_reports import GridLine, PlanReport
from geo.territory.dictionaries import dictionary
from geo.territory.map_content import MapContent
from geo.territory.times import CHINA_TIME
from maps.plan_picture import plan_picture

PAPER = "A4"
#: The picture of a community on an A4 sheet, between its margins and above its first grids.
WIDTH_MM, HEIGHT_MM = 268.0, 108.0


@dataclass(frozen=True)
class Part:
    """A community's part of a plan: its picture, and the lines of its grids."""

    name: str
    code: str
    picture: Markup
    scale: str
    lines: tuple[GridLine, ...]


def report_page(
    report: PlanReport, content: MapContent | None, *, login: str, may_adopt: bool, may_rename: bool
) -> str:
    """Return a report as a page; who may adopt or rename the plan does so there."""
    values = _values(report, content) | {"login": login, "may_adopt": may_adopt, "may_rename": may_rename}
    return _templates().get_template("plan_report.html").render(**values)


def report_pdf(report: PlanReport, content: MapContent | None, stamp: Stamp) -> bytes:
    """Return a report as PDF, A4 landscape: the map first, then the tables, places to sign, and the stamp."""
    from maps.paper import pdf_of  # loads WeasyPrint, which takes most of a second

    values = _values(report, content)
    template = _templates().get_template("plan_report_sheet.html")
    pictures = {f"picture:{part.code}": str(part.picture) for part in values["communities"]}
    return pdf_of(template.render(**values, stamp=stamp.line, style=_style()), PAPER, pictures)


def _values(report: PlanReport, content: MapContent | None) -> dict[str, Any]:
    return {
        "report": report,
        "plan": report.plan,
        "state": dictionary("plan_states")[report.plan.state],
        "communities": _parts(report, content),
        "moment": _moment,
        "short": _short,
        "names": {line.code: line.name for line in report.grids},
    }


def _parts(report: PlanReport, content: MapContent | None) -> list[Part]:
    if content is None:
        return []
    names = {} if content.communities is None else dict(content.communities[["code", "name"]].to_numpy())
    codes = sorted({line.code[:12] for line in report.grids})
    found = []
    for code in codes:
        picture, scale = plan_picture(content, code, WIDTH_MM, HEIGHT_MM)
        lines = tuple(line for line in report.grids if line.code[:12] == code)
        # Written by an XML writer, which escapes.
        found.append(Part(str(names.get(code, code)), code, Markup(picture), f"{scale:,}", lines))  # noqa: S704
    return found


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}" if moment else "—"


def _short(hashed: str | None) -> str:
    """A hash in groups of eight, as people compare them."""
    return "—" if hashed is None else " ".join(hashed[start : start + 8] for start in range(0, len(hashed), 8))


@cache
def _templates() -> Environment:
    return Environment(loader=PackageLoader("api"), autoescape=True, undefined=StrictUndefined)


@cache
def _style() -> Markup:
    # Our own file, and nothing that anybody typed.
    path = Path(__file__).parent / "static" / "workbench" / "report_sheet.css"
    return Markup(path.read_text(encoding="utf-8"))  # noqa: S704
