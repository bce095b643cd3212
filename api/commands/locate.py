"""``wangge locate``: where an address is; a list or a sheet of them; with a gazetteer in a file, without the store."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from api.commands.answers import point_words, show_answer
from api.commands.counting import counting
from api.commands.pairs import pairs_of
from geo.addresses.answers import Answer, Candidate
from geo.errors import InputError
from geo.exchange.address_files import AddressRows, read_table
from geo.exchange.rejections import Rejection, write_report
from geo.exchange.stamps import stamp_now
from geo.exchange.tables import TextTable
from geo.services.locating_files import (
    FileBook,
    answer_queries,
    book_of_files,
    locate_sheet,
    write_answers,
    write_located,
)
from geo.territory.dictionaries import dictionary

console = Console()
#: What is said beside the answer, so that the answer alone can be piped on.
aside = Console(stderr=True)
REASONS_SHOWN = 10


def locate_command(
    text: Annotated[str | None, typer.Argument(help="要找的地址,照来电人的说法 The address, as it was said")] = None,
    gazetteer: Annotated[
        Path | None, typer.Option(help="地址库文件 .csv .xlsx,不用数据库 Gazetteer, instead of the store")
    ] = None,
    aliases: Annotated[Path | None, typer.Option(help="别名文件:旧名、俗称 Other names of its places")] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="坐标查地址:经度,纬度(WGS84) What is at a point: LON,LAT")
    ] = None,
    queries: Annotated[
        Path | None, typer.Option(help="逐条查询的文件(query_id、query) Queries to answer, one a line")
    ] = None,
    file: Annotated[
        str | None, typer.Option(help="要加上定位结果的表格 .xlsx .csv,可写 文件.xlsx#表 Sheet to add what is found to")
    ] = None,
    column: Annotated[str | None, typer.Option(help="表格中的地址列 The sheet's column of addresses")] = None,
    out: Annotated[Path | None, typer.Option(help="输出文件 .csv .xlsx File to write")] = None,
    datum: Annotated[
        str | None, typer.Option(help="地址库的坐标基准 wgs84 gcj02 bd09 … Datum of the gazetteer's coordinates")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="地址库的列对应 road=路名,可重复 COLUMN=HEADING of the gazetteer, repeatable"),
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="CSV 的编码 UTF-8 | GBK Encoding of CSV files")] = None,
    report: Annotated[
        Path | None, typer.Option(help="地址库被拒行报告 .csv/.xlsx Report of the gazetteer's refused rows")
    ] = None,
    unplaced: Annotated[
        bool, typer.Option("--unplaced", help="列出按地址导入时未能定位的行 Rows of lists that wait for a place")
    ] = False,
    row: Annotated[int | None, typer.Option(help="待定位行的编号 Number of a row that waits")] = None,
    choose: Annotated[
        str | None, typer.Option(help="该行定位于第几个候选(或其编码) Which of its choices it is")
    ] = None,
    drop: Annotated[bool, typer.Option("--drop", help="放弃该行,仍留存在案 Drop the row; it stays on record")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 Answer as JSON")] = False,
) -> None:
    """按人们的说法找地址:一个地点、几个候选,或说明没有。 Find an address as people say it, or say there is none."""
    _refuse_mixed(
        {
            "地址 TEXT": text,
            "--at": at,
            "--queries": queries,
            "--file": file,
            "--unplaced": unplaced or None,
            "--row": row,
        }
    )
    if (queries or file) and out is None:
        raise InputError("请用 --out 写明输出文件", "state the file to write with --out")
    if gazetteer is None and (aliases or queries or datum or columns):
        raise InputError(
            "--aliases、--queries、--datum、--map 须与 --gazetteer 一起使用",
            "--aliases, --queries, --datum and --map go with --gazetteer",
        )
    if gazetteer is None:
        if at is not None:
            _at_point(at, as_json)
            return
        _in_store(text, file, column, out, encoding, unplaced, row, choose, drop, as_json)
        return
    if at is not None:
        raise InputError("--at 只用数据库,不用 --gazetteer", "--at asks the store: leave --gazetteer out")
    if unplaced or row is not None:
        raise InputError(
            "待定位的行在数据库中,不用 --gazetteer", "rows that wait are in the store: leave --gazetteer out"
        )
    mapping = pairs_of(columns, "--map")
    book = _book(gazetteer, aliases, encoding, datum, mapping, report, notes=text is None)
    if queries and out:
        _answer_queries(book, queries, out, encoding)
    elif file and out:
        _locate_file(book, file, column, out, encoding)
    elif text is not None:
        answer = book.ask(text)
        if as_json:
            console.print_json(json.dumps(_plain(answer, book)))
        else:
            _show(answer, book)


def _at_point(at: str, as_json: bool) -> None:
    from api.commands import locate_in_store

    lon, _, lat = at.replace("\uff0c", ",").partition(",")
    try:
        point = float(lon), float(lat)
    except ValueError:
        raise InputError(
            f"“{at[:60]}”不是坐标;请写作 经度,纬度,如 114.1153,22.5301",
            f"{at[:60]!r} is no point; write LON,LAT as in 114.1153,22.5301",
        ) from None
    locate_in_store.show_round(console, *point, as_json=as_json)


def _refuse_mixed(given: dict[str, object]) -> None:
    if sum(value is not None for value in given.values()) != 1:
        raise InputError(f"请在 {'、'.join(given)} 中选一种", f"give one of: {', '.join(given)}")


def _in_store(
    text: str | None,
    file: str | None,
    column: str | None,
    out: Path | None,
    encoding: str | None,
    unplaced: bool,
    row: int | None,
    choose: str | None,
    drop: bool,
    as_json: bool,
) -> None:
    # Loaded here: it brings the database's libraries along, which a gazetteer does without.
    from api.commands import locate_in_store

    if text is not None:
        locate_in_store.locate_text(console, text, as_json=as_json)
    elif unplaced:
        locate_in_store.show_unplaced(console, out)
    elif row is not None:
        if drop == (choose is not None):
            raise InputError("请用 --choose 写明候选,或用 --drop 放弃", "state --choose with a choice, or --drop")
        locate_in_store.decide(console, row, choice=choose)
    elif file is not None and out is not None:
        table = _read_sheet(file, encoding)
        sheet, written = locate_in_store.locate_table(aside, table, out, column=column)
        _show_written(sheet.counts, written)


def _book(
    gazetteer: Path,
    aliases: Path | None,
    encoding: str | None,
    datum: str | None,
    mapping: dict[str, str],
    report: Path | None,
    *,
    notes: bool,
) -> FileBook:
    with counting("地址库 Gazetteer", aside) as update:
        book = book_of_files(gazetteer, aliases, encoding=encoding, datum=datum, mapping=mapping, progress=update)
    refused = [*book.places.rejections]
    _show_read(book.places, "地址库 gazetteer", notes=notes)
    if book.aliases is not None:
        _show_read(book.aliases, "别名 aliases", notes=notes)
        refused.extend(book.aliases.rejections)
    if refused and report is not None:
        aside.print(Text(f"被拒行报告 Report of refused rows: {write_report(refused, report)}"))
    return book


def _show_read(rows: AddressRows, what: str, *, notes: bool) -> None:
    for zh, en in rows.notes if notes else ():
        aside.print(Text(f"· {zh}\n  {en}"))
    refused = len({found.row_number for found in rows.rejections})
    if refused:
        said = f"{what}:{rows.read} 行中 {refused} 行被拒 {refused} of {rows.read} rows refused"
        aside.print(Text(said), style="red")
        _show_rejections(rows.rejections)


def _show_rejections(found: list[Rejection]) -> None:
    for one in found[:REASONS_SHOWN]:
        aside.print(
            Text(f"  第 {one.row_number} 行 row {one.row_number} {one.column}: {one.problem.zh} {one.problem.en}")
        )
    if len(found) > REASONS_SHOWN:
        aside.print(Text(f"  … 共 {len(found)} 条,用 --report 写出全部 in all; --report writes them"))


def _answer_queries(book: FileBook, queries: Path, out: Path, encoding: str | None) -> None:
    table = read_table(queries, encoding=encoding)
    with counting("定位 Locating", aside) as update:
        answers = answer_queries(book.ask, table, progress=update)
    counts = {code: int((answers["outcome"] == code).sum()) for code in dictionary("address_outcomes").entries}
    _show_written(counts, [write_answers(answers, out)])


def _locate_file(book: FileBook, file: str, column: str | None, out: Path, encoding: str | None) -> None:
    table = _read_sheet(file, encoding)
    with counting("定位 Locating", aside) as update:
        sheet = locate_sheet(book.ask, book.grid_of, table, column=column, progress=update)
    # Loaded here for the same reason.
    from api.commands.store import who_runs

    _show_written(sheet.counts, write_located(sheet, out, stamp=stamp_now(who_runs())))


def _read_sheet(file: str, encoding: str | None) -> TextTable:
    table = read_table(Path(file), encoding=encoding)
    for zh, en in table.notes:
        aside.print(Text(f"· {zh}\n  {en}"))
    return table


def _show_written(counts: dict[str, int], written: list[Path]) -> None:
    _show_counts(counts)
    for path in written:
        console.print(Text(f"已写出 Wrote {path}"), soft_wrap=True)


def _show_counts(counts: dict[str, int]) -> None:
    words = dictionary("address_outcomes")
    said = ",".join(f"{words[code].zh} {number}" for code, number in counts.items())
    told = ", ".join(f"{words[code].en} {number}" for code, number in counts.items())
    console.print(Text(f"{said}\n{told}"))


# ── one answer ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _show(answer: Answer, book: FileBook) -> None:
    show_answer(console, answer, lambda candidate: _lines(candidate, book))
    if answer.relation is not None:
        console.print(Text(f"方位 Whereabouts: {answer.relation.text}"))


def _lines(candidate: Candidate, book: FileBook) -> list[str]:
    known = [] if math.isnan(candidate.lon) else [point_words(candidate.lon, candidate.lat)]
    if grid := book.grid_of(candidate):
        known.append(f"网格 grid {grid}")
    return [" · ".join(known)] if known else []


def _plain(answer: Answer, book: FileBook) -> dict[str, Any]:
    """Return an answer as JSON has it: no NaN, places with their grids."""
    told = asdict(answer)
    for name in ("candidates", "nearest"):
        told[name] = [_plain_place(candidate, book) for candidate in getattr(answer, name)]
    return told


def _plain_place(candidate: Candidate, book: FileBook) -> dict[str, Any]:
    told = {**asdict(candidate), "grid": book.grid_of(candidate) or None}
    del told["row"]
    if math.isnan(candidate.lon):
        told["lon"] = told["lat"] = None
    return told
