"""``wangge import`` and ``wangge export``: files in and out of the store."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from sqlalchemy.orm import Session

from api.commands.pairs import pairs_of
from api.commands.store import open_store, who_runs
from geo.errors import InputError
from geo.services.address_books import AddressBooks
from geo.services.exporting import export
from geo.services.importing import ImportPreview, ImportResult, import_file, preview
from geo.services.placing_by_address import AddressImport, import_by_address, placed_noun
from geo.services.store_book import StoreBook
from geo.territory.nouns import NOUNS

console = Console()
REASONS_SHOWN = 10
#: Columns the program fills in itself where a file does not bring them.
FOUND = ("code", "street_code", "community_code", "compound_code", "households_source")
NOUN_LIST = "、".join(f"{noun.name} {noun.zh}" for noun in NOUNS.values())


def import_command(
    file: Annotated[str, typer.Argument(help="文件,可写 文件.gpkg#图层 File, or FILE.gpkg#LAYER")],
    noun: Annotated[str, typer.Option("--as", help=f"导入为 What the rows are: {NOUN_LIST}")],
    layer: Annotated[str | None, typer.Option(help="图层或工作表 Layer or sheet")] = None,
    under: Annotated[str | None, typer.Option(help="所属街道或社区编码 Code of the street or community")] = None,
    create_street: Annotated[
        tuple[str, str] | None, typer.Option(metavar="CODE NAME", help="不存在则新建街道 Make the street if missing")
    ] = None,
    create_community: Annotated[
        tuple[str, str] | None, typer.Option(metavar="CODE NAME", help="不存在则新建社区 Make the community if missing")
    ] = None,
    datum: Annotated[
        str | None,
        typer.Option(help="坐标基准 wgs84 | cgcs2000 | cgcs2000-gk[:114] | gcj02 | bd09 | EPSG:nnnn Datum"),
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="文字编码 UTF-8 | GBK Encoding of text")] = None,
    columns: Annotated[
        list[str] | None, typer.Option("--map", help="列对应 households=总户数,可重复 COLUMN=HEADING, repeatable")
    ] = None,
    defaults: Annotated[
        list[str] | None, typer.Option("--set", help="缺省值 kind=walk_up,可重复 COLUMN=VALUE, repeatable")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option(help="只取 列=值 的行,可重复 Only rows where HEADING=VALUE, repeatable")
    ] = None,
    key: Annotated[str | None, typer.Option(help="文件自己的唯一标识列 The file's own identifier")] = None,
    lon: Annotated[str | None, typer.Option(help="经度(或东坐标)列 Column of longitude or easting")] = None,
    lat: Annotated[str | None, typer.Option(help="纬度(或北坐标)列 Column of latitude or northing")] = None,
    source: Annotated[str | None, typer.Option(help="数据来源名 Name of the source")] = None,
    extent: Annotated[str, typer.Option(help="china 或 world:允许国外数据 take data from elsewhere")] = "china",
    estimate_households: Annotated[
        bool, typer.Option("--estimate-households", help="按层数和面积估算户数 Estimate from floors and area")
    ] = False,
    department: Annotated[str | None, typer.Option(help="旧网格所属部门 Whose old grids these are")] = None,
    adopt: Annotated[bool, typer.Option("--adopt", help="旧网格立即生效 Old grids come in force at once")] = False,
    locate_by: Annotated[
        str | None,
        typer.Option(help="按此列的地址定位,找不到的行保留待定 Place rows by the addresses of this column"),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="被拒行报告 .csv/.xlsx Report of rejected rows")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查,不写入 Check only, write nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="不再询问 Do not ask")] = False,
) -> None:
    """把文件导入数据库:先预览,再在一个事务中写入。 Import a file: preview first, then one transaction."""
    path = Path(file)
    mapping, filters = pairs_of(columns, "--map"), pairs_of(where, "--where")
    seen = preview(
        path,
        noun,
        layer=layer,
        mapping=mapping,
        key=key,
        datum=datum,
        encoding=encoding,
        where=filters,
        lon=lon,
        lat=lat,
    )
    _show_preview(seen)
    if locate_by is not None:
        placed_noun(noun)
        _refuse_beside_addresses({"--create-street": create_street, "--create-community": create_community})
        console.print(Text(f"按地址定位 Placed by the addresses of: {locate_by}"))
    if not (yes or dry_run) and console.is_interactive and not typer.confirm("导入? Import?", default=True):
        raise typer.Exit(code=1)
    report_path = report or Path(f"{path.stem.split('#')[0]}-rejected.csv")
    columns_of_progress = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with (
        open_store() as session,
        Progress(*columns_of_progress, console=console, transient=True) as bar,
    ):
        task = bar.add_task("", total=1.0)
        given: dict[str, Any] = {
            "layer": layer,
            "mapping": mapping,
            "key": key,
            "datum": datum,
            "encoding": encoding,
            "where": filters,
            "under": under,
            "source": source,
            "extent": extent,
            "defaults": pairs_of(defaults, "--set"),
            "report_path": report_path,
            "who": who_runs(),
            "progress": lambda what, share: bar.update(task, description=what, completed=share),
        }
        placed = None
        if locate_by is not None:
            book = StoreBook(session, AddressBooks(), who=who_runs())
            placed = import_by_address(session, book, path, noun, heading=locate_by, **given)
            result = placed.result
        else:
            result = import_file(
                session,
                path,
                noun,
                lon=lon,
                lat=lat,
                create_street=create_street,
                create_community=create_community,
                estimate_households=estimate_households,
                department=department,
                adopt=adopt,
                **given,
            )
        if dry_run:
            session.rollback()
    _show_notes([note for note in result.notes if note not in seen.notes])
    if placed is not None:
        _show_placed(placed)
    _show_result(result, dry_run=dry_run)


def _refuse_beside_addresses(given: dict[str, object]) -> None:
    named = [option for option, value in given.items() if value is not None]
    if named:
        raise InputError(
            f"{'、'.join(named)} 不能与 --locate-by 一起使用:地址只在已有的街道、社区中定位",
            f"{', '.join(named)} does not go with --locate-by: addresses are of streets and communities that are there",
        )


def export_command(
    file: Annotated[Path, typer.Argument(help="输出文件 .gpkg .shp .zip .geojson .parquet .csv .xlsx File to write")],
    noun: Annotated[
        list[str] | None, typer.Option("--noun", help=f"图层,可重复 Layers, repeatable: {NOUN_LIST}")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="除人员外的全部图层 All layers but staff")] = False,
    scope: Annotated[str | None, typer.Option(help="街道或社区的编码或名称 Street or community")] = None,
    plan: Annotated[int | None, typer.Option(help="导出网格时的方案编号 Plan whose grids are written")] = None,
    datum: Annotated[str, typer.Option(help="坐标基准 Datum of the coordinates written")] = "wgs84",
    encoding: Annotated[str | None, typer.Option(help="CSV、Shapefile 的编码,例如 GBK Encoding")] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="包含姓名、电话等个人信息 With names and phones of people")
    ] = False,
) -> None:
    """把数据库中的图层导出为文件。 Export layers of the store to a file."""
    if everything == bool(noun):
        raise InputError(
            "请用 --noun 写明图层,或用 --all 导出全部", "state layers with --noun, or all of them with --all"
        )
    nouns = noun or [name for name in NOUNS if name != "grid_staff" and (name != "grid" or plan is not None)]
    with open_store() as session, console.status("正在导出… Exporting…"):
        written = _export(session, nouns, file, scope, plan, datum, encoding, personal=personal)
    for path in written:
        console.print(Text(f"已写出 Wrote {path}({path.stat().st_size / 1024:.0f} KB)"))


def _export(
    session: Session,
    nouns: list[str],
    file: Path,
    scope: str | None,
    plan: int | None,
    datum: str,
    encoding: str | None,
    *,
    personal: bool,
) -> list[Path]:
    return export(
        session,
        nouns,
        file,
        scope=scope,
        plan_id=plan,
        datum=datum,
        encoding=encoding,
        personal=personal,
        who=who_runs(),
    )


def _show_preview(seen: ImportPreview) -> None:
    facts = [
        f"图层 layer {seen.layer}" if seen.layer else "",
        f"{seen.rows} 行 rows",
        f"编码 encoding {seen.encoding}" if seen.encoding else "",
        f"坐标基准 datum {seen.datum or '未声明 not stated'}" if seen.has_geometry else "无坐标 no coordinates",
    ]
    console.print(Text(" · ".join(fact for fact in facts if fact)))
    table = Table("列 Column", "中文", "取自 From", "把握 Sure", "例 Sample")
    for column in seen.noun.columns:
        heading = seen.columns.columns.get(column.name)
        sample = "、".join(text for text in seen.sample[heading].head(3) if text) if heading in seen.sample else ""
        sure = f"{seen.columns.confidence[column.name]:.0%}" if heading else ""
        missing = "自动 found" if column.name in FOUND else "—(必需 needed)" if column.required else "—"
        cells = (column.name, column.zh, heading or missing, sure, sample[:40])
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    if seen.columns.key:
        console.print(Text(f"行标识 Row identifier: {seen.columns.key}"))
    for name, headings in seen.columns.ambiguous.items():
        taken = seen.columns.columns.get(name)
        chosen = f"取“{taken}” taking {taken!r}" if taken else "未取,请用 --map 指明 none taken, state --map"
        console.print(Text(f"“{name}”有多个候选 Several candidates: {'、'.join(headings)};{chosen}"))
    for name, (heading, zh, en) in seen.columns.doubtful.items():
        console.print(Text(f"“{heading}”像是 {name},但{zh},未取 Left out: {en}"))
    if seen.columns.unused:
        console.print(Text(f"未使用的列 Unused: {'、'.join(seen.columns.unused[:30])}"))
    _show_notes(seen.notes)


def _show_notes(notes: list[tuple[str, str]]) -> None:
    for zh, en in notes:
        console.print(Text(f"· {zh}\n  {en}"))


def _show_placed(placed: AddressImport) -> None:
    console.print(
        Text(
            f"按“{placed.heading}”定位:已定位 {placed.located} 行,待确认 {placed.several} 行,未找到 {placed.none} 行"
            f"(新留存 {placed.new} 行,此前留存的已定位 {placed.settled} 行)\n"
            f"placed by {placed.heading}: {placed.located} located, {placed.several} to be chosen, "
            f"{placed.none} not found ({placed.new} newly kept, {placed.settled} kept before and placed now)"
        )
    )
    if placed.several + placed.none:
        console.print(Text("查看并处理 To look at them and place them: wangge locate --unplaced"))


def _show_result(result: ImportResult, *, dry_run: bool) -> None:
    console.print(
        Text(
            f"新增 {result.inserted},更新 {result.updated},未变 {result.unchanged},拒绝 {result.rejected}\n"
            f"inserted {result.inserted}, updated {result.updated}, unchanged {result.unchanged}, "
            f"rejected {result.rejected}"
        )
    )
    if result.plan_ids:
        console.print(Text(f"方案编号 Plans: {', '.join(map(str, result.plan_ids))}"))
    for found in result.rejections[:REASONS_SHOWN]:
        console.print(Text(f"  第 {found.row_number} 行 row {found.row_number} {found.column}: {found.problem.zh}"))
    if len(result.rejections) > REASONS_SHOWN:
        console.print(Text(f"  … 共 {len(result.rejections)} 条 in all"))
    if result.report:
        console.print(Text(f"被拒行报告 Report of rejected rows: {result.report}"))
    if dry_run:
        console.print(Text("仅检查,没有写入 Checked only: nothing was written"))
