"""Queries about an invented town: what clerks type and callers say, kind of noise by kind of noise, with right answers.

A query is drawn from a place, or from a hole where there is none. Where chance made the text mean something else as
well, the draw is thrown away: a query is kept only if its right answer can be counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from opencc import OpenCC

from tests.geo.addresses.invented import writing
from tests.geo.addresses.invented.hearing import apart, homophone, initials, look_alike, slip, spelt
from tests.geo.addresses.invented.towns import DIGITS, ORDER, Place, Town, traditional
from tests.geo.addresses.invented.truth import NAMED, Said, Truth
from tests.geo.addresses.invented.words import (
    AFTER,
    BEFORE,
    COMPLAINTS,
    ELSEWHERE,
    FILLERS,
    FOREIGN_STEMS,
    NOWHERE,
    OFFSETS,
)
from tests.geo.addresses.scoring import Query

_TRADITIONAL = OpenCC("s2t")
#: Draws of one query before its kind of noise is given up for the town.
DRAWS = 60
SOLID = ("room", "room", "room", "room", "building", "building", "unit", "compound", "number")


@dataclass(frozen=True)
class Draft:
    """A query in the making: texts by element in the order in which they are written, and what they say."""

    said: dict[str, str]
    texts: dict[str, str]
    prefix: str = ""
    heard: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.prefix + "".join(self.texts.values())

    def written(self, **texts: str) -> "Draft":
        return replace(self, texts={**self.texts, **texts})


@dataclass(frozen=True)
class Asked:
    """A text, the places it means, and those that are accepted around what does not exist."""

    text: str
    meant: tuple[int, ...] = ()
    accepted: tuple[int, ...] = ()
    note: str = ""


class Asker:
    """Makes queries about one town."""

    def __init__(self, town: Town, rng: np.random.Generator) -> None:
        self.town, self.rng, self.truth = town, rng, Truth(town)
        self._by_level: dict[str, list[Place]] = {}
        for place in town.places:
            self._by_level.setdefault(place.level, []).append(place)
        self._full = town.manner.province + town.manner.city + town.manner.district + town.street

    # ── drawing places and writing them down ─────────────────────────────────────────────────────────────────────────

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def pick(self, options: "tuple[str, ...] | list[str]") -> str:
        return options[int(self.rng.integers(len(options)))]

    def place(self, *levels: str) -> Place:
        """Draw a place of one of these levels (of those with doors and buildings, unless told)."""
        options = [level for level in levels or SOLID if level in self._by_level]
        places = self._by_level[self.pick(options)]
        return places[int(self.rng.integers(len(places)))]

    def draft(self, place: Place, way: str = "") -> Draft:
        """Write a place down: in full, without its compound (``road``), or without its road (``name``)."""
        said = {kind: place.said[kind] for kind in ORDER if kind in place.said}
        if way == "full":
            return Draft(said, dict(said), self._full)
        way = way or self.pick(("whole", "name", "name", "road"))
        if "compound" in said and way == "name":
            said = {kind: value for kind, value in said.items() if kind not in ("road", "number")}
        if "compound" in said and way == "road" and place.level != "compound":
            said.pop("compound")
        prefix, street = "", self.town.street
        chosen = self.rng.random()
        if chosen < 0.2:
            prefix = self.town.manner.district + street if self.chance(0.5) else street
        if chosen > 0.3:
            said.pop("community", None)
        return Draft(said, dict(said), prefix)

    def asked(self, draft: Draft, text: str | None = None) -> Asked | None:
        """Settle what a draft means; None where that is not clear."""
        found = self.truth.misheard(draft.said, draft.heard)
        return Asked(draft.text if text is None else text, tuple(found)) if found else None

    def misnamed(self, draft: Draft, change: Callable[[str], str | None]) -> Draft | None:
        """Write one of the names of a draft otherwise."""
        kinds = [kind for kind in NAMED if kind in draft.texts]
        if not kinds:
            return None
        kind = self.pick(kinds)
        changed = change(draft.said[kind])
        if changed is None or changed == draft.said[kind]:
            return None
        return replace(draft.written(**{kind: changed}), heard={**draft.heard, kind: changed})

    # ── what means one place, or several ─────────────────────────────────────────────────────────────────────────────

    def clean_full(self) -> Asked | None:
        return self.asked(self.draft(self.place(), "full"))

    def drop_prefix(self) -> Asked | None:
        return self.asked(self.draft(self.place(), "whole"))

    def drop_road(self) -> Asked | None:
        return self.asked(self.draft(self.place("compound", "building", "unit", "room"), "name"))

    def drop_compound(self) -> Asked | None:
        place = self.place("building", "unit", "room")
        return self.asked(self.draft(place, "road")) if "compound" in place.said else None

    def building_variant(self) -> Asked | None:
        draft = self.draft(self.place("building", "unit", "room"))
        other = writing.building(draft.said["building"], self.rng) if "building" in draft.said else None
        return self.asked(draft.written(building=other)) if other else None

    def room_variant(self) -> Asked | None:
        draft = self.draft(self.place("room", "unit"))
        texts = {}
        if "room" in draft.said and (other := writing.room(draft.said["room"], self.rng)):
            texts["room"] = other
        if "unit" in draft.said and ("room" not in draft.said or self.chance(0.4)):
            texts["unit"] = writing.unit(draft.said["unit"], self.rng) or draft.said["unit"]
        return self.asked(draft.written(**texts)) if texts else None

    def cn_numeral(self) -> Asked | None:
        draft = self.spoken(self.draft(self.place()), "一")
        # 之二 and 一零四铺 run together say something else.
        together = "room" in draft.said and "building" not in draft.said and draft.said.get("number", "号")[-1] != "号"
        return self.asked(draft) if draft.texts != draft.said and not together else None

    def spoken(self, draft: Draft, one: str) -> Draft:
        """Write the numbers of a draft in Chinese."""
        texts = {
            kind: writing.spoken(text, self.rng, one=one if kind in ("number", "room") else "一", room=kind == "room")
            for kind, text in draft.texts.items()
            if kind in ("number", "building", "unit", "room") and "-" not in text
        }
        return draft.written(**texts)

    def compact(self) -> Asked | None:
        draft = self.draft(self.place("room", "room", "building", "unit"))
        said = draft.said
        short = writing.compact(said.get("building", ""), said.get("unit", ""), said.get("room", ""), self.rng)
        if not short or "zone" in said:
            return None
        texts = {kind: text for kind, text in draft.texts.items() if kind not in ("building", "unit", "room")}
        return self.asked(replace(draft, texts={**texts, "building": short}))

    def fullwidth(self) -> Asked | None:
        draft = self.draft(self.place())
        between = self.pick(("", " ", "　", "，", "、", "－", ",", "/", " , "))
        if between in ("－", "/") and ("room" in draft.said or "-" in draft.text):
            between = " "
        text = draft.prefix + between.join(draft.texts.values())
        return self.asked(draft, "".join(_wide(character) for character in text))

    def traditional(self) -> Asked | None:
        draft = self.draft(self.place())
        text = draft.text if self.town.manner.traditional else str(_TRADITIONAL.convert(draft.text))
        return self.asked(draft, text)

    def swapped(self) -> Asked | None:
        draft = self.draft(self.place("room", "building", "unit", "compound"), self.pick(("whole", "name")))
        texts, rng = dict(draft.texts), self.rng
        ways = []
        if len(texts) > 1 and "room" in texts:
            ways.append(["room", *(kind for kind in texts if kind != "room")])
        if "building" in texts and "compound" in texts:
            inner = [kind for kind in texts if kind in ("zone", "building", "unit", "room")]
            ways.append([*inner, *(kind for kind in texts if kind not in inner)])
        if "road" in texts and "compound" in texts:
            outer = [kind for kind in texts if kind in ("road", "number")]
            ways.append([*(kind for kind in texts if kind not in outer), *outer])
        if not ways:
            return None
        order = ways[int(rng.integers(len(ways)))]
        # A zone and its building, a road and its number, stay one word.
        words = " ".join(texts[kind] for kind in order)
        for first, second in (("zone", "building"), ("road", "number")):
            if first in texts:
                words = words.replace(f"{texts[first]} {texts[second]}", f"{texts[first]}{texts[second]}")
        return self.asked(draft, draft.prefix + words.replace(" ", self.pick((" ", "，", " ", ","))))

    def extra_text(self) -> Asked | None:
        draft = self.draft(self.place())
        return self.asked(draft, self.amid(draft.text))

    def amid(self, text: str) -> str:
        """Put a text into a caller's sentence."""
        before = self.pick(BEFORE) if self.chance(0.6) else ""
        return before + text + (self.pick(AFTER) if not before or self.chance(0.7) else "")

    def repeat(self) -> Asked | None:
        draft = self.draft(self.place(), "whole")
        prefix = draft.prefix or self.town.manner.district + self.town.street
        tail = f"（{draft.said['compound']}）" if "compound" in draft.said and self.chance(0.4) else ""
        if self.chance(0.3) and "road" in draft.said:
            return self.asked(draft, prefix + draft.texts["road"] + "".join(draft.texts.values()) + tail)
        return self.asked(draft, prefix + prefix + "".join(draft.texts.values()) + tail)

    def wrong_community(self) -> Asked | None:
        draft = self.draft(self.place(), "whole")
        communities = [name for name in self.town.names("community") if name != draft.said.get("community")]
        if not communities:
            return None
        said = {kind: value for kind, value in draft.said.items() if kind != "community"}
        return self.asked(Draft(said, {"community": self.pick(communities), **said}))

    def alias(self) -> Asked | None:
        alias, kind, name, _ = self.town.aliases[int(self.rng.integers(len(self.town.aliases)))]
        kind = "name" if kind == "poi" else kind
        places = [place for place in self.town.places if place.said.get(kind) == name and place.level != "intersection"]
        draft = self.draft(places[int(self.rng.integers(len(places)))])
        if kind not in draft.said:
            return None
        return self.asked(draft.written(**{kind: alias}))

    def abbrev(self) -> Asked | None:
        draft = self.draft(self.place("building", "unit", "room", "compound"), "name")
        if "compound" not in draft.said:
            return None
        whole = draft.said["compound"]
        short = whole[:-2] if whole.endswith("期") and self.chance(0.6) else whole[:2]
        names = self.truth.beginning(short)
        others = [known for known in self.truth.known if known.written == short]
        if others or (
            len(draft.said) == 1 and any(k.written.startswith(short) and k.kind == "name" for k in self.truth.known)
        ):
            return None
        said: Said = {**draft.said, "compound": names}
        return Asked(draft.written(compound=short).text, tuple(self.truth.meant(said)))

    def char_edit(self) -> Asked | None:
        return self._misnamed(lambda name: slip(name, self.rng))

    def homophone(self) -> Asked | None:
        return self._misnamed(lambda name: homophone(name, self.rng))

    def shape_typo(self) -> Asked | None:
        return self._misnamed(lambda name: look_alike(name, self.rng))

    def _misnamed(self, change: Callable[[str], str | None]) -> Asked | None:
        draft = self.misnamed(self.draft(self.place(*SOLID, "poi", "road")), change)
        return self.asked(draft) if draft else None

    def speech(self) -> Asked | None:
        draft = self.misnamed(self.draft(self.place()), lambda name: homophone(name, self.rng, loosely=True))
        if not draft or self.town.manner.traditional:
            return None
        draft = self.spoken(draft, self.pick(("一", "幺")))
        building, unit = draft.texts.get("building", ""), draft.texts.get("unit", "")
        if building.endswith("栋") and self.chance(0.3):
            draft = draft.written(building=building[:-1] + self.pick(("洞", "动", "懂")))
        if building.endswith("楼") and self.chance(0.2):
            draft = draft.written(building=building[:-1] + "搂")
        if unit and self.chance(0.2):
            draft = draft.written(unit=unit.replace("单元", "单员"))
        return self.asked(draft, (self.pick(FILLERS) if self.chance(0.5) else "") + draft.text)

    def pinyin(self) -> Asked | None:
        between = self.pick(("", " "))
        return self._in_letters(lambda name: spelt(name, between), separated=bool(between))

    def pinyin_initials(self) -> Asked | None:
        return self._in_letters(initials, separated=False)

    def _in_letters(self, spell: Callable[[str], str], *, separated: bool) -> Asked | None:
        draft = self.draft(self.place("compound", "building", "room", "number"))
        kinds = [kind for kind in ("road", "compound") if kind in draft.said]
        if len(kinds) != 1 or self.town.manner.traditional:
            return None
        letters = spell(draft.said[kinds[0]])
        found = self.truth.by_letters(kinds[0], draft.said, letters, spell)
        following = next(iter([draft.texts[kind] for kind in draft.texts][list(draft.texts).index(kinds[0]) + 1 :]), "")
        if not found or following[:1].isascii():
            letters += " " if separated else ""
        if not found or (following[:1].isalpha() and following[:1].isascii()):
            return None
        return Asked(draft.written(**{kinds[0]: letters}).text, tuple(found))

    def combined(self) -> Asked | None:
        draft: Draft | None = self.draft(self.place())
        change = (
            (lambda name: homophone(name, self.rng, most=1))
            if self.chance(0.5)
            else (lambda name: look_alike(name, self.rng))
        )
        if draft and self.chance(0.6):
            draft = self.misnamed(draft, change)
        if not draft:
            return None
        if "building" in draft.said and self.chance(0.5):
            draft = draft.written(building=writing.building(draft.said["building"], self.rng) or draft.said["building"])
        elif "room" in draft.said and self.chance(0.5):
            draft = draft.written(room=writing.room(draft.said["room"], self.rng) or draft.said["room"])
        elif self.chance(0.5):
            draft = self.spoken(draft, "一")
        return self.asked(draft, self.amid(draft.text) if self.chance(0.7) else draft.text)

    def zhiyi(self) -> Asked | None:
        return self._numbered(writing.divided)

    def jia_yi(self) -> Asked | None:
        return self._numbered(writing.stemmed)

    def nong(self) -> Asked | None:
        return self._numbered(writing.lanes, "number", "room")

    def _numbered(self, way: Callable[[str, np.random.Generator], str | None], *levels: str) -> Asked | None:
        draft = self.draft(self.place(*levels or ("number",)), "whole")
        other = way(draft.said["number"], self.rng) if "compound" not in draft.said else None
        if not other or (other[-1].isdigit() and "room" in draft.said):
            return None
        return self.asked(draft.written(number=other))

    def landmark_offset(self) -> Asked | None:
        place = self.place("poi", "poi", "compound")
        draft = self.draft(place, "name")
        if place.level == "compound" and self.town.manner.traditional:
            return None
        return self.asked(draft, draft.text + self.pick(OFFSETS))

    def intersection(self) -> Asked | None:
        place = self.place("intersection")
        first, second = place.said["name"].removesuffix("交叉口").split("与")
        return Asked(self._crossing(first, second), (place.number,))

    def _crossing(self, first: str, second: str) -> str:
        if self.chance(0.4):
            first, second = second, first
        ways = (
            "{}与{}交叉口", "{}和{}交汇处", "{}、{}路口", "{}/{}", "{}×{}", "{}跟{}那个红绿灯", "{}靠近{}路口",
            "{}{}交界处东南角", "{}与{}十字路口", "{}到{}的拐角", "{}和{}的丁字路口",
        )  # fmt: skip
        text = self.pick(ways).format(first, second)
        return text + self.pick(AFTER) if self.chance(0.15) else text

    def ambiguous_missing(self) -> Asked | None:
        draft = self.draft(self.place("room"), "name")
        left = [kind for kind in ("unit", "zone", "building") if kind in draft.said]
        if not left or "compound" not in draft.said:
            return None
        gone = {self.pick(left)}
        if "building" in gone:
            gone |= {"unit", "zone"}
        said = {kind: value for kind, value in draft.said.items() if kind not in gone}
        return self._several(Draft(said, said, draft.prefix))

    def ambiguous_no_anchor(self) -> Asked | None:
        draft = self.draft(self.place("building", "unit", "room"), "whole")
        if "building" not in draft.said:
            return None
        kinds = ("building", "unit", "room") if self.chance(0.6) else ("community", "building")
        said = {kind: value for kind, value in draft.said.items() if kind in kinds}
        return self._several(Draft(said, said))

    def same_name(self) -> Asked | None:
        """A name that several compounds bear, with or without a building that more than one of them has."""
        return self._several(self.draft(self.place("compound", "building"), "name"))

    def _several(self, draft: Draft) -> Asked | None:
        found = self.truth.meant(draft.said)
        return Asked(draft.text, tuple(found)) if len(found) > 1 else None

    # ── what means no place ──────────────────────────────────────────────────────────────────────────────────────────

    def nowhere(self, draft: Draft, around: Mapping[str, str], note: str = "") -> Asked | None:
        """Ask for what does not exist; the places around it, which ``around`` says, are accepted."""
        if self.truth.meant(draft.said):
            return None
        found = self.truth.meant(around) if around else []
        accepted = {number for place in found for number in (place, *self.truth.around(place))}
        return Asked(draft.text, (), tuple(sorted(accepted)), note)

    def nonexistent_building(self) -> Asked | None:
        draft = self.draft(self.place("building", "room"), "whole" if self.chance(0.5) else "name")
        if "compound" not in draft.said or writing.building(draft.said.get("building", ""), self.rng) is None:
            return None
        written = draft.said["building"]
        digits = "".join(character for character in written if character.isdigit())
        other = str(int(self.rng.integers(41, 60))) if digits else self.pick(("G", "H", "K", "M"))
        said = {**draft.said, "building": written.replace(digits or written[0], other)}
        around = {kind: value for kind, value in draft.said.items() if kind not in ("zone", "building", "unit", "room")}
        return self.nowhere(replace(draft, said=said, texts=said), around)

    def nonexistent_room(self) -> Asked | None:
        draft = self.draft(self.place("room"), "whole" if self.chance(0.5) else "name")
        if "building" not in draft.said or not draft.said["room"].rstrip("室").isdigit():
            return None
        room = f"{int(self.rng.integers(29, 40))}{int(self.rng.integers(1, 4)):02d}"
        if self.chance(0.4):
            room = draft.said["room"].rstrip("室")[:-2] + f"{int(self.rng.integers(11, 20))}"
        said = {**draft.said, "room": room + ("室" if draft.said["room"].endswith("室") else "")}
        around = {kind: value for kind, value in draft.said.items() if kind != "room"}
        return self.nowhere(replace(draft, said=said, texts=said), around)

    def nonexistent_number(self) -> Asked | None:
        draft = self.draft(self.place("number"), "whole")
        number = int(self.rng.integers(1, 400))
        taken = {
            place.said["number"]
            for place in self.town.places
            if place.said.get("road") == draft.said["road"] and "number" in place.said
        }
        if any("".join(c if c.isdigit() else " " for c in other).split()[0] == str(number) for other in taken):
            return None
        said = {"road": draft.said["road"], "number": f"{number}号"}
        texts = {**said, "room": "103铺"} if self.chance(0.3) else said
        return self.nowhere(Draft(said, texts, draft.prefix), {"road": said["road"]})

    def nonexistent_road(self) -> Asked | None:
        """One more of a row of numbered roads, or the side that a road does not have."""
        draft = self.draft(self.place("number"), "whole")
        road = draft.said["road"]
        other = road
        for number in "一二三":
            other = other.replace(number, self.pick(("五", "六", "七")))
        if other == road:
            other = (
                road.replace("东", "南")
                if road[-2:-1] == "东"
                else road.replace("西", "北")
                if road[-2:-1] == "西"
                else road
            )
        if other == road or other in self.town.names("road"):
            return None
        said = {"road": other, "number": draft.said["number"]}
        return self.nowhere(Draft(said, said, draft.prefix), {})

    def trap(self) -> Asked | None:
        """Letter for letter a road or compound that exists, with a number or building that only its like has."""
        draft = self.draft(self.place("number", "building"), self.pick(("whole", "name")))
        kind = "compound" if "compound" in draft.said else "road"
        names = [known.name for known in self.truth.known if known.kind == kind and known.written == known.name]
        likes = [name for name in names if 0 < apart(name, draft.said[kind]) <= 1.0]
        if not likes or ("road" in draft.said and kind == "compound"):
            return None
        if writing.is_stemmed(draft.said.get("number", "")):
            return None
        said = {key: value for key, value in draft.said.items() if key != "community"} | {kind: self.pick(likes)}
        texts = {key: said[key] for key in ORDER if key in said}
        return self.nowhere(Draft(said, texts, draft.prefix), {kind: said[kind]})

    def letter_vs_digit(self) -> Asked | None:
        draft = self.draft(self.place("building"), "whole" if self.chance(0.5) else "name")
        found = writing.compact(draft.said["building"], "", "", self.rng)
        if not found or "compound" not in draft.said or "zone" in draft.said:
            return None
        value = found.rstrip("#")
        other = str(ord(value) - ord("A") + 1) if value.isalpha() else chr(ord("A") + int(value) - 1)
        if other.isdigit() and self.chance(0.3):
            other = DIGITS[int(other)]
        said = {**draft.said, "building": other + ("座" if other.isalpha() else draft.said["building"][len(value) :])}
        around = {kind: value for kind, value in draft.said.items() if kind != "building"}
        asked = self.nowhere(replace(draft, said=said, texts=said), around, "suggest, never assert")
        near = self.truth.meant(draft.said)
        return replace(asked, accepted=(*asked.accepted, *near)) if asked else None

    def unknown_name(self) -> Asked | None:
        return self._foreign("" if self.chance(0.6) else self.town.street or self.town.manner.district)

    def other_district(self) -> Asked | None:
        city = self.pick(ELSEWHERE)
        if self.town.manner.city[:2] in city:
            return None
        if self.chance(0.4):
            return self._foreign(city)
        draft = self.draft(self.place(), "whole")
        text = city + "".join(text for kind, text in draft.texts.items() if kind != "community")
        return Asked(text) if "road" in draft.said else None

    def _foreign(self, prefix: str) -> Asked | None:
        stem = self.pick(FOREIGN_STEMS)
        road, compound = f"{stem}路", stem + self.pick(("花园", "华府", "公寓", "国际"))
        if any(apart(known.written, name) < 1.5 for known in self.truth.known for name in (road, compound)):
            return None
        number = int(self.rng.integers(1, 3000))
        tails = (
            f"{road}{number}号",
            f"{compound}3栋",
            compound,
            f"{compound}B座1201",
            f"{road}{number}号{compound}6栋2单元901",
        )
        return Asked(prefix + self.pick(tails))

    def intersection_none(self) -> Asked | None:
        roads = self._by_level["road"]
        first, second = (roads[int(number)] for number in self.rng.choice(len(roads), 2, replace=False))
        names = first.said["road"], second.said["road"]
        there = self.town.names("name")
        if any(f"{a}与{b}交叉口" in there for a, b in (names, names[::-1])):
            return None
        return Asked(self._crossing(*names), (), (first.number, second.number))

    def no_address(self) -> Asked | None:
        text = self.pick(NOWHERE)
        ways = (
            text,
            f"在{text}",
            f"我在{text}",
            f"{text}{self.pick(COMPLAINTS)}",
            f"举报{text}{self.pick(COMPLAINTS)}",
        )
        return Asked(self.pick(ways))


#: Queries of each kind of noise in a town (fewer where the town does not have what they need).
SHARES = {
    "clean_full": 12, "drop_prefix": 16, "drop_road": 20, "drop_compound": 14, "building_variant": 24,
    "room_variant": 22, "cn_numeral": 20, "compact": 18, "fullwidth": 14, "traditional": 14, "swapped": 22,
    "extra_text": 26, "repeat": 8, "wrong_community": 12, "alias": 24, "abbrev": 18, "char_edit": 20,
    "homophone": 28, "shape_typo": 20, "speech": 26, "pinyin": 14, "pinyin_initials": 8, "combined": 40,
    "zhiyi": 12, "jia_yi": 10, "nong": 14, "landmark_offset": 22, "intersection": 16, "ambiguous_missing": 20,
    "ambiguous_no_anchor": 10, "same_name": 8, "nonexistent_building": 12, "nonexistent_room": 14,
    "nonexistent_number": 12, "nonexistent_road": 8, "trap": 10, "letter_vs_digit": 8, "unknown_name": 14,
    "other_district": 14, "intersection_none": 8, "no_address": 12,
}  # fmt: skip


def ask(town: Town, seed: int, scale: float = 1.0) -> tuple[Query, ...]:
    """Make queries of all kinds of noise about a town, ``scale`` times as many as usual."""
    asker = Asker(town, np.random.default_rng([seed, 21]))
    queries: list[Query] = []
    for noise, share in SHARES.items():
        texts: set[str] = set()
        for _ in range(round(share * scale)):
            asked = _drawn(getattr(asker, noise), texts)
            if asked is None:
                break
            texts.add(asked.text)
            queries.append(_query(len(queries), noise, asked, asker))
    return tuple(queries)


def _drawn(draw: Callable[[], Asked | None], texts: set[str]) -> Asked | None:
    for _ in range(DRAWS):
        asked = draw()
        if asked is not None and asked.text not in texts:
            return asked
    return None


def _query(number: int, noise: str, asked: Asked, asker: Asker) -> Query:
    expect = "none" if not asked.meant else "one" if len(asked.meant) == 1 else "several"
    text = asked.text
    if asker.town.manner.traditional and noise != "traditional":
        text = traditional(text)
    ids = asker.truth.ids
    return Query(f"Q{number:04d}", text, noise, expect, ids(asked.meant), ids(asked.accepted), asked.note)


def _wide(character: str) -> str:
    return chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character
