"""Several good plans that differ, and what each of them costs.

The table of trade-offs, as reports, the terminal and HTTP carry it (plain values that JSON can hold)::

    {
      "figures": [{"name", "zh", "en", "unit", "better"}, ...],     what is compared, in the order of columns
      "plans": [                                                    the first is the one that was asked for
        {"style", "zh", "en", "note_zh", "note_en", "seed",
         "prices": {"boundary", "barrier", "compactness", "stability", "fewer"},
         "plan": id in the store or None, "file": name of the file or None,
         "figures": {name: value, ...},
         "differs": [households that differ from each plan of the table, itself 0, ...]},
        ...],
      "same": [{"style", "zh", "en", "seed", "as": style, "differs": households}, ...],     left out: as good as equal
      "price_of_stability": {name: value, ...} or None       figures of the balanced plan less those of one drawn anew
    }

``better`` is ``more``, ``less`` or ``none``; the units are those of ``geo.regionalization.metrics``.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

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
    """

    style: Style
    settings: DraftSettings
    drafts: Sequence[CommunityDraft]
    seconds: float


@dataclass(frozen=True)
class Same:
    """A choice that was left out, and the one that it is as good as equal to."""

    left_out: Choice
    kept: Choice
    households: int


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
    metrics = {name: sum(draft.metrics.get(name, 0.0) for draft in drafts) for name in FIGURES}
    shape = np.concatenate([draft.grids["polsby_popper"].to_numpy(float) for draft in drafts] or [np.zeros(0)])
    metrics |= {
        "grids": float(sum(len(draft.grids) for draft in drafts)),
        "in_range": float(sum(int(draft.grids["in_range"].sum()) for draft in drafts)),
        "polsby_popper": float(shape.mean()) if len(shape) else 0.0,
        "seconds": seconds,
    }
    return {name: round(value, 3) for name, value in metrics.items()}


def reaches_goal(choice: Choice, than: Choice) -> bool:
    """Say whether a plan is better than another by what its style is for; a style without a goal always is."""
    goal = choice.style.goal
    if goal is None:
        return True
    mine, theirs = (figures(one.drafts, 0.0) for one in (choice, than))
    # Grids out of range outweigh every goal.
    failed = [told["grids"] - told["in_range"] for told in (mine, theirs)]
    # The number of grids is neither good nor bad by itself; as a goal it means few.
    sign = 1 if METRICS[goal].better == "more" else -1
    return (-failed[0], sign * mine[goal]) > (-failed[1], sign * theirs[goal])


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


def distinct(choices: Sequence[Choice], least_share: float = LEAST_DIFFERENCE) -> tuple[list[Choice], list[Same]]:
    """Leave out choices that differ from an earlier one in less than a share of the households.

    Returns
    -------
    kept, left out
        The first choice is always kept.
    """
    kept: list[Choice] = []
    left_out: list[Same] = []
    for choice in choices:
        households = sum(int(draft.grids["households"].sum()) for draft in choice.drafts)
        differing = [households_differing(earlier.drafts, choice.drafts) for earlier in kept]
        nearest = min(range(len(kept)), key=lambda i: differing[i], default=None)
        if nearest is None or differing[nearest] >= max(1.0, least_share * households):
            kept.append(choice)
        else:
            left_out.append(Same(choice, kept[nearest], differing[nearest]))
    return kept, left_out


def trade_offs(kept: Sequence[Choice], left_out: Sequence[Same] = ()) -> dict[str, Any]:
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
                "prices": asdict(choice.settings.prices),
                "plan": None,
                "file": None,
                "figures": figures(choice.drafts, choice.seconds),
                "differs": row,
            }
            for choice, row in zip(kept, differs, strict=True)
        ],
        "same": [
            {**_words(same.left_out), "as": same.kept.style.code, "differs": same.households} for same in left_out
        ],
        "price_of_stability": _price_of_stability([*kept, *(same.left_out for same in left_out)]),
    }


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
