"""What ``wangge locate`` does with the store: addresses located, sheets, and rows of lists that wait for a place."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text
from sqlalchemy.orm import Session

from api.commands.answers import point_words, show_answer
from api.commands.counting import counting
from api.commands.sheets import write_sheet
from api.commands.store import open_store, who_runs
from geo.exchange.stamps import stamp_now
from geo.exchange.tables import TextTable
from geo.services import placing_by_address
from geo.services.address_books import AddressBooks
from geo.services.locating import Found, Place, Spot, locate, reverse
from geo.services.locating_files import LocatedSheet, locate_sheet, write_located
from geo.services.placing_by_address import UnplacedRecord
from geo.services.store_book import StoreBook
from geo.territory.dictionaries import dictionary

ROWS_SHOWN = 50


def locate_text(console: Console, text: str, *, as_json: bool) -> None:
    """Locate one text and show what is there, once the looks at households are on record."""
    with open_store() as session:
        found = locate(session, AddressBooks(), text, who=who_runs())
    if as_json:
        console.print_json(json.dumps(asdict(found), default=str))
    else:
        _show(console, found)


def show_round(console: Console, lon: float, lat: float, *, as_json: bool) -> None:
    """Show what is at a point: address, building, compound, community, grid, cell and the people in charge."""
    with open_store() as session:
        found = reverse(session, lon, lat, who=who_runs())
    if as_json:
        console.print_json(json.dumps(asdict(found), default=str))
        return
    for label, near in (
        ("地址 address", found.address),
        ("楼栋 building", found.building),
        ("小区 compound", found.compound),
        ("社区 community", found.community),
    ):
        if near is not None:
            told = near.address if label.startswith("地址") else near.name
            console.print(Text(f"{label}: {told or ''} [{near.code}]({near.metres:.0f} m)"), soft_wrap=True)
    for line in _spot_lines(found.spot):
        console.print(Text(line), soft_wrap=True)


def locate_table(aside: Console, table: TextTable, out: Path, *, column: str | None) -> tuple[LocatedSheet, list[Path]]:
    """Look a sheet's addresses up and write it with what was found."""
    with open_store() as session, counting("定位 Locating", aside) as update:
        book = StoreBook(session, AddressBooks(), who=who_runs())
        sheet = locate_sheet(book.ask, book.grid_of, table, column=column, progress=update)
        book.record_look()
    return sheet, write_located(sheet, out, stamp=stamp_now(who_runs()))


def show_unplaced(console: Console, out: Path | None) -> None:
    """List the rows that wait for somebody to place them, with what they could be; in a file where one is named."""
    with open_store() as session:
        rows = placing_by_address.look_at_unplaced(session, who=who_runs())
    if rows and out is not None:
        write_sheet(console, placing_by_address.unplaced_table(rows), out, layer="待定位", unit="行 rows")
        return
    for row in rows[:ROWS_SHOWN]:
        _show_row(console, row)
    if not rows:
        console.print(Text("没有待定位的行 No row waits for a place"))
    elif len(rows) > ROWS_SHOWN:
        console.print(Text(f"共 {len(rows)} 行,只列出前 {ROWS_SHOWN} 行 {len(rows)} rows in all"))


def decide(console: Console, row: int, *, choice: str | None) -> None:
    """Place a row at one of its choices, or drop it."""
    with open_store() as session:
        done = _decided(session, row, choice)
    said = (
        f"已定位为 {done.code} placed as {done.code}" if done.code else "已放弃,仍留存在案 dropped; it stays on record"
    )
    console.print(Text(f"第 {row} 号:{said}"))


def _decided(session: Session, row: int, choice: str | None) -> UnplacedRecord:
    if choice is None:
        return placing_by_address.drop(session, row, who=who_runs())
    return placing_by_address.choose(session, row, choice, who=who_runs())


def _show_row(console: Console, row: UnplacedRecord) -> None:
    outcome = dictionary("address_outcomes")[row.outcome].zh
    console.print(
        Text(f"{row.id} · {row.source} 第 {row.row_number} 行 row {row.row_number} · {outcome}", style="bold")
    )
    said = ";".join(f"{name} {text}" for name, text in row.file_row.items() if text)
    console.print(Text(f"   {said}"), soft_wrap=True)
    console.print(Text(f"   {row.reason_zh} {row.reason_en}"), soft_wrap=True)
    for number, choice in enumerate(row.choices, start=1):
        apart = f"({choice['apart']})" if choice["apart"] else ""
        console.print(Text(f"   {number}. {choice['address']} [{choice['id']}]{apart}"), soft_wrap=True)


# ── one answer ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _show(console: Console, found: Found) -> None:
    show_answer(console, found, _lines)
    if not found.current:
        console.print(
            Text("地址数据刚有变化,结果可能未含最新改动 Addresses have just changed; the newest may be missing")
        )


def _lines(place: Place) -> list[str]:
    lines = _spot_lines(place.spot)
    if place.moved is not None:
        lines += ["所说之处 Where that leads:", *(f"  {line}" for line in _spot_lines(place.moved))]
    return lines


def _spot_lines(spot: Spot) -> list[str]:
    known = []
    if spot.lon is not None and spot.lat is not None:
        known.append(point_words(spot.lon, spot.lat))
    known += [f"网格 grid {grid.code} {grid.name or ''}".strip() for grid in spot.grids]
    known += [f"联户网格 cell {cell.code} {cell.name or ''}".strip() for cell in spot.cells]
    lines = [" · ".join(known)] if known else []
    return lines + [_person(vars(person)) for person in spot.people]


def _person(person: dict[str, Any]) -> str:
    roles = dictionary("staff_roles").entries
    role = roles[person["role"]].label if person["role"] in roles else person["role"]
    return f"{role}:{person['name']} {person['phone'] or ''}".strip()
