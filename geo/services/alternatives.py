"""Draft several plans of the same communities, one per style of plan, and further seeds where styles agree."""

import time
from collections.abc import Sequence
from dataclasses import replace

from geo.regionalization.choices import BALANCED, Choice, Style, beaten, distinct, reaches_goal, style, styles
from geo.regionalization.communities import Community
from geo.regionalization.drafting import DraftSettings
from geo.regionalization.execution import Progress, draft_communities

#: With fewer plans that differ, further seeds are tried ...
WANTED = 3
#: ... but no more than so many.
FURTHER_SEEDS = 2
#: A style whose plan is no better by what it is for than the plans before is drafted again with other seeds, so often.
TRIES = 3


def draft_choices(
    communities: Sequence[Community],
    settings: DraftSettings,
    asked: str,
    named: Sequence[str] | None = None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> list[Choice]:
    """Draft plans of several styles; some may be alike, or no better than others (``choices.distinct``).

    Parameters
    ----------
    settings
        Of the first plan. The others have its bounds, locks and quantities and the dials of their styles.
    asked
        Style of the first plan.
    named
        Further styles; None for all that make sense, and further seeds where those differ too little.
    progress
        Told of all plans together; a plan that it stopped is the last one.

    Raises
    ------
    CodeError
        There is no style of that name.
    """
    previous = any(community.previous is not None for community in communities)
    others = styles(previous=previous) if named is None else [style(name) for name in named]
    first = _as_asked(style(asked), settings)
    wanted = [(first, settings)]
    wanted += [(one, replace(settings, prices=one.prices)) for one in others if one.code != first.code]
    if settings.effort == "repair":
        # The smallest change is one plan; beside it stand plans drawn with a free hand.
        wanted = wanted[:1] + [(one, replace(asked_of, effort="polished")) for one, asked_of in wanted[1:]]
    choices: list[Choice] = []
    for number, (one, asked_of) in enumerate(wanted):
        part = _part(progress, one, number, wanted)
        for again in range(TRIES):
            choice = _draft(communities, one, replace(asked_of, seed=settings.seed + again), workers, scheduler, part)
            if again == 0:
                choices.append(choice)
            elif reaches_goal(choice, choices[-1]):
                choices[-1] = choice
            if _stopped(choice):
                return choices
            if number == 0 or _reaches_goal(choices[-1], choices[:-1]):
                break
    for further in range(1, FURTHER_SEEDS + 1 if named is None else 1):
        if len(distinct(choices)[0]) >= WANTED:
            break
        reseeded = replace(settings, seed=settings.seed + further)
        # Two plans cannot both be the best of their kind.
        named_so = first if first.goal is None else style(BALANCED)
        choices.append(_draft(communities, named_so, reseeded, workers, scheduler, progress))
        if _stopped(choices[-1]):
            break
    return choices


def _as_asked(one: Style, settings: DraftSettings) -> Style:
    """Return the style of the first plan: as somebody turned its dials, or repairs, it promises nothing of its own."""
    if settings.effort == "repair":
        return replace(one, zh=f"{one.zh}(修复)", en=f"{one.en}, repaired", goal=None)
    if settings.prices != one.prices:
        return replace(one, zh=f"{one.zh}(自调)", en=f"{one.en}, own dials", goal=None)
    return one


def _reaches_goal(choice: Choice, earlier: Sequence[Choice]) -> bool:
    """Say whether a plan is better than the first by what its style is for, and no worse than the others."""
    return reaches_goal(choice, earlier[0]) and not any(beaten(choice, one) for one in earlier)


def _draft(
    communities: Sequence[Community],
    one: Style,
    settings: DraftSettings,
    workers: int | None,
    scheduler: str | None,
    progress: Progress | None,
) -> Choice:
    started = time.perf_counter()
    drafts = draft_communities(communities, settings, workers=workers, scheduler=scheduler, progress=progress)
    return Choice(one, settings, drafts, time.perf_counter() - started)


def _part(
    progress: Progress | None, one: Style, number: int, wanted: Sequence[tuple[Style, DraftSettings]]
) -> Progress | None:
    """Progress of one plan among several, as progress of all."""
    if progress is None:
        return None
    tell = progress

    def part(code: str, done: float, total: int) -> bool | None:
        return tell(f"{one.zh} {code}", number * total + done, len(wanted) * total)

    return part


def _stopped(choice: Choice) -> bool:
    return any(draft.metrics.get("cancelled") for draft in choice.drafts)
