"""What a planner may ask of a draft beside bounds and seed, in the planner's words; and what that makes of settings.

The same words from the terminal, over HTTP and in a file of wishes (TOML or JSON)::

    style = "stable"
    dials = { stability = 2.0, fewer = 0.5 }
    keep_grids = ["440307001001003"]
    whole_compounds = ["440307001001X002"]          # or "fitting"
    together = [["4403070010010100001", "4403070010010100002"]]
    apart = [["4403070010010100003", "4403070010010100004"]]
    grids = 12
    posts = ["4403070010010100005"]
    balance = ["small_shop=0:20"]
    repair = false
    settle_borders = false
"""

import json
import math
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from geo.errors import BoundsError, FileFormatError, InputError
from geo.regionalization.balancing import Balance
from geo.regionalization.choices import BALANCED, style
from geo.regionalization.communities import Bounds, Community
from geo.regionalization.drafting import DraftSettings
from geo.regionalization.locks import FITTING, CodeLocks, check_locks
from geo.regionalization.outcome import Prices
from geo.regionalization.problem import MAX_DIAL

DIALS = tuple(dial.name for dial in fields(Prices))
MOST_DIAL = MAX_DIAL
MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True)
class Wishes:
    """What is asked of a draft.

    Attributes
    ----------
    style
        Code or name of a row of ``data/dictionaries/plan_styles.toml``.
    dials
        Single dials by the names of :class:`~geo.regionalization.outcome.Prices`; they overrule the style's.
    keep_grids, whole_compounds, together, apart, posts
        As in :class:`~geo.regionalization.locks.CodeLocks`.
    grids
        How many grids there shall be in all; shared out among the communities by households.
    balances
        Further quantities that grids shall hold alike.
    repair
        Change the plan in force as little as brings it back into range.
    settle_borders
        Draft also the communities with those buildings moved across their borders that would bring grids into range.
    """

    style: str = BALANCED
    dials: dict[str, float] = field(default_factory=dict)
    keep_grids: tuple[str, ...] = ()
    whole_compounds: tuple[str, ...] | Literal["fitting"] = ()
    together: tuple[tuple[str, ...], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    grids: int | None = None
    posts: tuple[str, ...] = ()
    balances: tuple[Balance, ...] = ()
    repair: bool = False
    settle_borders: bool = False

    def prices(self) -> Prices:
        """Return the dials: the style's, each overruled by a dial that was turned by itself.

        Raises
        ------
        CodeError
            There is no such style.
        BoundsError
            There is no such dial, or it is turned beyond 0 to :data:`MOST_DIAL`.
        """
        for dial, value in self.dials.items():
            if dial not in DIALS or not 0 <= value <= MOST_DIAL:
                raise BoundsError(
                    f"调节项 {dial}={value} 无效:可用 {'、'.join(DIALS)},取值 0 至 {MOST_DIAL:g}",
                    f"dial {dial}={value} is not usable: there are {', '.join(DIALS)}, from 0 to {MOST_DIAL:g}",
                )
        return replace(style(self.style).prices, **self.dials)


def settings_of(
    wishes: Wishes, bounds: Bounds, seed: int, time_limit: float | None, communities: Sequence[Community]
) -> DraftSettings:
    """Turn wishes into the settings of a draft of these communities.

    Raises
    ------
    CodeError
        A style or a code is unknown.
    InputError
        Locks contradict one another, or a repair has nothing to repair.
    """
    locks = CodeLocks(
        keep_grids=wishes.keep_grids,
        whole_compounds=wishes.whole_compounds,
        together=wishes.together,
        apart=wishes.apart,
        n_grids={} if wishes.grids is None else share_grids(wishes.grids, communities, bounds),
        posts=wishes.posts,
    )
    check_locks(locks, communities, bounds.upper)
    if wishes.repair and all(community.previous is None for community in communities):
        raise InputError(
            "没有现行方案可以修复;请先采用一个方案,或用 --previous 指明",
            "there is no plan in force to repair; adopt one first, or name one with --previous",
        )
    return DraftSettings(
        bounds,
        seed,
        time_limit,
        prices=wishes.prices(),
        effort="repair" if wishes.repair else "polished",
        locks=locks,
        quantities=wishes.balances,
    )


def parameters_of(wishes: Wishes, settings: DraftSettings) -> dict[str, Any]:
    """Say how a draft was made, as plain values that JSON can hold; locks that were not set are left out."""
    return {
        "time_limit": settings.time_limit,
        "style": style(wishes.style).code,
        "prices": asdict(settings.prices),
        "effort": settings.effort,
        "locks": {name: value for name, value in asdict(settings.locks).items() if value},
        "quantities": [asdict(balance) for balance in settings.quantities],
    }


def share_grids(total: int, communities: Sequence[Community], bounds: Bounds) -> dict[str, int]:
    """Share a number of grids out among communities, by households.

    Each has at least one; as long as the number allows, none gets fewer or more than its households can fill.

    Raises
    ------
    BoundsError
        There are fewer grids than communities.
    """
    if total < len(communities):
        raise BoundsError(
            f"要求 {total} 个网格,但有 {len(communities)} 个社区;每个社区至少一个网格",
            f"{total} grids are asked for, but there are {len(communities)} communities; each has at least one",
        )
    households = {community.code: int(community.buildings["households"].sum()) for community in communities}
    least = {code: max(1, math.ceil(count / bounds.upper)) for code, count in households.items()}
    most = {code: max(least[code], count // bounds.lower) for code, count in households.items()}
    shares = dict.fromkeys(households, 1)
    for _ in range(total - len(shares)):
        open_to = [c for c in shares if shares[c] < least[c]] or [c for c in shares if shares[c] < most[c]]
        # The next grid goes where its households per grid are most (D'Hondt); the first code of several alike.
        taker = max(sorted(open_to or shares), key=lambda code: households[code] / (shares[code] + 1))
        shares[taker] += 1
    return shares


def parse_balance(text: str) -> Balance:
    """Read ``NAME=LEAST:MOST``; either end may be left out.

    Raises
    ------
    InputError
        The text does not read so.
    """
    name, sign, limits = text.rpartition("=")
    low, colon, high = limits.partition(":")
    try:
        if not (sign and colon and name.strip() and limits != ":"):
            raise ValueError
        lower, upper = (float(end) if end.strip() else None for end in (low, high))
        if any(end is not None and not math.isfinite(end) for end in (lower, upper)):
            raise ValueError
    except ValueError:
        raise InputError(
            f"“{text[:60]}”应写成 名称=下限:上限,如 small_shop=0:20",
            f"{text[:60]!r} should read NAME=LEAST:MOST, such as small_shop=0:20",
        ) from None
    return Balance(name.strip(), lower, upper)


def read_wishes(path: Path, base: Wishes | None = None) -> Wishes:
    """Read a file of wishes (.toml or .json) over ``base``.

    Raises
    ------
    FileFormatError
        The file cannot be read, or holds something else.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError
        text = path.read_text(encoding="utf-8-sig")
        told = tomllib.loads(text) if path.suffix.casefold() == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise FileFormatError(
            f"无法读取锁定文件“{path.name}”:应为 UTF-8 的 .toml 或 .json",
            f"cannot read the file of wishes {path.name!r}: it should be .toml or .json in UTF-8",
        ) from error
    if not isinstance(told, dict):
        raise _wrong(path.name, "文件", "the file")
    return wishes_from(told, path.name, base)


def wishes_from(told: dict[str, Any], source: str, base: Wishes | None = None) -> Wishes:
    """Take wishes out of plain values.

    Raises
    ------
    FileFormatError
        A name is unknown, or its value of the wrong type; the message says which.
    """
    readers = {
        "style": _text,
        "dials": _dials,
        "keep_grids": _texts,
        "whole_compounds": _compounds,
        "together": _groups,
        "apart": _pairs,
        "grids": _count,
        "posts": _texts,
        "balance": _balances,
        "repair": _flag,
        "settle_borders": _flag,
    }
    unknown = sorted(set(told) - set(readers))
    if unknown:
        allowed = "、".join(readers)
        raise FileFormatError(
            f"“{source}”中有不认识的项:{'、'.join(unknown)[:80]};可用 {allowed}",
            f"{source!r} holds unknown names: {', '.join(unknown)[:80]}; allowed: {', '.join(readers)}",
        )
    found: dict[str, Any] = {}
    for name, value in told.items():
        try:
            found["balances" if name == "balance" else name] = readers[name](value)
        except TypeError:
            raise _wrong(source, name, name) from None
    return replace(base or Wishes(), **found)


def _wrong(source: str, zh: str, en: str) -> FileFormatError:
    return FileFormatError(
        f"“{source}”中 {zh} 的写法有误;写法见 wangge plan --help 和 geo/services/wishes.py",
        f"{source!r}: {en} is not written as it should be; see wangge plan --help and geo/services/wishes.py",
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_text(item) for item in value)


def _compounds(value: Any) -> tuple[str, ...] | Literal["fitting"]:
    return FITTING if value == FITTING else _texts(value)


def _groups(value: Any) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_texts(item) for item in value)


def _pairs(value: Any) -> tuple[tuple[str, str], ...]:
    pairs = []
    for group in _groups(value):
        if len(group) != 2:
            raise TypeError
        pairs.append((group[0], group[1]))
    return tuple(pairs)


def _dials(value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise TypeError
    if any(isinstance(number, bool) or not isinstance(number, int | float) for number in value.values()):
        raise TypeError
    return {str(dial): float(number) for dial, number in value.items()}


def _balances(value: Any) -> tuple[Balance, ...]:
    return tuple(parse_balance(text) for text in _texts(value))
