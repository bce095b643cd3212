"""``wangge case``: cases (事项) listed, shown, opened and acted on from the terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.orm import Session

from api.commands.store import open_store, who_runs
from geo.errors import InputError, NotFoundError
from geo.ledger.history import doer_names
from geo.ledger.workflows import Action
from geo.services import cases
from geo.services.cases import CaseFilter, CaseRecord, Deed, NewCase
from geo.services.describing_cases import Described, action_words, actions_in_order, describe
from geo.territory.dictionaries import dictionary
from geo.territory.times import CHINA_TIME

console = Console()
ROWS_SHOWN = 200

case_app = typer.Typer(
    help="事项:隐患、诉求等,按流程登记、办理、查看 Cases: opened, acted on and shown, as their workflow says",
    no_args_is_help=True,
)

Wanted = Annotated[str, typer.Argument(metavar="ID", help="编号(id)或事项号,如 YH20261122000017 Id or number")]


@case_app.command("list")
def list_command(
    workflow: Annotated[str | None, typer.Option("--workflow", help="流程,如 hazard、request Workflow")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="类型 Kind")] = None,
    state: Annotated[str, typer.Option("--state", help="状态,用逗号分开,all 为全部 States, or all")] = "open,paused",
    light: Annotated[str | None, typer.Option("--light", help="灯:green、yellow、red Light")] = None,
    scope: Annotated[str | None, typer.Option("--scope", help="街道、社区或网格编码 Street, community or grid")] = None,
    about: Annotated[
        str | None, typer.Option("--about", help="楼栋、户、场所、要素、小区或责任主体编码 What it is about")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="编号或内容中的文字 In number or summary")] = None,
) -> None:
    """列出事项,新的在前。 List cases, the newest first."""
    wanted = CaseFilter(
        workflow=workflow,
        kind=kind,
        states=_states(state),
        light=_light(light),
        scope=scope,
        about=about,
        text=text,
    )
    with open_store() as session:
        found = cases.look_at_cases(session, wanted, limit=ROWS_SHOWN, who=who_runs())
        shown = describe(session, found, now=datetime.now(UTC))
    console.print(case_table(shown) if shown else Text("没有事项 No cases"))


def case_table(shown: Sequence[Described]) -> Table:
    """Return cases as a table for the terminal, one a row."""
    table = Table(box=None, header_style="bold")
    for heading in ("id", "编号 number", "灯 light", "类型 kind", "性质 nature", "环节 step", "天数 days", "内容 what"):
        table.add_column(heading, no_wrap=heading.startswith("编号"))  # a number that is cut off is none
    for one in shown:
        case = one.case
        row = (case.id, case.number, _lamp(one), one.kind.zh, one.nature.zh if one.nature else "", one.step.zh)
        table.add_row(*(Text(str(cell)) for cell in (*row, one.age_days, case.summary[:60])))
    return table


@case_app.command("show")
def show_command(wanted: Wanted) -> None:
    """显示一个事项:现状、办理记录、现在可以办理什么。 Show a case: how it stands, what was done, what can be."""
    with open_store() as session:
        record = cases.look_at_case(session, _found(session, wanted).id, who=who_runs())
        _show(session, record)


@case_app.command("open")
def open_command(
    kind: Annotated[str, typer.Option("--kind", help="类型,如 wiring Kind")],
    summary: Annotated[str, typer.Argument(metavar="TEXT", help="内容 What was found")],
    workflow: Annotated[str, typer.Option("--workflow", help="流程 Workflow")] = "hazard",
    nature: Annotated[str | None, typer.Option("--nature", help="性质,可待定级 If it is known")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="户编码 Code of a household unit")] = None,
    place: Annotated[str | None, typer.Option("--place", help="场所编码 Code of a place")] = None,
    building: Annotated[str | None, typer.Option("--building", help="楼栋编码 Code of a building")] = None,
    element: Annotated[str | None, typer.Option("--element", help="要素编码 Code of a city element")] = None,
    lon: Annotated[float | None, typer.Option("--lon", help="经度(WGS84) Longitude")] = None,
    lat: Annotated[float | None, typer.Option("--lat", help="纬度(WGS84) Latitude")] = None,
    key: Annotated[str | None, typer.Option("--key", help="自定的键,重复登记只算一次 A key of your own")] = None,
) -> None:
    """登记一个事项;同一隐患已在办则并入。 Open a case; what is open about the same thing already is joined."""
    new = NewCase(
        workflow,
        kind,
        summary,
        lon,
        lat,
        nature=nature,
        household_unit_code=unit,
        place_code=place,
        building_code=building,
        city_element_code=element,
        client_key=key,
    )
    with open_store() as session:
        opening = cases.open_or_join(session, new, who=who_runs())
        said = {"opened": "已登记 Opened", "joined": "已并入在办的同一隐患 Joined", "known": "此前已登记 Known"}
        console.print(Text(f"{said[opening.outcome]}: {opening.case.number}"))
        _show(session, opening.case)


@case_app.command("do")
def do_command(
    wanted: Wanted,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="办理什么,见 wangge case show What is done")],
    note: Annotated[str | None, typer.Option("--note", help="说明 Note")] = None,
    field: Annotated[
        list[str] | None, typer.Option("--set", metavar="字段=值", help="所须填写,可写多次 What it requires")
    ] = None,
    photo: Annotated[
        list[str] | None, typer.Option("--photo", metavar="阶段=文件", help="照片,如 after=a.jpg Photos by phase")
    ] = None,
    version: Annotated[
        int | None, typer.Option("--version", help="所见版本,已变动则拒绝 Version that was seen")
    ] = None,
) -> None:
    """办理一个事项:定级、交办、整改、复查、销号等。 Act on a case, as its workflow allows."""
    fields = dict(_pair(said) for said in field or ())
    with open_store() as session:
        record = _found(session, wanted)
        for said in photo or ():
            phase, path = _pair(said)
            cases.attach(session, record.id, _bytes(path), phase, who=who_runs())
        deed = Deed(action, datetime.now(UTC), note=note, fields=_typed(fields))
        done = cases.act_on_case(session, record.id, deed, version=version, who=who_runs())
        _show(session, done)


def _show(session: Session, record: CaseRecord) -> None:
    [one] = describe(session, [record], now=datetime.now(UTC))
    process = cases.workflow_of(session, record)
    console.print(Text(f"{record.number}(id {record.id}) {one.kind.label} {_lamp(one)}", style="bold"))
    console.print(Text(record.summary))
    console.print(
        Text(f"环节 step: {one.step.label};轮到 turn: {one.turn.label or '—'};版本 version: {record.version}")
    )
    if unknown := one.unknown_year:
        console.print(Text(f"注意 note: {unknown.zh};{unknown.remedy_zh}", style="yellow"))
    for move in cases.read_moves(session, record.id):
        note = f":{move.note}" if move.note else ""
        told = f"  {_moment(move.at)}  {action_words(process, move).zh}  {doer_names(move.who)[0]}{note}"
        console.print(Text(told))
    allowed = actions_in_order(process, cases.possible_actions(session, record, who=who_runs()))
    for action in allowed:
        console.print(Text(f"  › {action.code}  {action.label}{_needs(action)}"))


def _needs(action: Action) -> str:
    fields, phases = dictionary("case_fields").entries, dictionary("evidence_phases").entries
    needs = [f"--set {code}={fields[code].zh}" for code in action.requires if code != "note"]
    needs += ["--note 说明"] if "note" in action.requires else []
    needs += [f"--photo {phase}={phases[phase].zh}" for phase in action.evidence]
    return f"  ({' '.join(needs)})" if needs else ""


def _found(session: Session, wanted: str) -> CaseRecord:
    record = cases.read_case(session, int(wanted)) if wanted.isdecimal() else cases.read_numbered(session, wanted)
    if record is None:
        raise NotFoundError(f"没有编号为 {wanted[:40]} 的事项", f"there is no case {wanted[:40]}")
    return record


def _states(said: str) -> tuple[str, ...] | None:
    if said == "all":
        return None
    return tuple(dictionary("case_states")[state.strip()].code for state in said.split(","))


def _light(said: str | None) -> Any:
    return None if said is None else dictionary("lights")[said].code


def _lamp(one: Described) -> str:
    return one.light_words.zh if one.light_words else one.state.zh


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"


def _pair(said: str) -> tuple[str, str]:
    name, sign, value = said.partition("=")
    if not sign:
        raise InputError(f"“{said[:40]}”应写成 名称=值", f"{said[:40]!r} is to be written as name=value")
    return name.strip(), value.strip()


def _typed(fields: dict[str, str]) -> dict[str, Any]:
    """Return fields with ratings as numbers, and moments without a zone as China's."""
    forms = {code: entry.extra["form"] for code, entry in dictionary("case_fields").entries.items()}
    return {code: _value(forms.get(code, "text"), value) for code, value in fields.items()}


def _value(form: str, value: str) -> Any:
    if form == "rating" and value.isdecimal():
        return int(value)
    if form == "moment":
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value  # the workflow says what is wrong with it
        return moment if moment.tzinfo else moment.replace(tzinfo=CHINA_TIME)
    return value


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"读不到文件 {path}:{error.strerror}", f"cannot read {path}: {error.strerror}") from None
