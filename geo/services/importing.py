"""Use case: a file's rows into the store, as one noun."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geo.crs import DATUM_CHOICES, WGS84
from geo.errors import DatumError, InputError
from geo.exchange.checks import require_values
from geo.exchange.columns import ColumnMapping, guess_columns, named_column, text_of
from geo.exchange.encodings import Note
from geo.exchange.formats import split_layer
from geo.exchange.geometries import same_shapes
from geo.exchange.intake import Intake, take_in
from geo.exchange.numbering import Codes, number_rows, number_units
from geo.exchange.reading import FrameRead, read_frame
from geo.exchange.rejections import Problem, Rejection, write_report
from geo.services.ground import CodeAndName, Ground
from geo.services.old_grids import department_of, site_grids, write_grids
from geo.services.siting import count_households, reject_unknown_parents, site
from geo.storage import layers
from geo.storage.turns import take_turn
from geo.territory.codes import DIGITS
from geo.territory.nouns import NOUNS, Noun

#: Told what is being done, and how much of the whole is done (0 to 1).
Progress = Callable[[str, float], None]

_SAMPLE_ROWS = 5
_CHUNK_ROWS = 20_000
#: Which of a row's own columns names the parent in its code; the others' codes start with the street's.
_PARENT_COLUMNS = {
    "community": "street_code",
    "compound": "community_code",
    "building": "community_code",
    "city_element": "community_code",
    "stairwell": "building_code",
    "household_unit": "building_code",
}


@dataclass(frozen=True)
class ImportPreview:
    """What an import would make of a file, before anything is checked or written.

    Attributes
    ----------
    sample
        The first rows, file headings, text as it was read.
    """

    noun: Noun
    layer: str | None
    datum: str | None
    encoding: str | None
    rows: int
    columns: ColumnMapping
    sample: pd.DataFrame
    notes: list[Note]
    has_geometry: bool


@dataclass
class ImportResult:
    """What became of a file's rows.

    Attributes
    ----------
    rejected
        Rows not taken; ``rejections`` says why, and a row may have several reasons.
    plan_ids
        For old grids, the plans they are now.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    report: Path | None = None
    plan_ids: list[int] = field(default_factory=list)


def preview(
    path: Path,
    noun: str,
    *,
    layer: str | None = None,
    mapping: Mapping[str, str] | None = None,
    key: str | None = None,
    datum: str | None = None,
    encoding: str | None = None,
    where: Mapping[str, str] | None = None,
    lon: str | None = None,
    lat: str | None = None,
) -> ImportPreview:
    """Read a file and say which columns would become which; see :func:`import_file` for the parameters."""
    kind = find_noun(noun)
    read = read_rows(path, kind, layer=layer, datum=datum, encoding=encoding, where=where, lon=lon, lat=lat)
    columns = guess_columns(read.frame, kind, mapping, key=key)
    columns.unused = [heading for heading in columns.unused if heading not in read.coordinates]
    sample = pd.DataFrame(read.frame.drop(columns="geometry").head(_SAMPLE_ROWS)).map(text_of)
    rows = len(read.frame)
    return ImportPreview(
        kind, read.layer, read.datum, read.encoding, rows, columns, sample, _told(read), read.has_geometry
    )


def _told(read: FrameRead) -> list[Note]:
    """What there is to say of a file before its rows are checked."""
    if not read.coordinates:
        return read.notes
    names = "、".join(read.coordinates)
    return [(f"坐标取自列 {names}", f"coordinates taken from the columns {names}"), *read.notes]


def import_file(
    session: Session,
    path: Path,
    noun: str,
    *,
    layer: str | None = None,
    mapping: Mapping[str, str] | None = None,
    key: str | None = None,
    datum: str | None = None,
    encoding: str | None = None,
    where: Mapping[str, str] | None = None,
    lon: str | None = None,
    lat: str | None = None,
    under: str | None = None,
    create_street: CodeAndName | None = None,
    create_community: CodeAndName | None = None,
    source: str | None = None,
    extent: str = "china",
    defaults: Mapping[str, str] | None = None,
    estimate_households: bool = False,
    department: str | None = None,
    adopt: bool = False,
    report_path: Path | None = None,
    who: str,
    progress: Progress | None = None,
) -> ImportResult:
    """Check a file's rows and write the good ones, within the session's transaction (the caller commits).

    Rows are known again by their code, else by ``source`` and ``key``: the same file a second time changes nothing.

    Parameters
    ----------
    path
        See :func:`geo.exchange.reading.read_frame`; ``file.gpkg#layer`` names a layer.
    noun
        A name of :data:`geo.territory.nouns.NOUNS`.
    mapping
        Noun column → file column, where guessing is not enough; an empty file column leaves the noun's out.
    key
        The file's own identifier of a row; guessed. Without one a row is known by all it says.
    where
        File column → value: only those rows.
    under
        The division the rows belong to, by code: street (9 digits) or community (12); county (6) for streets.
        Without it divisions are found by place in the whole store.
    create_street, create_community
        (code, name) of a division to make around the data when it is not there yet.
    source
        Where the rows come from; the file's stem and layer when not given.
    extent
        ``china`` rejects what lies elsewhere, ``world`` takes it.
    defaults
        Noun column → value where the file has none.
    estimate_households
        Estimate households of buildings that have none, from floors and footprint, and mark them so.
    department, adopt
        Of old grids: whose they are, and whether their plan comes in force at once.
    report_path
        Where rejected rows go (.csv, .xlsx); not written when there are none.

    Raises
    ------
    DatumError
        Coordinates without a stated datum, or a file that lies beside its divisions.
    InputError
        No row can be taken; nothing is written then, except the report.
    """
    tell = progress or _silent
    tell("读取文件 Reading the file", 0.0)
    kind = find_noun(noun)
    _refuse_unknown_extent(extent)
    read = read_rows(path, kind, layer=layer, datum=datum, encoding=encoding, where=where, lon=lon, lat=lat)
    _require_datum(read, kind)
    return import_rows(
        session,
        read,
        kind,
        source=source or source_of(path, read.layer),
        mapping=mapping,
        key=key,
        under=under,
        create_street=create_street,
        create_community=create_community,
        extent=extent,
        defaults=defaults,
        estimate_households=estimate_households,
        department=department,
        adopt=adopt,
        report_path=report_path,
        who=who,
        progress=progress,
    )


def import_rows(
    session: Session,
    read: FrameRead,
    kind: Noun,
    *,
    source: str,
    mapping: Mapping[str, str] | None = None,
    key: str | None = None,
    under: str | None = None,
    create_street: CodeAndName | None = None,
    create_community: CodeAndName | None = None,
    extent: str = "china",
    defaults: Mapping[str, str] | None = None,
    estimate_households: bool = False,
    department: str | None = None,
    adopt: bool = False,
    report_path: Path | None = None,
    who: str,
    progress: Progress | None = None,
) -> ImportResult:
    """Check rows that were read and write the good ones; see :func:`import_file`."""
    _refuse_unknown_extent(extent)
    tell = progress or _silent
    tell("逐行检查 Checking rows", 0.15)
    intake = take_in(
        read,
        kind,
        source,
        mapping=mapping,
        key=key,
        defaults=defaults or {},
        china_only=extent == "china",
    )
    _require_good(intake, report_path)
    tell("确定归属 Finding where rows belong", 0.4)
    ground = Ground(session, under)
    made = ground.make_divisions(
        create_street,
        create_community,
        intake.frame.geometry.to_numpy()[intake.good],
        hull=kind.name != "community",
        who=who,
    )
    result = ImportResult(notes=[(f"新建了 {code}", f"made {code}") for code in made])
    tell("编码并写入 Giving codes and writing", 0.6)
    if kind.name == "grid":
        _take_grids(session, intake, ground, result, department, report_path, adopt=adopt, who=who)
    else:
        _take_rows(session, intake, ground, result, report_path, tell, estimate=estimate_households, who=who)
    tell("完成 Done", 1.0)
    result.notes = [*read.notes, *intake.checklist.notes, *result.notes]
    result.rejected, result.rejections = intake.checklist.rejected_rows, intake.checklist.rejections
    result.report = _write_report(intake, report_path)
    return result


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def find_noun(name: str) -> Noun:
    """Return the noun that a name means.

    Raises
    ------
    InputError
        There is none.
    """
    if name not in NOUNS:
        raise InputError(
            f"没有名为“{name}”的图层;可用:{'、'.join(NOUNS)}", f"no noun {name!r}; one of: {', '.join(NOUNS)}"
        )
    return NOUNS[name]


def _refuse_unknown_extent(extent: str) -> None:
    if extent not in ("china", "world"):
        raise InputError(f"--extent 只能是 china 或 world,不是“{extent}”", f"extent is china or world, not {extent!r}")


def _silent(_: str, __: float) -> None:
    """Take no notice of progress."""


def read_rows(
    path: Path,
    noun: Noun,
    *,
    layer: str | None = None,
    datum: str | None = None,
    encoding: str | None = None,
    where: Mapping[str, str] | None = None,
    lon: str | None = None,
    lat: str | None = None,
) -> FrameRead:
    """Read the rows of a file that are wanted; see :func:`import_file` for the parameters."""
    read = read_frame(
        path,
        layer=layer,
        encoding=encoding,
        datum=datum,
        lon=lon,
        lat=lat,
        prefer_geometry="line" if noun.name == "barrier" else "area",
    )
    for heading, value in (where or {}).items():
        read = _only(read, heading, value)
    return read


def _only(read: FrameRead, heading: str, value: str) -> FrameRead:
    """Keep the rows whose cell reads as ``value``."""
    column = named_column([str(name) for name in read.frame.columns if name != "geometry"], heading)
    kept = np.flatnonzero([text_of(cell) == value for cell in read.frame[column]])
    if not len(kept):
        raise InputError(f"没有“{column}”等于“{value}”的行", f"no row has {column} = {value!r}")
    note = (f"只取 {column}={value} 的 {len(kept)} 行", f"only {len(kept)} rows with {column}={value}")
    return replace(only_rows(read, kept), notes=[*read.notes, note])


def only_rows(read: FrameRead, positions: NDArray[np.int64]) -> FrameRead:
    """Keep the rows at these positions, with what was said of them."""
    places = {int(old): new for new, old in enumerate(positions)}
    return replace(
        read,
        frame=read.frame.iloc[positions].reset_index(drop=True),
        row_numbers=read.row_numbers[positions],
        had_z=read.had_z[positions],
        problems={places[old]: found for old, found in read.problems.items() if old in places},
    )


def _require_datum(read: FrameRead, noun: Noun) -> None:
    if noun.geometry and read.has_geometry and read.datum is None:
        raise DatumError(
            f"文件没有写明坐标基准;请用 --datum 声明,可用:{DATUM_CHOICES}(高德、腾讯地图取点用 gcj02,百度用 bd09)",
            f"the file does not say which datum its coordinates are in; state --datum, one of: {DATUM_CHOICES} "
            "(points picked on Amap or Tencent maps are gcj02, on Baidu bd09)",
        )


def source_of(path: Path, layer: str | None) -> str:
    """Name where a file's rows come from when nobody does: its stem, and its layer where it has several."""
    file, _ = split_layer(Path(path))
    return file.stem if layer in (None, file.stem) else f"{file.stem}#{layer}"


# ── taking rows ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _take_grids(
    session: Session,
    intake: Intake,
    ground: Ground,
    result: ImportResult,
    department: str | None,
    report_path: Path | None,
    *,
    adopt: bool,
    who: str,
) -> None:
    whose = department_of(intake, department)
    site_grids(intake, ground)
    _require_good(intake, report_path)
    result.plan_ids, result.unchanged = write_grids(session, intake, whose, adopt=adopt, who=who)
    result.inserted = int(intake.good.sum()) - result.unchanged


def _take_rows(
    session: Session,
    intake: Intake,
    ground: Ground,
    result: ImportResult,
    report_path: Path | None,
    tell: Progress,
    *,
    estimate: bool,
    who: str,
) -> None:
    site(intake, ground)
    if intake.noun.name == "building":
        count_households(intake, estimate=estimate)
    reject_unknown_parents(intake, _known_codes(session, intake))
    coded = intake.frame["code"].notna().to_numpy()
    _give_codes(session, intake, ground)
    require_values(intake.frame, intake.noun, intake.columns, intake.checklist)
    _require_good(intake, report_path)
    _keep_same_shapes(session, intake)
    for rows, source, keys in _batches(session, intake, coded):
        columns = [name for name in intake.noun.column_names if name in intake.written]
        shape = ["geometry"] if intake.noun.geometry else []
        for start in range(0, len(rows), _CHUNK_ROWS):
            part = rows[start : start + _CHUNK_ROWS]
            chosen = [keys[row] for row in part] if keys else None
            frame = intake.frame.iloc[part][columns + shape]
            counts = layers.upsert(session, intake.noun, frame, source=source, source_keys=chosen, who=who)
            result.inserted += counts.inserted
            result.updated += counts.updated
            result.unchanged += counts.unchanged
            tell("写入数据库 Writing", 0.7 + 0.3 * (start + len(part)) / max(len(intake.frame), 1))


def _known_codes(session: Session, intake: Intake) -> dict[str, set[str]]:
    """Return, by column that points at a parent, which of the codes it names exist.

    Grids come and go with plans, so a person's grid need not be there.
    """
    known = {}
    for column in intake.noun.columns:
        if column.code_of in (None, intake.noun.name, "grid"):
            continue
        named = intake.frame[column.name][intake.good].dropna()
        stems = sorted({code[:9] for code in named})
        known[column.name] = {
            code for stem in stems for code in layers.existing_codes(session, NOUNS[str(column.code_of)], stem)
        }
    return known


def _give_codes(session: Session, intake: Intake, ground: Ground) -> None:
    """Find the codes that rows had when they were imported before, and make codes for new rows."""
    frame, noun = intake.frame, intake.noun
    before = layers.codes_by_source(session, noun, intake.source)
    remembered = pd.Series([before.get(key) for key in intake.keys], index=frame.index, dtype=object)
    frame["code"] = frame["code"].where(frame["code"].notna(), remembered)
    parents = _parents(intake, ground)
    _reject_moved(intake, parents, ground.homes(noun, frame["code"]))
    needed = intake.good & frame["code"].isna().to_numpy()
    if noun.name == "household_unit":
        stems = {str(building)[:9] for building in parents[needed] if building is not None}
        taken = {code for stem in stems for code in layers.existing_codes(session, noun, stem)}
        taken |= set(frame["code"].dropna())
        needed &= frame["building_code"].notna().to_numpy() & frame["room"].notna().to_numpy()
        made = number_units(frame, needed, taken)
    else:
        own = frame["code"].dropna().tolist()

        def taken_under(parent: str) -> list[str]:
            take_turn(session, f"numbers.{noun.name}.{parent}")  # who else numbers such things waits, and goes on
            last = layers.last_code(session, noun, parent)
            kept = [*layers.existing_codes(session, noun, parent), *([last] if last else [])]
            return [*kept, *(code for code in own if code.startswith(parent))]

        made = number_rows(noun.name, _masked(parents, needed), taken_under, intake.checklist)
    frame["code"] = frame["code"].where(frame["code"].notna(), pd.Series(made, index=frame.index))


def _masked(codes: Codes, kept: NDArray[np.bool_]) -> Codes:
    chosen = codes.copy()
    chosen[~kept] = None
    return chosen


def _parents(intake: Intake, ground: Ground) -> Codes:
    """Return the code that each row's own code starts with; None where the row has a code already."""
    noun, frame = intake.noun, intake.frame
    if noun.name in _PARENT_COLUMNS:
        column = frame[_PARENT_COLUMNS[noun.name]]
        return np.array([value if isinstance(value, str) else None for value in column], object)
    missing = intake.good & frame["code"].isna().to_numpy()
    parents = np.full(len(frame), None, object)
    if noun.name == "street":
        if missing.any() and (ground.under is None or len(ground.under) != DIGITS["street"] - 3):
            raise InputError(
                "街道没有编码列;请映射编码列,或用 --under 写明 6 位区县代码",
                "the streets bring no codes; map a column to code, or state the county's 6 digits with --under",
            )
        parents[missing] = ground.under
    elif missing.any():
        parents[missing] = ground.need_street()
    return parents


def _reject_moved(intake: Intake, parents: Codes, homes: dict[str, str]) -> None:
    """Reject rows whose code says another parent than the one they name or lie in.

    Things kept already may be in another community than their code says: ``homes`` has it, by code.
    """
    codes = intake.frame["code"].tolist()
    for position in np.flatnonzero(intake.good).tolist():
        code, parent = codes[position], parents[position]
        if isinstance(code, str) and parent is not None and not code.startswith(parent) and homes.get(code) != parent:
            problem = Problem(
                f"编码 {code} 不在其上级 {parent} 之下",
                f"code {code} is not under its parent {parent}",
                "更正编码或上级;若确已迁移,先停用旧编码",
                "correct the code or the parent; if it really moved, end the old code first",
            )
            intake.checklist.reject(position, intake.heading("code"), code, problem)


def _keep_same_shapes(session: Session, intake: Intake) -> None:
    """Take the store's shape where a row's is the same to a millimetre.

    Formats round coordinates and turn rings about; without this an export read back in would change every row.
    """
    if not intake.noun.geometry:
        return
    codes = intake.frame["code"]
    stems = sorted({code[:9] for code in codes[intake.good].dropna()})
    there = {code for stem in stems for code in layers.existing_codes(session, intake.noun, stem)}
    rows = np.flatnonzero(intake.good & codes.isin(there).to_numpy())
    kept = layers.read(session, intake.noun, codes=codes.iloc[rows].tolist()).set_index("code").geometry
    before = kept.reindex(codes.iloc[rows]).to_numpy()
    shapes = intake.frame.geometry.to_numpy()
    same = same_shapes(before, shapes[rows])
    shapes[rows[same]] = before[same]
    intake.frame = intake.frame.set_geometry(gpd.GeoSeries(shapes, index=intake.frame.index, crs=WGS84))


def _batches(
    session: Session, intake: Intake, coded: NDArray[np.bool_]
) -> list[tuple[list[int], str | None, list[str] | None]]:
    """Part good rows by what identifies them.

    Rows the store has under a code the file brings keep the source they came from first: otherwise an export read
    back in would change every row.
    """
    codes = intake.frame["code"]
    stems = sorted({str(code)[:9] for code in codes[intake.good & coded]})
    there = {code for stem in stems for code in layers.existing_codes(session, intake.noun, stem)}
    known = coded & codes.isin(there).to_numpy()
    parts = [
        (np.flatnonzero(intake.good & known), None, None),
        (np.flatnonzero(intake.good & coded & ~known), intake.source, None),
        (np.flatnonzero(intake.good & ~coded), intake.source, intake.keys),
    ]
    return [(rows.tolist(), source, keys) for rows, source, keys in parts if len(rows)]


# ── what was refused ─────────────────────────────────────────────────────────────────────────────────────────────────


def _require_good(intake: Intake, report_path: Path | None) -> None:
    if intake.good.any():
        return
    report = _write_report(intake, report_path)
    first = intake.checklist.rejections[0] if intake.checklist.rejections else None
    why = (
        (f":第 {first.row_number} 行 {first.problem.zh}", f": row {first.row_number}: {first.problem.en}")
        if first
        else ("", "")
    )
    where = (f";详见 {report}", f"; see {report}") if report else ("", "")
    raise InputError(f"没有一行可以导入{why[0]}{where[0]}", f"no row can be taken{why[1]}{where[1]}")


def _write_report(intake: Intake, report_path: Path | None) -> Path | None:
    if report_path is None or not intake.checklist.rejections:
        return None
    return write_report(intake.checklist.rejections, report_path)
