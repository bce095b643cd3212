"""Who answers for a thing on a day: was it looked for, was the looking good, was what was found dealt with.

The answer is reasoned from what is on record, step by step, each step naming the events it rests on. Which grid a thing
was in and who was in charge of it come as of their days, so that the answer holds when grids were redrawn in between.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from geo.ledger import handling
from geo.ledger.history import (
    Event,
    Look,
    PlaceHistory,
    Story,
    Turn,
    doer_names,
    in_charge,
    kind_names,
    names_in_charge,
)
from geo.ledger.verdicts import Reasoned, Verdict, by_gravity
from geo.territory.dictionaries import Entry, dictionary
from geo.territory.times import CHINA_TIME

_NOBODY = "(空缺)"


@dataclass(frozen=True)
class Answer:
    """Who answers for a thing on a day.

    Attributes
    ----------
    verdict, also
        The gravest of what follows from the steps, and what follows besides.
    steps
        The reasoning: who was in charge, was it looked for, was the looking good, was what was found dealt with.
    """

    label: str
    day: date
    verdict: Verdict
    also: tuple[Verdict, ...]
    steps: tuple[Reasoned, ...]

    @property
    def who(self) -> tuple[str, ...]:
        """Who answers for what the verdict says."""
        names = (step.who for step in self.steps if step.verdict == self.verdict and step.who is not None)
        return tuple(dict.fromkeys(names))

    @property
    def entry(self) -> Entry:
        """The verdict in words."""
        return dictionary("verdicts")[self.verdict]


def answer(history: PlaceHistory, day: date) -> Answer:
    """Say who answers for a thing on a day, as it stood when the day ended.

    What came to light later counts where it shows how things were on the day: a hazard that was there, and that a look
    had passed.
    """
    moment = datetime(day.year, day.month, day.day, tzinfo=CHINA_TIME) + timedelta(days=1) - timedelta.resolution
    steps = (
        *_in_charge(history, day),
        *_looked_for(history, day),
        *_inspected(history, moment),
        *handling.reasoned(history, moment),
    )
    reached = {step.verdict for step in steps} - {None}
    known = history.turns or any(look.event.at <= moment for look in history.looks)
    known = known or any(story.found.at <= moment for story in history.stories)
    verdicts = [verdict for verdict in by_gravity() if verdict in reached]
    verdicts = verdicts or ["in_order" if known else "nothing_due"]
    return Answer(history.label, day, verdicts[0], tuple(verdicts[1:]), steps)


def _in_charge(history: PlaceHistory, day: date) -> Iterator[Reasoned]:
    held = in_charge(history.charges, day)
    for charge in held:
        yield Reasoned(
            "in_charge",
            f"{day} 此处属网格 {charge.grid or '(未划)'},负责人{charge.who or _NOBODY}",
            f"on {day} this was in grid {charge.grid or '(none)'}, in charge: {charge.who or '(nobody)'}",
            events=() if charge.event is None else (charge.event,),
        )
    if not held:
        yield Reasoned("in_charge", f"{day} 此处没有网格和负责人的记录", f"no grid or person is on record for {day}")


# ── was it looked for ────────────────────────────────────────────────────────────────────────────────────────────────


def _looked_for(history: PlaceHistory, day: date) -> Iterator[Reasoned]:
    if not history.turns:
        yield Reasoned("looked_for", "没有检查计划涉及此处", "no inspection plan covers this")
    for turn in history.turns:
        yield _missed(history, turn, day) if turn.on < day else _in_time(turn)


def _in_time(turn: Turn) -> Reasoned:
    last_zh, last_en = _last_seen(turn)
    return Reasoned(
        "looked_for",
        f"{turn.party_zh}按期检查:下次最迟 {turn.on},{last_zh}",
        f"{turn.party_en}: in time, next due by {turn.on}, {last_en}",
        events=() if turn.last_seen is None else (turn.last_seen,),
    )


def _missed(history: PlaceHistory, turn: Turn, day: date) -> Reasoned:
    """Say that a cycle was missed, and whose it was on the day it was due: not whose grid it is today."""
    (last_zh, last_en), late_days = _last_seen(turn), (day - turn.on).days
    who = turn.party_zh
    who_en = turn.party_en
    if turn.by_grid:
        grids = "、".join(each.grid for each in in_charge(history.charges, turn.on) if each.grid) or "(未划)"
        who = names_in_charge(history.charges, turn.on) or _NOBODY
        who_en = f"{who} (grid {grids})"
        last_zh += f";当日属网格 {grids}"
    return Reasoned(
        "looked_for",
        f"{turn.party_zh}最迟应于 {turn.on} 检查,至 {day} 逾期 {late_days} 天未查,{last_zh};责任人:{who}",
        f"{turn.party_en} had to look by {turn.on} and was {late_days} days late on {day}, {last_en};"
        f" answers: {who_en}",
        "not_looked_for",
        (*(() if turn.last_seen is None else (turn.last_seen,)), *turn.no_access),
        who,
    )


def _last_seen(turn: Turn) -> tuple[str, str]:
    zh = f"上次检查 {_on(turn.last_seen)}" if turn.last_seen else "此前从未查过"
    en = f"last seen on {_on(turn.last_seen)}" if turn.last_seen else "never seen before"
    if turn.no_access:
        zh += f",其后 {len(turn.no_access)} 次无人应门"
        en += f", nobody opened {len(turn.no_access)} times since"
    return zh, en


# ── was the looking good ─────────────────────────────────────────────────────────────────────────────────────────────


def _inspected(history: PlaceHistory, moment: datetime) -> Iterator[Reasoned]:
    """Yield the last look before the moment, and each hazard that a look passed although it was there."""
    past = [look for look in history.looks if look.event.at <= moment]
    for look in sorted(past, key=lambda look: look.event.at)[-1:]:
        found_zh = "、".join(sorted(kind_names(kind)[0] for kind in look.found)) or "无隐患"
        found_en = ", ".join(sorted(kind_names(kind)[1] for kind in look.found)) or "nothing"
        who_zh, who_en = doer_names(look.event.who)
        yield Reasoned(
            "inspected",
            f"{_on(look.event)} {who_zh}检查,查出:{found_zh}",
            f"{who_en} looked on {_on(look.event)} and found: {found_en}",
            events=(look.event,),
        )
    for story in history.stories:
        # What was found by then is a matter of what was done about it, no longer of when it came to light.
        if story.found.at > moment:
            yield from (_passed(story, look) for look in past if story.kind in look.passed and _was_there(story, look))


def _passed(story: Story, look: Look) -> Reasoned:
    kind_zh, kind_en = kind_names(story.kind)
    who_zh, who_en = doer_names(look.event.who)
    finder_zh, finder_en = doer_names(story.found.who)
    if story.there_since is not None:
        why_zh, why_en = f"查明 {story.there_since:%Y-%m-%d} 已存在", f"it was there on {story.there_since:%Y-%m-%d}"
    else:
        days = _presumed_days(story.kind)
        why_zh, why_en = (
            f"此类隐患 {days} 天内不会新生,推定已存在",
            f"such a thing takes over {days} days to come about",
        )
    return Reasoned(
        "inspected",
        f"{who_zh}于 {_on(look.event)} 检查,“{kind_zh}”记为正常;{_on(story.found)} 由{finder_zh}查出"
        f" {story.number},{why_zh}",
        f"{who_en} looked on {_on(look.event)} and passed {kind_en!r}; {finder_en} found {story.number}"
        f" on {_on(story.found)}, and {why_en}",
        "looked_and_missed",
        (look.event, story.found),
        who_zh or None,
    )


def _was_there(story: Story, look: Look) -> bool:
    """Whether a hazard that was found later was there at a look: found out, or presumed by its kind."""
    if story.there_since is not None:
        return story.there_since <= look.event.at
    return story.found.at - look.event.at <= timedelta(days=_presumed_days(story.kind))


def _presumed_days(kind: str) -> int:
    known = dictionary("hazard_kinds").entries.get(kind)
    return 0 if known is None else int(known.extra.get("presumed_days", 0))


def _on(event: Event) -> str:
    return f"{event.at.astimezone(CHINA_TIME):%Y-%m-%d}"
