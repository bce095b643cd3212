"""What people fill in when they do something to a case, and what of it is missing or wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from geo.errors import InputError
from geo.ledger.workflows import Action, Workflow
from geo.ledger.working_time import Limit, china_time
from geo.territory.dictionaries import dictionary

if TYPE_CHECKING:
    from geo.ledger.cases import Case

#: Fields that may be given with everything.
ALWAYS_TAKEN = ("note", "reason")
LONGEST = 2_000
"""Characters of a text at most."""
LONGEST_LIMIT = timedelta(days=3650)
"""How far ahead a limit may be set: no calendar knows more."""


@dataclass(frozen=True)
class Deed:
    """What somebody wants to do.

    Attributes
    ----------
    action
        The code of one of the workflow's actions.
    at
        When it was done, with a time zone.
    fields
        What was filled in, by the codes of the dictionary ``case_fields``; moments as such or in ISO 8601.
    evidence
        The phases (``evidence_phases``) that there are photos of.
    limit
        What the case may take as a whole, when its kind or duty says so.
    """

    action: str
    at: datetime
    note: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    evidence: frozenset[str] = frozenset()
    limit: Limit | None = None


@dataclass(frozen=True)
class Answers:
    """What was filled in, once it is known to be right."""

    at: datetime
    fields: Mapping[str, Any]
    nature: str | None
    assignee: str | None
    until: datetime | None
    rating: int | None
    limit: Limit | None


@dataclass(frozen=True)
class _Wrong:
    zh: str
    en: str


def check(workflow: Workflow, case: "Case", action: Action, deed: Deed) -> Answers:
    """Return what was filled in.

    Raises
    ------
    InputError
        Something is missing or wrong; the message names all of it.
    """
    at = _check_order(case, deed)
    given = _given(deed)
    wrong = [
        *_unasked(action, given),
        *_missing(action, given, deed.evidence),
        *_malformed(workflow, case, action, given, at),
    ]
    if wrong:
        raise InputError(
            f"“{action.zh}”不能办理:" + ";".join(one.zh for one in wrong),
            f"{action.en!r} cannot be done: " + "; ".join(one.en for one in wrong),
        )
    until = _moment(given["until"]) if "until" in given else None
    return Answers(
        at=at,
        fields=_kept(given, until, deed.limit),
        nature=given.get("nature"),
        assignee=given.get("assignee"),
        until=until,
        rating=given.get("rating"),
        limit=deed.limit,
    )


def check_nature(workflow: Workflow, nature: Any) -> None:
    """Refuse a nature that the workflow does not know.

    Raises
    ------
    InputError
        It knows others, which the message names.
    """
    if not isinstance(nature, str) or workflow.nature(nature) is None:
        wrong = _unknown_nature(workflow)
        raise InputError(wrong.zh, wrong.en)


def _check_order(case: "Case", deed: Deed) -> datetime:
    """Return the deed's moment; time never runs backwards."""
    at = china_time(deed.at)
    if at < case.moved_at:
        raise InputError(
            f"办理时间 {at:%Y-%m-%d %H:%M:%S} 早于此事项上一次办理的时间 {case.moved_at:%Y-%m-%d %H:%M:%S};"
            "请先查看最新情况再办理",
            f"this was done at {at:%Y-%m-%d %H:%M:%S}, before the last thing that was done to the case"
            f" ({case.moved_at:%Y-%m-%d %H:%M:%S}): see how it stands, then do it",
        )
    return at


def _given(deed: Deed) -> dict[str, Any]:
    """Return what was really filled in: blanks are nothing."""
    filled = {"note": deed.note, **deed.fields}
    trimmed = {code: value.strip() if isinstance(value, str) else value for code, value in filled.items()}
    return {code: value for code, value in trimmed.items() if value not in (None, "")}


def _kept(given: Mapping[str, Any], until: datetime | None, limit: Limit | None) -> dict[str, Any]:
    """Return what is kept of a deed as JSON, so that it can be done again; ``limit`` is nothing to fill in."""
    fields = {code: value for code, value in given.items() if code not in ("note", "limit")}
    if until is not None:
        fields["until"] = until.isoformat()
    return fields if limit is None else fields | {"limit": limit.content}


def _unasked(action: Action, given: Mapping[str, Any]) -> Iterator[_Wrong]:
    """Yield fields that would change the case, but are not asked for here."""
    for code in given:
        if code in dictionary("case_fields") and code not in (*action.requires, *action.takes, *ALWAYS_TAKEN):
            name = dictionary("case_fields")[code]
            yield _Wrong(f"此操作不填写“{name.zh}”", f"{name.en} is not asked for here")


def _missing(action: Action, given: Mapping[str, Any], evidence: frozenset[str]) -> Iterator[_Wrong]:
    for code in action.requires:
        if code not in given:
            name = dictionary("case_fields")[code]
            yield _Wrong(f"缺少“{name.zh}”", f"{name.en} is missing")
    for phase in action.evidence:
        if phase not in evidence:
            name = dictionary("evidence_phases")[phase]
            yield _Wrong(f"缺少{name.zh}", f"a {name.en} is missing")


def _malformed(
    workflow: Workflow, case: "Case", action: Action, given: Mapping[str, Any], at: datetime
) -> Iterator[_Wrong]:
    for code, value in given.items():
        if code not in dictionary("case_fields"):
            continue
        name = dictionary("case_fields")[code]
        form = name.extra["form"]
        if form == "text" and not (isinstance(value, str) and len(value) <= LONGEST):
            yield _Wrong(
                f"“{name.zh}”须为不超过 {LONGEST} 字的文字", f"{name.en}: at most {LONGEST} characters of text"
            )
        if form == "nature" and (not isinstance(value, str) or workflow.nature(value) is None):
            yield _unknown_nature(workflow)
        if form == "rating":
            yield from _wrong_rating(action, value)
        if form == "moment":
            yield from _wrong_moment(case, action, value, at)


def _unknown_nature(workflow: Workflow) -> _Wrong:
    codes = [nature.code for nature in workflow.natures]
    names = [f"{nature.code}({nature.zh})" for nature in workflow.natures]
    return _Wrong(
        f"性质须为:{'、'.join(names) or '(此流程不分性质)'}",
        f"nature has to be one of: {', '.join(codes) or '(this workflow has none)'}",
    )


def _wrong_rating(action: Action, value: Any) -> Iterator[_Wrong]:
    allowed = sorted(action.ratings) or sorted(int(code) for code in dictionary("case_ratings").entries)
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        names = [f"{code}({dictionary('case_ratings')[str(code)].zh})" for code in allowed]
        yield _Wrong(
            f"满意度在“{action.zh}”时须为 {'、'.join(names)}",
            f"the rating has to be one of {', '.join(map(str, allowed))} with {action.en!r}",
        )


def _wrong_moment(case: "Case", action: Action, value: Any, at: datetime) -> Iterator[_Wrong]:
    moment = _moment(value)
    if moment is None:
        yield _Wrong(
            "“期限”须为带时区的时刻,例如 2026-12-01T18:00:00+08:00",
            "the time limit has to be a moment with a time zone, such as 2026-12-01T18:00:00+08:00",
        )
    elif not at < moment <= at + LONGEST_LIMIT:
        years = LONGEST_LIMIT.days // 365
        yield _Wrong(
            f"“期限”须晚于办理时间,且不超过 {years} 年",
            f"the time limit has to be later than now, and within {years} years",
        )
    elif action.effect == "extend" and (old := case.step_due_at or case.due_at) and moment <= old:
        yield _Wrong(
            f"延期须晚于原期限 {old:%Y-%m-%d %H:%M}", f"the limit has to be put off beyond {old:%Y-%m-%d %H:%M}"
        )


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    try:
        return china_time(value)
    except InputError:
        return None
