"""Several good plans that differ, and what each of them costs.

The table of trade-offs, as reports, the terminal and HTTP carry it (plain values that JSON can hold)::

    {
      "figures": [{"name", "zh", "en", "unit", "better"}, ...],     what is compared, in the order of columns
      "plans": [                                                    the first is the one that was asked for
        {"style", "zh", "en", "note_zh", "note_en", "seed",
         "drawn_as": code of the style whose dials drew it, where that plan serves this style better than its own,
         "prices": {"boundary", "barrier", "compactness", "stability", "fewer"},
         "plan": id in the store or None, "file": name of the file or None,
         "figures": {name: value, ...},
         "differs": [households that differ from each plan of the table, itself 0, ...]},
        ...],
      "same": [                                                     plans that were left out
        {"style", "zh", "en", "seed", "as": style of the plan beside it, "differs": households,
         "because": "same" | "worse" | "out_of_range",
         "goal": {"name", "mine", "theirs"} or None},               the figure by which it is worse
        ...],
      "price_of_stability": {name: value, ...} or None       figures of the balanced plan less those of one drawn anew
    }

``better`` is ``more``, ``less`` or ``none``; the units are those of ``geo.regionalization.metrics``.

A style keeps its word: no plan of the table is better than a style's plan at what that style is for (:func:`distinct`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from geo.regionalization.continuity import households_between, old_grids
from geo.regionalization.drafting import CommunityDraft, DraftSettings
from geo.regionalization.metrics import METRICS
from geo.regionalization.outcome import Prices
from geo.territory.dictionaries import Entry, dictionary

#: Two plans of which a smaller share of the households is in different grids are one choice.
LEAST_DIFFERENCE = 0.02
#: What the columns of the table are; all are in the registry of metrics.
FIGURES = (
    "grids",
    "in_range",
    "boundary_cost",
    "barrier_crossed",
    "compounds_split",
    "polsby_popper",
    "households_moved",
    "seconds",
)
BALANCED = "balanced"
ANEW = "anew"
_DIALS = ("boundary", "barrier", "compactness", "stability", "fewer")


@dataclass(frozen=True)
class Style:
    """A named setting of the dials, a row of ``data/dictionaries/plan_styles.toml``.

    Attributes
    ----------
    goal
        The figure of :data:`FIGURES` that the style is for; None for one that weighs all.
    """

    code: str
    zh: str
    en: str
    note_zh: str
    note_en: str
    prices: Prices
    needs_previous: bool
    goal: str | None

    @property
    def label(self) -> str:
        """Chinese first, English beside it."""
        return f"{self.zh} {self.en}"


@dataclass(frozen=True)
class Choice:
    """One drafted plan among several.

    Attributes
    ----------
    style
        Its name.
    settings
        How it was drafted.
    drafts
        One per community, in the same order in all choices.
    seconds
        Wall time.
    drawn_as
        The style that it was drafted for, where it is offered under another's name.
    """

    style: Style
    settings: DraftSettings
    drafts: Sequence[CommunityDraft]
    seconds: float
    drawn_as: Style | None = None


#: Why a choice is left out: as good as equal to another, worse than another at what its style is for, or better than
#: another at what that one is for only because more of its own grids are out of range.
Because = Literal["same", "worse", "out_of_range"]


@dataclass(frozen=True)
class LeftOut:
    """A choice that was left out, the one beside which it stood, and the households that the two put differently."""

    choice: Choice
    beside: Choice
    households: int
    because: Because = "same"


def style(code: str) -> Style:
    """Return a style by its code, Chinese or English name.

    Raises
    ------
    CodeError
        There is no such style; the message lists those there are.
    """
    styles = dictionary("plan_styles")
    return _style(styles.find(code) or styles[code])


def styles(*, previous: bool) -> list[Style]:
    """List the styles that make sense: some say nothing where no plan is in force."""
    every = [_style(entry) for entry in dictionary("plan_styles").entries.values()]
    return [one for one in every if previous or not one.needs_previous]


def figures(drafts: Sequence[CommunityDraft], seconds: float) -> dict[str, float]:
    """Measure a plan by :data:`FIGURES`; sums over communities, compactness as the mean over grids."""
    return {name: round(value, 3) for name, value in (_measured(drafts) | {"seconds": seconds}).items()}


def _measured(drafts: Sequence[CommunityDraft]) -> dict[str, float]:
    """:data:`FIGURES`, not rounded."""
    metrics = {name: float(sum(draft.metrics.get(name, 0.0) for draft in drafts)) for name in FIGURES}
    shape = np.concatenate([draft.grids["polsby_popper"].to_numpy(float) for draft in drafts] or [np.zeros(0)])
    return metrics | {
        "grids": float(sum(len(draft.grids) for draft in drafts)),
        "in_range": float(sum(int(draft.grids["in_range"].sum()) for draft in drafts)),
        "polsby_popper": float(shape.mean()) if len(shape) else 0.0,
    }


def reaches_goal(choice: Choice, than: Choice) -> bool:
    """Say whether a plan is better than another by what its style is for; a style without a goal always is.

    Grids out of range outweigh every goal.
    """
    return choice.style.goal is None or _rank(choice, choice.style) < _rank(than, choice.style)


def beaten(choice: Choice, by: Choice) -> bool:
    """Say whether another plan is better at what this one's style is for, be its grids in range or not."""
    goal = choice.style.goal
    return goal is not None and _toll(by, goal) < _toll(choice, goal)


def _failed(choice: Choice) -> int:
    """Grids out of range."""
    return sum(int((~draft.grids["in_range"].astype(bool)).sum()) for draft in choice.drafts)


def _toll(choice: Choice, goal: str) -> float:
    """A figure of a plan, turned so that less is better.

    The number of grids is neither good nor bad by itself; as a goal it means few.
    """
    sign = -1 if METRICS[goal].better == "more" else 1
    return sign * _measured(choice.drafts)[goal]


def _rank(choice: Choice, by: Style) -> tuple[int, float]:
    """How good a plan is for a style, the least first."""
    return _failed(choice), 0.0 if by.goal is None else _toll(choice, by.goal)


def households_differing(first: Sequence[CommunityDraft], second: Sequence[CommunityDraft]) -> int:
    """Count the households that two plans of the same communities put into different grids.

    Grids of the two are matched one to one so that the count is the least.
    """
    total = 0
    for one, other in zip(first, second, strict=True):
        then = one.assignment.assign(grid=one.assignment["grid"].astype(str))
        before = old_grids(other.assignment, then)
        households = other.assignment["households"].to_numpy(np.int64)
        total += households_between(before, other.assignment["grid"].to_numpy(np.int64), households)
    return total


def distinct(choices: Sequence[Choice], least_share: float = LEAST_DIFFERENCE) -> tuple[list[Choice], list[LeftOut]]:
    """Leave out choices that are as good as equal to an earlier one, and those that break their style's word.

    Of what is kept, no plan is better than another at what the other's style is for. The first choice was asked for and
    is always kept; where another's plan serves its style better, it gets that plan.

    Parameters
    ----------
    choices
        Plans of the same communities, within the same bounds.
    least_share
        Plans of which a smaller share of the households is in different grids are one choice.

    Returns
    -------
    kept, left out
        In the order of the choices.
    """
    differing = _Differing()
    rest = [_best_for_first(choices, differing), *choices[1:]] if choices else []
    out: list[LeftOut] = []
    while True:
        kept, same = _unlike(rest, least_share, differing)
        broken = _broken_word(kept)
        if broken is None:
            return kept, [*same, *(_beside_kept(one, kept, differing) for one in out)]
        choice, beside, because = broken
        out.append(LeftOut(choice, beside, differing(beside, choice), because))
        rest = [one for one in rest if one is not choice]


class _Differing:
    """:func:`households_differing` of choices, counted once for each pair."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], int] = {}

    def __call__(self, one: Choice, other: Choice) -> int:
        if one.drafts is other.drafts:
            return 0
        pair = (id(one.drafts), id(other.drafts))
        if pair not in self._known:
            self._known[pair] = households_differing(one.drafts, other.drafts)
        return self._known[pair]


def _best_for_first(choices: Sequence[Choice], differing: _Differing) -> Choice:
    """Return the first choice, with the plan of another where that one serves its style better."""
    first = choices[0]
    if first.settings.effort == "repair":
        return first  # the smallest change is what was asked for, whatever a free hand can reach
    best = min(choices, key=lambda one: (_rank(one, first.style), differing(first, one)))
    if _rank(best, first.style) == _rank(first, first.style):
        return first
    return replace(best, style=first.style, drawn_as=best.style)


def _unlike(choices: Sequence[Choice], least_share: float, differing: _Differing) -> tuple[list[Choice], list[LeftOut]]:
    """Part choices into those that differ from all kept before, and the others."""
    kept: list[Choice] = []
    same: list[LeftOut] = []
    for choice in choices:
        households = sum(int(draft.grids["households"].sum()) for draft in choice.drafts)
        nearest = min(kept, key=lambda earlier: differing(earlier, choice), default=None)
        if nearest is None or differing(nearest, choice) >= max(1.0, least_share * households):
            kept.append(choice)
        else:
            same.append(LeftOut(choice, nearest, differing(nearest, choice)))
    return kept, same


def _broken_word(kept: Sequence[Choice]) -> tuple[Choice, Choice, Because] | None:
    """Return a choice that must go so that styles keep their word, beside which one, and why; None if all do.

    A plan that outdoes another at that one's goal with more grids out of range goes itself: range comes first.
    """
    found: list[tuple[Choice, Choice, Because]] = []
    for mine in kept:
        for other in kept:
            if not beaten(mine, other):
                continue
            if _failed(other) > _failed(mine) and other is not kept[0]:
                found.append((other, mine, "out_of_range"))
            elif mine is not kept[0]:
                found.append((mine, other, "worse"))
    goers = {id(choice) for choice, _, _ in found}
    # What stands beside a goer should stay, so that its reason holds.
    sure = [one for one in found if id(one[1]) not in goers]
    return next(reversed(sure or found), None)


def _beside_kept(out: LeftOut, kept: Sequence[Choice], differing: _Differing) -> LeftOut:
    """Name beside a choice that was left out one that is kept."""
    if any(out.beside is one for one in kept):
        return out
    best = min(kept, key=lambda one: _rank(one, out.choice.style))
    return replace(out, beside=best, households=differing(best, out.choice))


def trade_offs(kept: Sequence[Choice], left_out: Sequence[LeftOut] = ()) -> dict[str, Any]:
    """Build the table of trade-offs; ``plan`` and ``file`` are None until somebody saves the plans."""
    differs = [[0] * len(kept) for _ in kept]
    for i, first in enumerate(kept):
        for j, second in enumerate(kept[:i]):
            differs[i][j] = differs[j][i] = households_differing(second.drafts, first.drafts)
    return {
        "figures": [_column(name) for name in FIGURES],
        "plans": [
            {
                **_words(choice),
                "note_zh": choice.style.note_zh,
                "note_en": choice.style.note_en,
                "drawn_as": None if choice.drawn_as is None else choice.drawn_as.code,
                "prices": asdict(choice.settings.prices),
                "plan": None,
                "file": None,
                "figures": figures(choice.drafts, choice.seconds),
                "differs": row,
            }
            for choice, row in zip(kept, differs, strict=True)
        ],
        "same": [
            {
                **_words(out.choice),
                "as": out.beside.style.code,
                "differs": out.households,
                "because": out.because,
                "goal": _goal_missed(out),
            }
            for out in left_out
        ],
        "price_of_stability": _price_of_stability([*kept, *(out.choice for out in left_out)]),
    }


def _goal_missed(out: LeftOut) -> dict[str, Any] | None:
    """The figure by which a choice that was left out is worse than the one beside it."""
    name = {"same": None, "worse": out.choice.style.goal, "out_of_range": "in_range"}[out.because]
    if name is None:
        return None
    mine, theirs = (figures(one.drafts, one.seconds)[name] for one in (out.choice, out.beside))
    return {"name": name, "mine": mine, "theirs": theirs}


def _price_of_stability(choices: Sequence[Choice]) -> dict[str, float] | None:
    measured = {choice.style.code: figures(choice.drafts, choice.seconds) for choice in reversed(choices)}
    if BALANCED not in measured or ANEW not in measured:
        return None
    return {name: round(measured[BALANCED][name] - measured[ANEW][name], 3) for name in FIGURES}


def _column(name: str) -> dict[str, str]:
    metric = METRICS[name]
    return {"name": name, "zh": metric.zh, "en": metric.en, "unit": metric.unit, "better": metric.better}


def _words(choice: Choice) -> dict[str, Any]:
    return {"style": choice.style.code, "zh": choice.style.zh, "en": choice.style.en, "seed": choice.settings.seed}


def _style(entry: Entry) -> Style:
    extra = entry.extra
    prices = Prices(**{dial: float(extra[dial]) for dial in _DIALS})
    return Style(
        entry.code,
        entry.zh,
        entry.en,
        extra["note_zh"],
        extra["note_en"],
        prices,
        bool(extra["needs_previous"]),
        extra.get("goal"),
    )
