"""Invented sub-districts by seed, in the manner of five regions, each full of names that are easily mixed up.

Beside the columns of a gazetteer every place keeps what a speaker may say of it, element by element (``said``), and the
place it lies in: right answers are counted from these, not by the engine.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from opencc import OpenCC

from tests.geo.addresses.invented.words import HEADS, TAILS, TRAPS

_TEXTS = "province city district street community road number compound building unit room name full_address"
COLUMNS = ["id", "level", "kind", *_TEXTS.split(), "lon", "lat"]
DIGITS = "零一二三四五六七八九"
#: Elements from large to small, as an address is written.
ORDER = ("community", "road", "number", "compound", "zone", "building", "unit", "room", "name")


@dataclass(frozen=True)
class Manner:
    """How a region builds and numbers."""

    province: str
    city: str
    district: str
    roads: tuple[str, ...]
    lane: str
    compounds: tuple[tuple[str, str], ...]  # kind and last part of the name, the usual ones more than once
    division: str  # how a number is divided: 之, -, 附, 甲
    community: str = "社区"
    building: str = "栋"
    unit: str = "单元"
    room: str = ""
    traditional: bool = False


MANNERS = (
    Manner(
        "广西壮族自治区", "南宁市", "青秀区", ("路", "路", "街", "大道"), "巷",
        (("estate", "花园"), ("estate", "苑"), ("old", "小区"), ("village", "村"), ("village", "新村"),
         ("tower", "大厦"), ("mall", "广场"), ("works", "工业区"), ("estate", "名邸")), "之",
    ),
    Manner(
        "", "上海市", "普陀区", ("路", "路", "东路", "西路"), "弄",
        (("lane", "新村"), ("lane", "小区"), ("lane", "公寓"), ("tower", "大楼"), ("mall", "中心")), "甲",
        "居民区", "号", "", "室",
    ),
    Manner(
        "内蒙古自治区", "呼和浩特市", "赛罕区", ("路", "大街", "街", "胡同"), "条",
        (("old", "家属院"), ("old", "里"), ("old", "小区"), ("estate", "家园"), ("estate", "嘉园"),
         ("tower", "大厦"), ("works", "厂区")),
        "甲", "社区", "号楼", "单元", "室",
    ),
    Manner(
        "", "重庆市", "渝中区", ("路", "正街", "坡", "坎", "支路"), "巷",
        (("estate", "花园"), ("old", "宿舍"), ("estate", "小区"), ("tower", "大厦"), ("mall", "国际"),
         ("estate", "府")), "附", "社区", "幢",
    ),
    Manner(
        "香港", "九龙", "深水埗区", ("道", "街", "径"), "巷",
        (("hong", "邨"), ("hong", "苑"), ("blocks", "花园"), ("blocks", "中心"), ("tower", "大厦"),
         ("tower", "工业大厦")),
        "A", "", "座", "", "室", traditional=True,
    ),
)  # fmt: skip


def numeral(number: int) -> str:
    """1 to 99 in Chinese: 十二, 二十."""
    tens, ones = divmod(number, 10)
    return (("" if tens == 1 else DIGITS[tens]) + "十" if tens else "") + (DIGITS[ones] if ones else "")


@dataclass(frozen=True)
class Place:
    """A row of a gazetteer: what may be said of it, and the number of the place it lies in (-1: in none)."""

    number: int
    level: str
    kind: str
    said: dict[str, str]
    parent: int

    @property
    def id(self) -> str:
        return f"P{self.number:05d}"


@dataclass
class Town:
    """A sub-district: its places, other names of some, and how it is written."""

    manner: Manner
    street: str
    places: list[Place] = field(default_factory=list)
    aliases: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, level: str, kind: str, parent: int = -1, **said: str) -> int:
        """Put in a place; what is said of the place it lies in is said of it too. Returns its number."""
        around = self.places[parent].said if parent >= 0 else {}
        self.places.append(Place(len(self.places), level, kind, {**around, **said}, parent))
        return len(self.places) - 1

    def by_said(self) -> dict[tuple[str, str], frozenset[int]]:
        """Numbers of the places of which a value is said, by element and value."""
        found: dict[tuple[str, str], set[int]] = {}
        for place in self.places:
            for pair in place.said.items():
                found.setdefault(pair, set()).add(place.number)
        return {pair: frozenset(numbers) for pair, numbers in found.items()}

    def names(self, kind: str) -> list[str]:
        """Names of a kind (road, compound, name …), each once."""
        return list(dict.fromkeys(place.said[kind] for place in self.places if kind in place.said))

    def gazetteer(self, rng: np.random.Generator) -> pd.DataFrame:
        """The town as a table."""
        lon, lat = 106 + 6 * rng.random(), 23 + 6 * rng.random()
        rows = [self._row(place, lon + 0.02 * rng.random(), lat + 0.02 * rng.random()) for place in self.places]
        frame = pd.DataFrame(rows, columns=COLUMNS)
        if self.manner.traditional:
            written = "\n".join("\t".join(row) for row in frame[COLUMNS[3:16]].to_numpy().tolist())
            frame[COLUMNS[3:16]] = [line.split("\t") for line in traditional(written).split("\n")]
        return frame

    def alias_table(self) -> pd.DataFrame:
        """Other names as a table."""
        frame = pd.DataFrame(self.aliases, columns=["alias", "kind", "name", "id"])
        if self.manner.traditional:
            for column in ("alias", "name"):
                frame[column] = [traditional(text) for text in frame[column]]
        return frame

    def _row(self, place: Place, lon: float, lat: float) -> dict[str, Any]:
        said, manner = place.said, self.manner
        row: dict[str, Any] = dict.fromkeys(COLUMNS, "") | {key: said.get(key, "") for key in ORDER if key != "zone"}
        row |= {"id": place.id, "level": place.level, "kind": place.kind, "street": self.street}
        row |= {"province": manner.province, "city": manner.city, "district": manner.district}
        row["building"] = said.get("zone", "") + said.get("building", "")
        row["full_address"] = manner.province + manner.city + manner.district + self.street
        row["full_address"] += "".join(said.get(key, "") for key in ORDER)
        return row | {"lon": round(lon, 6), "lat": round(lat, 6)}


_TO_TRADITIONAL = OpenCC("s2hk")


def traditional(text: str) -> str:
    """Write a text in traditional characters, as Hong Kong does."""
    return str(_TO_TRADITIONAL.convert(text))


def make_town(seed: int) -> Town:
    """Invent a sub-district; the manner follows the seed."""
    rng = np.random.default_rng([seed, 20])
    manner = MANNERS[seed % len(MANNERS)]
    stems = _stems(rng)
    town = Town(manner, "" if manner.traditional else stems.pop(0) + "街道")
    communities = [stems.pop(0) + manner.community if manner.community else "" for _ in range(4)]
    roads = _roads(town, stems, rng)
    _compounds(town, stems, communities, roads, rng)
    _numbers(town, communities, roads, rng)
    _landmarks(town, stems, communities, rng)
    _crossings(town, roads, rng)
    _aliases(town, stems, rng)
    return town


def _stems(rng: np.random.Generator) -> list[str]:
    """Stems to be taken from the front: plain ones, then both of a trap and two plain ones in turns, then plain."""
    traps = [TRAPS[i] for i in rng.permutation(len(TRAPS))[:9]]
    taken = {stem for pair in TRAPS for stem in pair}
    plain: list[str] = []
    while len(plain) < 60:
        stem = str(rng.choice(list(HEADS))) + str(rng.choice(list(TAILS)))
        if stem[0] != stem[1] and stem not in taken:
            taken.add(stem)
            plain.append(stem)
    mixed = [stem for pair in traps for stem in (*pair, plain.pop(), plain.pop())]
    return plain[:5] + mixed + plain[5:]


def _roads(town: Town, stems: list[str], rng: np.random.Generator) -> list[int]:
    manner = town.manner
    names = [stems.pop(0) + str(rng.choice(manner.roads)) for _ in range(9)]
    series = stems.pop(0)
    names += [f"{series}{DIGITS[i]}路" if not manner.traditional else f"{series}{DIGITS[i]}街" for i in (1, 2, 3)]
    sides = stems.pop(0)
    names += [f"{sides}东路", f"{sides}西路"]
    if manner.lane in ("巷", "条"):
        names += [f"{series}{DIGITS[i]}{manner.lane}" for i in (1, 2)]
    return [town.add("road", "道路", road=name) for name in dict.fromkeys(names)]


def _compounds(
    town: Town, stems: list[str], communities: list[str], roads: list[int], rng: np.random.Generator
) -> None:
    manner, used = town.manner, set()
    kinds = [manner.compounds[i % len(manner.compounds)] for i in range(14)]
    names = [(kind, stems.pop(0) + last) for kind, last in kinds]
    # Names that share a stem with a road, a name that two compounds bear, and phases of one.
    kind, last = kinds[0]
    names.append((kind, town.places[roads[0]].said["road"][:2] + last))
    names.append(names[1])
    stem = stems.pop(0)
    names += [(kind, f"{stem}{last}一期"), (kind, f"{stem}{last}二期")]
    for place, (kind, name) in enumerate(names):
        road = town.places[int(rng.choice(roads))].said["road"]
        base = int(rng.integers(1, 60)) * 2 + place
        while (road, base) in used:
            base += 1
        used.add((road, base))
        number = f"{base + 200}弄" if kind == "lane" else f"{base}号"
        said = {"road": road, "number": number, "compound": name}
        if communities[0]:
            said["community"] = communities[place % len(communities)]
        parent = next(i for i in roads if town.places[i].said["road"] == road)
        _fill(town, town.add("compound", kind, parent, **said), kind, rng)


def _fill(town: Town, compound: int, kind: str, rng: np.random.Generator) -> None:
    """Put buildings, stairwells and rooms into a compound; only a few buildings have their rooms listed."""
    manner = town.manner
    if kind == "tower":
        return _rooms(town, compound, rng, "室", 2)
    if kind == "village":
        zones = [f"{side}区" for side in "东西中"] if rng.random() < 0.5 else [f"{numeral(i)}巷" for i in (1, 2, 3)]
        # A lane's houses are numbered, those of a quarter are buildings; the same numbers come again in others.
        last = "号" if zones[0].endswith("巷") else "栋"
        numbers = sorted(rng.choice(np.arange(1, 30), 5, replace=False).tolist())
        for zone in zones:
            for number in rng.permutation([*numbers, *rng.choice(np.arange(30, 40), 2, replace=False)]):
                building = town.add("building", kind, compound, zone=zone, building=f"{number}{last}")
                if rng.random() < 0.25:
                    _rooms(town, building, rng, "", 2)
        return None
    if kind == "mall":
        buildings = [f"{letter}座" for letter in "ABCD"[: int(rng.integers(2, 5))]]
    elif kind == "hong":
        tails = rng.permutation(list("志德荣华泰逸朗晴翠雅"))
        heads = rng.permutation(list("明康安乐富丽彩凤龙"))
        buildings = [f"{head}{tail}楼" for head, tail in zip(heads[:5], tails[:5], strict=True)]
    else:
        buildings = [f"{i}{manner.building}" for i in range(1, int(rng.integers(4, 9)))]
        if manner.division == "甲" and kind == "old":
            buildings.append(f"甲{int(rng.integers(1, 4))}{manner.building}")
    units = int(rng.integers(2, 4)) if kind in ("estate", "old") and manner.unit and rng.random() < 0.8 else 0
    listed = set(rng.choice(buildings, 2, replace=False))
    last = "室" if kind in ("mall", "lane", "hong") else manner.room
    for written in buildings:
        building = town.add("building", kind, compound, building=written)
        doors = [town.add("unit", kind, building, unit=f"{i}{manner.unit}") for i in range(1, units + 1)] or [building]
        for door in doors if written in listed else ():
            _rooms(town, door, rng, last, int(rng.integers(2, 4)))
    return None


def _rooms(town: Town, parent: int, rng: np.random.Generator, last: str, on_floor: int) -> None:
    # Drawn from the place's compound alone, so that the rooms of two stairwells bear the same numbers, as they do.
    around = town.places[parent]
    floors = np.random.default_rng([len(around.said["compound"]), len(town.street), ord(around.said["compound"][0])])
    for floor in sorted(floors.choice(np.arange(1, 28), 3, replace=False).tolist()):
        for door in range(1, on_floor + 1):
            room = f"{floor}{door:02d}"
            if town.manner.traditional and rng.random() < 0.4:
                room = f"{floor}楼{'ABC'[door - 1]}"
            town.add("room", around.kind, parent, room=room + last)


def _numbers(town: Town, communities: list[str], roads: list[int], rng: np.random.Generator) -> None:
    """Put doors on the roads: numbers, divided numbers, shops behind some, lanes where lanes are numbered."""
    manner = town.manner
    taken = {(place.said["road"], place.said["number"]) for place in town.places if "number" in place.said}
    for road in roads:
        for base in sorted(rng.choice(np.arange(1, 300), 4, replace=False).tolist()):
            for written in _divided(base, manner.division, rng):
                if (town.places[road].said["road"], written) in taken:
                    continue
                said = {"number": written}
                if communities[0]:
                    said["community"] = communities[road % len(communities)]
                door = town.add("number", "门牌", road, **said)
                for shop in sorted(rng.choice(np.arange(101, 110), 2, replace=False)) if rng.random() < 0.25 else ():
                    town.add("room", "门牌", door, room=f"{shop}铺")
        if manner.lane == "弄":
            _lanes(town, road, communities[road % len(communities)], rng)


def _divided(base: int, division: str, rng: np.random.Generator) -> list[str]:
    whole = [f"{base}号"]
    if rng.random() < 0.6:
        return whole
    kept = whole if rng.random() < 0.5 else []
    if division == "甲":
        return kept + ([f"{base}号甲", f"{base}号乙"] if rng.random() < 0.5 else [f"甲{base}号", f"乙{base}号"])
    if division == "A":
        return [*kept, f"{base}A号", f"{base}B号"]
    if division == "附":
        return kept + [f"{base}号附{i}号" for i in (1, 2, 3)]
    dashed = [f"{base}-{i}号" for i in (1, 2)]
    return kept + (dashed if rng.random() < 0.5 else [f"{base}号之{DIGITS[i]}" for i in (1, 2)])


def _lanes(town: Town, road: int, community: str, rng: np.random.Generator) -> None:
    lane = int(rng.integers(301, 1500))
    inner = int(rng.integers(5, 90))
    houses = rng.choice(np.arange(1, 60), 3, replace=False).tolist()
    numbers = [f"{lane}弄{house}号" for house in houses] + [f"{lane}弄{inner}支弄{house}号" for house in houses[:2]]
    for number in numbers:
        door = town.add("number", "弄", road, number=number, community=community)
        if rng.random() < 0.4:
            town.add("room", "弄", door, room=f"{int(rng.integers(1, 7))}0{int(rng.integers(1, 4))}室")


def _landmarks(town: Town, stems: list[str], communities: list[str], rng: np.random.Generator) -> None:
    kinds = ("菜市场", "小学", "公园", "卫生服务中心", "派出所", "幼儿园", "公厕", "加油站", "公交站", "大桥")
    for place, kind in enumerate(kinds):
        said = {"name": stems.pop(0) + kind}
        if communities[0]:
            said["community"] = communities[place % len(communities)]
        town.add("poi", kind, **said)
    for community in filter(None, communities):
        town.add("poi", "党群中心", name=f"{community}党群服务中心", community=community)
    for letter in "AB":
        town.add("poi", "地铁口", name=f"{stems[0]}站{letter}口")
    stems.pop(0)


def _crossings(town: Town, roads: list[int], rng: np.random.Generator) -> None:
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < 9:
        first, second = sorted(int(road) for road in rng.choice(roads, 2, replace=False))
        pairs.add((first, second))
    for first, second in sorted(pairs):
        names = town.places[first].said["road"], town.places[second].said["road"]
        town.add("intersection", "路口", name=f"{names[0]}与{names[1]}交叉口")


def _aliases(town: Town, stems: list[str], rng: np.random.Generator) -> None:
    """Give some roads, compounds and landmarks the name they bore before, or that people use."""
    roads = [place for place in town.places if place.level == "road"]
    named: dict[str, list[Place]] = {}
    for place in town.places:
        if place.level == "compound":
            named.setdefault(place.said["compound"], []).append(place)
    compounds = [found[0] for found in named.values() if len(found) == 1]
    landmarks = [place for place in town.places if place.level == "poi"]
    for kind, places, count, last in (
        ("road", roads, 4, "路"),
        ("compound", compounds, 5, "大院"),
        ("poi", landmarks, 3, ""),
    ):
        for place in rng.choice(np.arange(len(places)), count, replace=False):
            name = places[place].said["name" if kind == "poi" else kind]
            alias = stems.pop(0) + (last or places[place].kind)
            town.aliases.append((alias, kind, name, places[place].id))
