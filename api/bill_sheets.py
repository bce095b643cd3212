"""Bills and statements as tables: for paper, for spreadsheets, for the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from geo.exchange.stamps import Stamp
from geo.exchange.writing import write_frames
from geo.ledger.bills import Statement
from geo.services.billing import BillSheet, StatementSheet
from geo.territory.dictionaries import Entry, dictionary
from geo.territory.times import CHINA_TIME

PAPER = "A4"
#: What a statement says of a line, in order, with its headings.
FIGURES = dictionary("statement_figures").entries
BY = {"community": "社区 community", "grid": "网格 grid", "kind": "类型 kind"}


@dataclass(frozen=True)
class Table:
    """Rows under headings; ``numbers`` are the columns that stand to the right, ``notes`` say how some are counted."""

    title: str
    said: str
    figures: Sequence[tuple[str, Any]]
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]
    numbers: frozenset[int]
    notes: Sequence[str] = ()


def bill_table(sheet: BillSheet) -> Table:
    """Return a bill as a table."""
    headings = [
        "灯 light",
        "编号 number",
        "类型 kind",
        "性质 nature",
        "内容 what",
        "环节 step",
        "期限 due",
        "天数 days",
    ]
    rows = [
        [
            one.light_words.zh if one.light_words else one.state.zh,
            one.case.number,
            one.kind.zh,
            one.nature.zh if one.nature else "未定级",
            one.case.summary,
            one.step.zh,
            _moment(one.red_at) if one.case.state == "open" else "",
            one.age_days,
            one.case.assignee or one.turn.zh,
        ]
        for one in sheet.items
    ]
    bill = sheet.bill
    oldest = "—" if bill.oldest_days is None else f"{bill.oldest_days} 天"
    figures = [
        ("共 all", bill.number),
        ("未办结 live", bill.live),
        ("超期 overdue", bill.overdue),
        ("最久 oldest", oldest),
    ]
    title = f"{sheet.of.title} 隐患账单"
    return Table(title, sheet.of.code, figures, [*headings, "承办或轮到 who"], rows, frozenset({7}))


def statement_table(sheet: StatementSheet) -> Table:
    """Return a statement as a table, the total last."""
    headings = [BY[sheet.by], *(one.label for one in FIGURES.values())]
    rows: list[list[Any]] = [[_line_name(row.code, row.name.zh), *_figures(row.statement)] for row in sheet.rows]
    rows.append(["合计 total", *_figures(sheet.total)])
    figures = [(one.label, getattr(sheet.total, name)) for name, one in FIGURES.items()]
    title = f"{sheet.of.title} {sheet.month} {sheet.workflow.zh}月结单"
    return Table(title, sheet.of.code, figures, headings, rows, frozenset(range(1, len(headings))), _notes())


def as_pdf(table: Table, stamp: Stamp) -> bytes:
    """Return a table as PDF, A4 landscape, with the stamp at its end."""
    from maps.paper import pdf_of  # loads WeasyPrint, which takes most of a second

    return pdf_of(
        templates().get_template("ledger_sheet.html").render(table=table, stamp=stamp.line, style=style()), PAPER
    )


def as_xlsx(table: Table, stamp: Stamp) -> bytes:
    """Return a table as a workbook; what looks like a formula is text in it."""
    with TemporaryDirectory(prefix="wangge-sheet-") as folder:
        [path] = write_table(table, Path(folder) / "sheet.xlsx", stamp)
        return path.read_bytes()


def write_table(table: Table, path: Path, stamp: Stamp) -> list[Path]:
    """Write a table as .xlsx or .csv."""
    frame = pd.DataFrame([list(row) for row in table.rows], columns=list(table.headings))
    return write_frames({"账单" if "账单" in table.title else "月结单": frame}, path, stamp=stamp)


def _figures(statement: Statement) -> list[int]:
    return [getattr(statement, name) for name in FIGURES]


def _notes() -> list[str]:
    """Say how figures are counted whose names could be taken for others."""
    return [f"{one.zh}:{one.extra['how_zh']}。 {one.en}: {one.extra['how_en']}" for one in counted_so()]


def counted_so() -> list[Entry]:
    """Return the figures of a statement of which it is said how they are counted."""
    return [one for one in FIGURES.values() if "how_zh" in one.extra]


def _line_name(code: str, name: str) -> str:
    return name if not code or name == code or not code.isdecimal() else f"{name} {code}"


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}" if moment else ""


@cache
def templates() -> Environment:
    """Return the templates of sheets; every value is escaped, and a name that is not given is an error."""
    return Environment(loader=PackageLoader("api"), autoescape=True, undefined=StrictUndefined)


@cache
def style() -> Markup:
    """Return the style of sheets on paper."""
    # Our own file, and nothing that anybody typed.
    return Markup((Path(__file__).parent / "static" / "ledger" / "sheet.css").read_text(encoding="utf-8"))  # noqa: S704
