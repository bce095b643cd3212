"""How a hazard was dealt with by a moment: assigned and fixed in time, or not, or back again."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from geo.ledger.history import Event, PlaceHistory, Stand, Story, kind_names
from geo.ledger.verdicts import Reasoned, Verdict
from geo.territory.dictionaries import dictionary


def reasoned(history: PlaceHistory, moment: datetime) -> Iterator[Reasoned]:
    """Yield a step for each hazard that had been found by a moment, void ones left out."""
    for story in history.stories:
        stands = story.until(moment)
        if stands and stands[-1].case.state != "void":
            yield _one(history, story, stands, moment)


def _one(history: PlaceHistory, story: Story, stands: tuple[Stand, ...], moment: datetime) -> Reasoned:
    case = stands[-1].case
    events = tuple(stand.event for stand in stands)
    if not case.is_live:
        return _step(story, events, "已办结", "is done with")
    if (earlier := _closed_before(history, story)) is not None or case.reopened:
        all_stands = stands if earlier is None else (*earlier, *stands)
        who = next((stand.case.assignee for stand in reversed(all_stands) if stand.case.assignee), stands[-1].turn)
        said = (
            f"整改销号后复发,尚未办结,此前由{who}承办",
            f"was fixed and closed, came back and is not done with; it had been assigned to {who}",
        )
        return _step(story, tuple(stand.event for stand in all_stands), *said, "came_back", who)
    if case.state == "paused":
        return _step(story, events, "已挂账,不计时", "is paused, its clock stands still")
    due = case.red_at
    if due is None or moment <= due:
        until = "" if due is None else f" {due:%Y-%m-%d %H:%M}"
        return _step(story, events, f"在办,未超时限{until}", f"is being dealt with, within its limit{until}")
    return _late(story, stands[-1], events, due)


def _late(story: Story, stand: Stand, events: tuple[Event, ...], due: datetime) -> Reasoned:
    """Say at what a hazard was late, and whose it was."""
    case, was_due = stand.case, f"{due:%Y-%m-%d %H:%M}"
    if case.assignee is None:
        said = (
            f"应于 {was_due} 前交办,逾期未交办,当时轮到{stand.turn}",
            f"was to be assigned by {was_due} and was not",
        )
        return _step(story, events, *said, "found_not_assigned", stand.turn)
    if stand.is_settled:
        said = (
            f"由{case.fixed_by}报整改完成,应于 {was_due} 前复查,逾期未复查,当时轮到{stand.turn}",
            f"was reported as fixed by {case.fixed_by}, to be looked at again by {was_due}, and was not",
        )
        return _step(story, events, *said, "assigned_not_fixed", stand.turn)
    said = (
        f"已交办{case.assignee},应于 {was_due} 前办理,逾期未整改完成",
        f"was assigned to {case.assignee}, due {was_due}, and was not fixed",
    )
    return _step(story, events, *said, "assigned_not_fixed", case.assignee)


def _closed_before(history: PlaceHistory, story: Story) -> tuple[Stand, ...] | None:
    """Return the story of a hazard of the same kind that was closed a short time before this one was found."""
    within = timedelta(days=dictionary("verdicts")["came_back"].extra["within_days"])
    alike = (other for other in history.stories if other is not story and other.kind == story.kind)
    earlier = [other.until(story.found.at) for other in alike]
    closed = [
        stands
        for stands in earlier
        if stands and stands[-1].case.state == "closed" and stands[-1].event.at >= story.found.at - within
    ]
    return max(closed, key=lambda stands: stands[-1].event.at, default=None)


def _step(
    story: Story, events: tuple[Event, ...], zh: str, en: str, verdict: Verdict | None = None, who: str | None = None
) -> Reasoned:
    """Say something of a hazard, with its number, kind and finding before it."""
    (kind_zh, kind_en), found = kind_names(story.kind), story.found
    return Reasoned(
        "dealt_with",
        f"{story.number}({kind_zh},{found.at:%Y-%m-%d} 由{found.who}发现){zh}",
        f"{story.number} ({kind_en}, found on {found.at:%Y-%m-%d} by {found.who}) {en}",
        verdict,
        events,
        who,
    )
