"""Workflows: the steps that a case runs through, who may take them, what they need and how long they may last.

A workflow is a file in ``data/dictionaries/workflows/``. Its :attr:`Workflow.content` is kept with the cases that begin
under it, so that they finish under it, whatever the file says later: :func:`parse` reads both.
"""

import hashlib
import json
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from geo.errors import CodeError, InputError
from geo.ledger import workflow_faults
from geo.ledger.working_time import Limit
from geo.territory.dictionaries import dictionary

State = Literal["open", "paused", "closed", "void"]
Effect = Literal["fix", "close", "void", "reopen", "pause", "resume", "extend", "escalate", "stop_work"]
Limits = Mapping[str | None, Limit]
"""Limits by nature; the one of ``None`` holds for all natures that have none of their own."""
#: Whose hand moves a case when a time has passed and nobody did: a role beside those of people.
CLOCK = "clock"


@dataclass(frozen=True)
class Named:
    """A code with its two names."""

    code: str
    zh: str
    en: str

    @property
    def label(self) -> str:
        """Chinese first, English beside it."""
        return f"{self.zh} {self.en}"


@dataclass(frozen=True)
class Step(Named):
    """Where a case may stand.

    Attributes
    ----------
    roles
        Whose turn it is: the roles that the next move is expected of.
    limits
        How long it may stand here, by nature.
    interlude
        Whether it interrupts another step, which the case returns to: a pause, or the wait for an extension. That
        step's limit goes on running meanwhile, unless the state is ``paused``.
    """

    state: State
    roles: frozenset[str]
    limits: Limits = field(repr=False)
    interlude: bool = False

    @property
    def is_live(self) -> bool:
        """Whether a case that stands here has not come to its end."""
        return self.state in ("open", "paused")


@dataclass(frozen=True)
class Action(Named):
    """What may be done to a case.

    Attributes
    ----------
    sources, target
        The steps that it leaves from, and the one it leads to; without a target the case stays where it is, or, with
        the effects ``resume`` and ``extend``, returns to the step that an interlude interrupted.
    roles, barred
        Who may do it, and who of them may not: ``finder``, ``fixer``, ``last`` (the one who did the step before).
    requires, takes, evidence
        Fields that must be filled in (dictionary ``case_fields``), those that may be, and photos that must be there
        (``evidence_phases``). Notes and reasons may always be given.
    natures, ratings
        The only natures it is for, and the only ratings it may be done with; empty: all.
    effect
        What else it does (``case_effects``).
    rung
        The rung that the case is taken up to, if it stands below; None with the effect ``escalate``: the next one.
    extensions
        It may be done only while the limit was put off fewer times than this; None: always.
    """

    sources: frozenset[str]
    target: str | None
    roles: frozenset[str]
    requires: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    barred: frozenset[str] = frozenset()
    natures: frozenset[str] = frozenset()
    ratings: frozenset[int] = frozenset()
    effect: Effect | None = None
    rung: str | None = None
    extensions: int | None = None


@dataclass(frozen=True)
class Rung(Named):
    """A level that answers for a case.

    Attributes
    ----------
    share
        The share of the case's limit by which a case that is not done goes up to this rung by itself; None: never.
    roles
        Who answers on this rung.
    """

    share: float | None
    roles: frozenset[str]


@dataclass(frozen=True)
class Workflow(Named):
    """All steps of one kind of case, from found to gone.

    Attributes
    ----------
    prefix
        What numbers of such cases begin with.
    opens
        Roles that may open a case.
    limits
        How long a case may take as a whole, by nature.
    lights
        Shares of a limit up to which the green and the yellow light show.
    content, digest
        What the file says, to be kept as JSON with the cases, and its SHA-256.
    """

    prefix: str
    source: str
    start: str
    opens: frozenset[str]
    natures: tuple[Named, ...]
    steps: Mapping[str, Step]
    actions: Mapping[str, Action]
    rungs: tuple[Rung, ...]
    limits: Limits
    lights: Mapping[str, float]
    digest: str
    content: Mapping[str, Any] = field(repr=False, compare=False)

    def nature(self, code: str | None) -> Named | None:
        """Return a nature by its code."""
        return next((nature for nature in self.natures if nature.code == code), None)

    def rung_number(self, code: str | None) -> int:
        """Return how far up a rung is, from 0; -1 for none."""
        return next((number for number, rung in enumerate(self.rungs) if rung.code == code), -1)

    def actions_from(self, step: str) -> Iterator[Action]:
        """Yield what may be done to a case in a step, in the order of the file."""
        return (action for action in self.actions.values() if step in action.sources)

    @cached_property
    def settled_steps(self) -> frozenset[str]:
        """The steps in which it is fixed as far as reported: from them a case can be closed without another fix."""
        settled = {step.code for step in self.steps.values() if step.state == "closed"}
        grown = True
        while grown:
            more = {
                source
                for action in self.actions.values()
                if action.target in settled and action.effect not in ("fix", "reopen")
                for source in action.sources - settled
            }
            settled |= more
            grown = bool(more)
        return frozenset(settled)


def limit_for(limits: Limits, nature: str | None) -> Limit | None:
    """Return the limit of a nature."""
    return limits.get(nature, limits.get(None))


@cache
def workflow(code: str) -> Workflow:
    """Return the workflow of ``data/dictionaries/workflows/{code}.toml``.

    Raises
    ------
    CodeError
        There is none of this code.
    InputError
        The file is wrong; the message names every fault.
    """
    if code not in workflow_codes():
        known = workflow_codes()
        raise CodeError(
            f"没有代码为“{code}”的办理流程;现有:{'、'.join(known)}",
            f"there is no workflow {code!r}; there are: {', '.join(known)}",
        )
    path = files("data") / "dictionaries" / "workflows" / f"{code}.toml"
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    # The shares are kept with the cases too, so that a light never changes in the middle of one.
    lights = dictionary("lights").entries.values()
    content.setdefault("lights", {entry.code: entry.extra["until"] for entry in lights if "until" in entry.extra})
    return parse(content, roles={*dictionary("roles").entries, CLOCK})


@cache
def workflow_codes() -> tuple[str, ...]:
    """Return the codes of all workflows there are files of."""
    folder = files("data") / "dictionaries" / "workflows"
    return tuple(sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")))


def parse(content: Mapping[str, Any], *, roles: Collection[str] | None = None) -> Workflow:
    """Read a workflow from what its file says, or from what was kept of it.

    Parameters
    ----------
    content
        As in the file; nothing but what JSON knows.
    roles
        The roles there are; None: any, since a kept workflow may name one that is gone.

    Raises
    ------
    InputError
        Something is wrong with it; the message names every fault.
    """
    faults = workflow_faults.find_faults(content, roles)
    if faults:
        name = content.get("code") if isinstance(content, Mapping) else None
        raise InputError(
            f"办理流程“{name}”有 {len(faults)} 处错误:" + ";".join(fault.zh for fault in faults),
            f"workflow {name!r} has {len(faults)} faults: " + "; ".join(fault.en for fault in faults),
        )
    kept = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return Workflow(
        **_names(content),
        prefix=content["prefix"],
        source=content["source"],
        start=content["start"],
        opens=frozenset(content["opens"]),
        natures=tuple(Named(**_names(row)) for row in content.get("natures", ())),
        steps=MappingProxyType({row["code"]: _step(row) for row in content["steps"]}),
        actions=MappingProxyType({row["code"]: _action(row) for row in content["actions"]}),
        rungs=tuple(_rung(row) for row in content.get("rungs", ())),
        limits=_limits(content),
        lights=MappingProxyType(dict(content["lights"])),
        digest=hashlib.sha256(kept.encode()).hexdigest(),
        content=MappingProxyType(json.loads(kept)),
    )


def _names(row: Mapping[str, Any]) -> dict[str, str]:
    return {"code": row["code"], "zh": row["zh"], "en": row["en"]}


def _limits(row: Mapping[str, Any]) -> Limits:
    limits: dict[str | None, Limit] = {nature: Limit(**limit) for nature, limit in row.get("limits", {}).items()}
    if "limit" in row:
        limits[None] = Limit(**row["limit"])
    return MappingProxyType(limits)


def _step(row: Mapping[str, Any]) -> Step:
    return Step(
        **_names(row),
        state=row["state"],
        roles=frozenset(row.get("roles", ())),
        limits=_limits(row),
        interlude=row.get("interlude", False),
    )


def _action(row: Mapping[str, Any]) -> Action:
    return Action(
        **_names(row),
        sources=frozenset(row["sources"]),
        target=row.get("target"),
        roles=frozenset(row["roles"]),
        requires=tuple(row.get("requires", ())),
        takes=tuple(row.get("takes", ())),
        evidence=tuple(row.get("evidence", ())),
        barred=frozenset(row.get("barred", ())),
        natures=frozenset(row.get("natures", ())),
        ratings=frozenset(row.get("ratings", ())),
        effect=row.get("effect"),
        rung=row.get("rung"),
        extensions=row.get("extensions"),
    )


def _rung(row: Mapping[str, Any]) -> Rung:
    return Rung(**_names(row), share=row.get("share"), roles=frozenset(row["roles"]))
