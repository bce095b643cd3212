"""Use cases: the sample town into a file or into the store, and a sample city into a folder."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy.orm import Session

from geo.errors import BoundsError, ConflictError, FileFormatError
from geo.exchange.writing import write_frames
from geo.sample.city import stream_city, street_code
from geo.sample.recipe import Recipe, load_recipe
from geo.sample.town import generate_town
from geo.storage import layers, plans
from geo.territory.nouns import NOUNS

#: Code of the sample town's street.
SAMPLE_STREET = load_recipe().street.code
#: When the departments' old grids are said to have come in force.
OLD_GRIDS_SINCE = datetime(2019, 3, 1)  # in China's time, as the store takes it
MANIFEST = "city.json"
FORMATS = ("gpkg", "parquet")

#: Called with what is being done, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]


def _silent(what: str, done: int, total: int) -> None:
    """Say nothing."""


def write_sample(
    path: Path, seed: int = 7, *, recipe: Recipe | None = None, progress: Progress = _silent
) -> dict[str, int]:
    """Write the sample town into one file, a layer per noun; return the rows of each layer.

    Raises
    ------
    FileFormatError
        The path's format is not one that can be written.
    """
    progress("生成 Generating", 0, 2)
    frames = generate_town(seed, recipe=recipe)
    progress("写文件 Writing", 1, 2)
    write_frames(_filled(frames), path)
    progress("完成 Done", 2, 2)
    return {noun: len(frame) for noun, frame in frames.items()}


def load_sample(
    session: Session, seed: int = 7, *, who: str, recipe: Recipe | None = None, progress: Progress = _silent
) -> dict[str, layers.UpsertCounts]:
    """Write the sample town into the store, its departments' old grids as one adopted plan each.

    Loading the same seed again changes nothing.

    Raises
    ------
    ConflictError
        The store has the sample street of another seed: buildings of two towns would stand in each other.
    """
    street = (recipe or load_recipe()).street.code
    source = f"sample:{seed}"
    _refuse_other_seed(session, street, source)
    total = len(NOUNS) + 1
    progress("生成 Generating", 0, total)
    frames = generate_town(seed, recipe=recipe)
    counts = {}
    for step, (name, noun) in enumerate(NOUNS.items(), start=1):
        progress(noun.zh, step, total)
        frame = frames[name]
        if name == "grid":
            counts[name] = _load_old_grids(session, frame, street, seed, who)
        else:
            counts[name] = layers.upsert(session, noun, frame, source=source, source_keys=frame.code.tolist(), who=who)
    progress("完成 Done", total, total)
    return counts


def _refuse_other_seed(session: Session, street: str, source: str) -> None:
    noun = NOUNS["building"]
    if layers.existing_codes(session, noun, street) and not layers.codes_by_source(session, noun, source):
        raise ConflictError(
            f"库中已有示例街道 {street},由别的种子生成;请换一个空库,或用原来的种子",
            f"the store has the sample street {street} of another seed; use an empty store or that seed",
        )


def _load_old_grids(session: Session, grids: gpd.GeoDataFrame, street: str, seed: int, who: str) -> layers.UpsertCounts:
    inserted = unchanged = 0
    nothing = pd.DataFrame({name: [] for name in plans.ASSIGNMENT_COLUMNS})
    for department, own in grids.groupby("department", sort=True):
        before = plans.latest(session, street, str(department))
        if before is not None and before.parameters.get("sample") == seed:
            unchanged += len(own)
            continue
        plan_id = plans.create_draft(
            session,
            name=f"{department}原有网格",
            scope_code=street,
            department=str(department),
            lower=None,
            upper=None,
            seed=None,
            parameters={"sample": seed},
            report={},
            grids=own[["code", "name", "community_code", "households", "geometry"]],
            assignment=nothing,
            who=who,
        )
        version = plans.read_plan(session, plan_id).version
        plans.adopt(session, plan_id, who=who, version=version, at=OLD_GRIDS_SINCE)
        inserted += len(own)
    return layers.UpsertCounts(inserted, 0, unchanged)


# ── a city ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class CityResult:
    """What a folder holds of a city: sub-districts, buildings, households."""

    streets: int
    buildings: int
    households: int


def write_city(
    folder: Path,
    seed: int,
    *,
    buildings: int,
    units: bool = False,
    form: str = "gpkg",
    recipe: Recipe | None = None,
    progress: Progress = _silent,
) -> CityResult:
    """Write sub-district after sub-district into ``folder``, until there are ``buildings`` buildings.

    Files are written whole or not at all and listed in ``city.json`` afterwards: an interrupted run loses the
    sub-district it was at, and the same command goes on from there.

    Raises
    ------
    BoundsError
        Fewer than one building, an unknown format, or more buildings than there are codes for.
    ConflictError
        The folder holds another city: other seed, format or contents.
    FileFormatError
        ``city.json`` is no list that this program wrote.
    """
    if buildings < 1 or form not in FORMATS:
        raise BoundsError(
            f"楼栋数须为 1 以上(给出 {buildings}),格式须为 {'、'.join(FORMATS)}(给出“{form}”)",
            f"at least 1 building ({buildings} given), format one of {', '.join(FORMATS)} ({form!r} given)",
        )
    folder.mkdir(parents=True, exist_ok=True)
    city = {"seed": seed, "units": units, "format": form}
    done = _listed(folder, city)
    built = sum(row["buildings"] for row in done)
    progress(f"{len(done)} 街道 streets", min(built, buildings), buildings)
    left = buildings - built
    for frames in stream_city(seed, buildings=max(left, 0), units=units, first=len(done), recipe=recipe):
        code = street_code(len(done))
        write_frames(_filled(frames), folder / f"{code}.{form}")
        building = frames["building"]
        row = {"code": code, "buildings": len(building), "households": int(building.households.sum())}
        done.append(row)
        _list(folder, {**city, "streets": done})
        built += len(building)
        progress(f"{len(done)} 街道 streets", min(built, buildings), buildings)
    return CityResult(len(done), built, sum(row["households"] for row in done))


def _filled(frames: Mapping[str, gpd.GeoDataFrame]) -> dict[str, gpd.GeoDataFrame]:
    return {noun: frame for noun, frame in frames.items() if len(frame)}


def _listed(folder: Path, city: dict[str, Any]) -> list[dict[str, Any]]:
    path = folder / MANIFEST
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = [{key: row[key] for key in ("code", "buildings", "households")} for row in content["streets"]]
        same = {key: content[key] for key in city} == city
        in_order = [row["code"] for row in rows] == [street_code(number) for number in range(len(rows))]
    except (ValueError, KeyError, TypeError):
        raise FileFormatError(f"{path} 不是本程序写的清单", f"{path} is no list that this program wrote") from None
    if not (same and in_order):
        raise ConflictError(
            f"{folder} 中是另一座示例城市(种子、格式或内容不同);请换一个文件夹",
            f"{folder} holds another sample city (other seed, format or contents); use another folder",
        )
    return rows


def _list(folder: Path, content: dict[str, Any]) -> None:
    part = folder / f".{MANIFEST}.part"
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(part, folder / MANIFEST)
