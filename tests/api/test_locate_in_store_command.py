"""``wangge locate`` with the store, and ``wangge import --locate-by``, as typed."""

import json
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from api.cli import app
from geo.errors import InputError, NotFoundError, StaleVersionError
from geo.exchange.writing import write_frame
from geo.services.placing_by_address import read_unplaced
from geo.storage import layers
from geo.storage.database import session_scope
from geo.territory.nouns import NOUNS
from tests.databases import Databases
from tests.geo.services import addressed
from tests.geo.services.addressed import COMPOUND, DOOR, ELSEWHERE, GRIDS, ONE, PHONE
from tests.geo.services.test_placing_by_address import SHOPS


@pytest.fixture
def store(databases: Databases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Engine]:
    monkeypatch.chdir(tmp_path)
    with databases.engine(databases.filled("addressed", addressed.fill)) as engine:
        monkeypatch.setenv("WANGGE_DATABASE_URL", engine.url.render_as_string(hide_password=False))
        yield engine


@pytest.fixture
def shops(store: Engine) -> str:
    write_frame(pd.DataFrame(SHOPS), Path("shops.csv"))
    return "shops.csv"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def waiting(engine: Engine) -> list[int]:
    with session_scope(engine) as session:
        return [row.id for row in read_unplaced(session)]


def test_one_place_with_its_grid_and_the_people_in_charge(store: Engine) -> None:
    said = run("locate", "荷香路12号锦绣花园1栋1单元101").output
    assert "已定位" in said
    assert f"[{DOOR}]" in said
    assert f"网格 grid {GRIDS[0]}" in said
    assert PHONE in said


def test_several_places_and_none(store: Engine) -> None:
    said = run("locate", "锦绣花园1栋").output
    assert "待确认" in said
    assert "1. " in said
    assert f"[{ELSEWHERE}]" in said
    said = run("locate", "荷香路12号锦绣花园9栋").output
    assert "未找到" in said
    assert "最近的地址" in said


def test_json_for_programs(store: Engine) -> None:
    answer = json.loads(run("locate", "荷香路12号锦绣花园1栋", "--json").stdout, parse_constant=pytest.fail)
    assert answer["outcome"] == "one"
    assert answer["candidates"][0]["code"] == ONE
    assert answer["candidates"][0]["spot"]["grids"][0]["code"] == GRIDS[0]


def test_what_is_at_a_point(store: Engine) -> None:
    answer = json.loads(run("locate", "荷香路12号锦绣花园1栋", "--json").stdout)
    spot = answer["candidates"][0]["spot"]
    point = f"{spot['lon']},{spot['lat']}"
    said = run("locate", "--at", point).output
    assert f"[{ONE}](0 m)" in said
    assert f"网格 grid {GRIDS[0]}" in said
    assert json.loads(run("locate", "--at", point, "--json").stdout)["building"]["code"] == ONE
    for wrong in ("114.1", "here,there", "200,22"):
        with pytest.raises(InputError):
            run("locate", "--at", wrong)


def test_what_people_call_a_place_is_proposed_and_decided_on(store: Engine) -> None:
    place = json.loads(run("locate", "荷香路12号锦绣花园1栋", "--json").stdout)["candidates"][0]["id"]
    assert "没有新的叫法" in run("alias", "confirm", "荷香路12号锦绣花园1栋", "--place", place).output
    with pytest.raises(InputError):
        run("alias", "propose", "荷香路12号锦绣花园1栋", "--place", place)
    said = run("alias", "propose", "老锅炉房", "--place", place).output
    number = said.split(":")[0]
    assert "老锅炉房 → " in said
    assert "待审定" in run("alias", "list", "--state", "proposed").output
    assert "已采用" in run("alias", "accept", number, "--version", "1").output
    assert json.loads(run("locate", "老锅炉房", "--json").stdout)["candidates"][0]["code"] == ONE
    with pytest.raises(StaleVersionError):
        run("alias", "end", number, "--version", "1")
    assert "已停用" in run("alias", "end", number).output
    assert "没有别名" in run("alias", "list", "--state", "proposed").output
    assert "已采用" in run("alias", "propose", "烟囱楼", "--place", place, "--accept").output


def test_what_a_place_was_called_before(store: Engine) -> None:
    assert "没有曾用名" in run("alias", "former", COMPOUND).output
    with session_scope(store) as session:
        session.execute(text("UPDATE compound SET name = '春晖苑' WHERE code = :code"), {"code": COMPOUND})
    assert "锦绣花园" in run("alias", "former", COMPOUND).output
    with pytest.raises(NotFoundError):
        run("alias", "former", "440307001X1")


def test_a_sheet_is_located_in_the_store(store: Engine, shops: str) -> None:
    said = run("locate", "--file", shops, "--out", "located.xlsx").output
    assert "已定位 2,待确认 1,未找到 1" in said
    rows = list(openpyxl.load_workbook("located.xlsx")["定位结果"].iter_rows(values_only=True))
    assert dict(zip(rows[1], rows[2], strict=True))["网格"] == GRIDS[0]


def test_a_list_is_imported_by_its_addresses_and_the_rest_placed_by_hand(store: Engine, shops: str) -> None:
    checked = run("import", shops, "--as", "place", "--locate-by", "经营地址", "--dry-run")
    assert "已定位 2 行,待确认 1 行,未找到 1 行" in checked.output
    assert waiting(store) == []

    done = run("import", shops, "--as", "place", "--locate-by", "经营地址", "-y")
    assert "新增 2" in done.output
    assert "wangge locate --unplaced" in done.output
    several, none = waiting(store)

    shown = run("locate", "--unplaced").output
    assert "锦绣烟酒" in shown
    assert "桂花巷7号" in shown
    assert "1. " in shown

    assert "2 行" in run("locate", "--unplaced", "--out", "waiting.xlsx").output
    sheet = list(openpyxl.load_workbook("waiting.xlsx")["待定位"].iter_rows(values_only=True))
    assert sheet[1][:3] == ("编号", "来源", "行号")
    assert [row[:3] for row in sheet[2:]] == [(several, "shops", 4), (none, "shops", 5)]
    assert "锦绣烟酒" in sheet[2]

    assert "已定位为" in run("locate", "--row", str(several), "--choose", ONE).output
    assert "已放弃" in run("locate", "--row", str(none), "--drop").output
    assert "没有待定位的行" in run("locate", "--unplaced").output
    with session_scope(store) as session:
        kept = layers.read(session, NOUNS["place"]).set_index("name")
    assert kept.loc["锦绣烟酒", "building_code"] == ONE


@pytest.mark.parametrize("words", [["--row", "1"], ["--row", "1", "--choose", "1", "--drop"], ["--unplaced", "x"]])
def test_half_a_decision_is_refused(store: Engine, words: list[str]) -> None:
    with pytest.raises(InputError):
        run("locate", *words)


def test_divisions_are_not_made_round_addresses(store: Engine, shops: str) -> None:
    with pytest.raises(InputError, match="--create-street"):
        run("import", shops, "--as", "place", "--locate-by", "经营地址", "--create-street", "440307009", "x", "-y")
    with pytest.raises(InputError, match="place 场所"):
        run("import", shops, "--as", "building", "--locate-by", "经营地址", "-y")
