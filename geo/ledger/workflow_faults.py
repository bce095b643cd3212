"""What is wrong with a workflow's file: every fault in one go, so that whoever writes one mends it once.

Two things hold for every workflow and are proved here for each file: no way leads to the end past a fix, and every
action that closes a case bars the one who fixed it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geo.territory.dictionaries import Dictionary, dictionary

MOST = 10_000
"""What a limit may amount to at most, in its unit: days of a generation."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class _Form:
    zh: str
    en: str
    holds: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_texts(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(map(_is_text, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= MOST


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and _is_number(value)


def _is_counts(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(map(_is_count, value))


def _is_limit(value: Any) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"amount", "unit"} or not _is_text(value["unit"]):
        return False
    counted = _is_count if value["unit"] in ("working_days", "days") else _is_number
    return value["unit"] in dictionary("limit_units") and counted(value["amount"])


def _is_limits(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_limit, value.values()))


def _is_rows(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(row, Mapping) for row in value)


def _is_lights(value: Any) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"green", "yellow"}:
        return False
    return all(map(_is_number, value.values())) and value["green"] <= value["yellow"] <= 1


TEXT = _Form("文字", "text", _is_text)
TEXTS = _Form("文字列表", "a list of texts", _is_texts)
FLAG = _Form("true 或 false", "true or false", lambda value: isinstance(value, bool))
NUMBER = _Form(f"大于 0、不超过 {MOST} 的数", f"a number over 0, at most {MOST}", _is_number)
COUNT = _Form(f"1 至 {MOST} 的整数", f"a whole number from 1 to {MOST}", _is_count)
COUNTS = _Form("整数列表", "a list of whole numbers", _is_counts)
LIMIT = _Form(
    '时限,如 { amount = 4, unit = "working_hours" }(以天计的须为整数)',
    'a limit such as { amount = 4, unit = "working_hours" }, in whole days where it counts days',
    _is_limit,
)
LIMITS = _Form("按性质列出的时限", "limits by nature", _is_limits)
ROWS = _Form("若干行", "rows", _is_rows)
LIGHTS = _Form(
    "green 与 yellow 两个份额,0 < green ≤ yellow ≤ 1",
    "the two shares green and yellow, 0 < green ≤ yellow ≤ 1",
    _is_lights,
)

_NAMES = {"code": (TEXT, True), "zh": (TEXT, True), "en": (TEXT, True)}
_LIMITS = {"limit": (LIMIT, False), "limits": (LIMITS, False)}
_TOP = {
    **_NAMES,
    **_LIMITS,
    "prefix": (TEXT, True),
    "source": (TEXT, True),
    "start": (TEXT, True),
    "opens": (TEXTS, True),
    "natures": (ROWS, False),
    "steps": (ROWS, True),
    "actions": (ROWS, True),
    "rungs": (ROWS, False),
    "lights": (LIGHTS, True),
}
_STEP = {**_NAMES, **_LIMITS, "state": (TEXT, True), "roles": (TEXTS, False), "interlude": (FLAG, False)}
_ACTION = {
    **_NAMES,
    "sources": (TEXTS, True),
    "target": (TEXT, False),
    "roles": (TEXTS, True),
    "requires": (TEXTS, False),
    "takes": (TEXTS, False),
    "evidence": (TEXTS, False),
    "barred": (TEXTS, False),
    "natures": (TEXTS, False),
    "ratings": (COUNTS, False),
    "effect": (TEXT, False),
    "rung": (TEXT, False),
    "extensions": (COUNT, False),
}
_RUNG = {**_NAMES, "share": (NUMBER, False), "roles": (TEXTS, True)}
_PARTS = {"natures": ("性质", "nature", _NAMES), "steps": ("环节", "step", _STEP)}
_PARTS |= {"actions": ("操作", "action", _ACTION), "rungs": ("层级", "rung", _RUNG)}


def find_faults(content: Any, roles: Collection[str] | None) -> list[Fault]:
    """Return all faults of a workflow's file.

    Parameters
    ----------
    content
        What the file says.
    roles
        The roles there are; None: any.
    """
    if not isinstance(content, Mapping):
        return [Fault("内容须为一组键和值", "the content has to be keys with values")]
    faults = [*_shape_faults(content)]
    sketch = _Sketch(content)
    faults += [*_word_faults(sketch, roles), *_nature_faults(sketch), *_move_faults(sketch), *_effect_faults(sketch)]
    if not faults:  # ways through a file whose words are wrong say nothing
        faults += [*_way_faults(sketch)]
    return faults


class _Sketch:
    """A workflow's file as far as it can be understood: what is malformed, and told so elsewhere, is left out."""

    def __init__(self, content: Row) -> None:
        self.content = content
        self.steps = self._rows("steps")
        self.actions = self._rows("actions")
        self.rungs = self._rows("rungs")
        self.natures = self._rows("natures")

    def _rows(self, part: str) -> dict[str, Row]:
        rows = self.content.get(part, ())
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            return {}
        return {row["code"]: row for row in rows if isinstance(row, Mapping) and _is_text(row.get("code"))}

    def state(self, step: str | None) -> str | None:
        return _text(self.steps[step], "state") if step in self.steps else None

    def is_live(self, step: str | None) -> bool:
        return self.state(step) in ("open", "paused")

    def interludes(self) -> list[str]:
        return [code for code, step in self.steps.items() if step.get("interlude") is True]

    def start(self) -> str | None:
        return _text(self.content, "start")


def _texts(row: Row, key: str) -> tuple[str, ...]:
    value = row.get(key, ())
    return tuple(value) if _is_texts(value) else ()


def _text(row: Row, key: str) -> str | None:
    value = row.get(key)
    return value if _is_text(value) else None


# ── each value of the form it has to have ────────────────────────────────────────────────────────────────────────────


def _shape_faults(content: Row) -> Iterator[Fault]:
    yield from _row_faults(content, _TOP, "文件", "the file")
    for part, (zh, en, keys) in _PARTS.items():
        rows = content.get(part, ())
        if not _is_rows(rows):
            continue
        if not rows and part in ("steps", "actions"):
            yield Fault(f"没有{zh}", f"there is no {en}")
        seen: set[str] = set()
        for number, row in enumerate(rows, 1):
            code = _text(row, "code") or number
            yield from _row_faults(row, keys, f"{zh} {code}", f"{en} {code}")
            if code in seen:
                yield Fault(f"{zh} {code} 出现了不止一次", f"{en} {code} is there more than once")
            seen.add(str(code))


def _row_faults(row: Row, keys: Mapping[str, tuple[_Form, bool]], zh: str, en: str) -> Iterator[Fault]:
    for key in row:
        if key not in keys:
            yield Fault(
                f"{zh}:不认识“{key}”,可用的有 {'、'.join(keys)}",
                f"{en}: {key!r} is unknown, there may be {', '.join(keys)}",
            )
    for key, (form, needed) in keys.items():
        if key not in row:
            if needed:
                yield Fault(f"{zh}:缺少 {key}", f"{en}: {key} is missing")
        elif not form.holds(row[key]):
            yield Fault(f"{zh}:{key} 须为{form.zh}", f"{en}: {key} has to be {form.en}")


# ── words that are defined somewhere ─────────────────────────────────────────────────────────────────────────────────


def _word_faults(sketch: _Sketch, roles: Collection[str] | None) -> Iterator[Fault]:
    yield from _unknown("文件的 opens", "opens of the file", _texts(sketch.content, "opens"), roles)
    yield from _unknown("文件的 start", "start of the file", _given(sketch.content, "start"), sketch.steps)
    for code, step in sketch.steps.items():
        yield from _unknown(f"环节 {code} 的 roles", f"roles of step {code}", _texts(step, "roles"), roles)
        yield from _unknown(
            f"环节 {code} 的 state", f"state of step {code}", _given(step, "state"), dictionary("case_states")
        )
    for code, rung in sketch.rungs.items():
        yield from _unknown(f"层级 {code} 的 roles", f"roles of rung {code}", _texts(rung, "roles"), roles)
    for code, action in sketch.actions.items():
        for key, words, known in (
            ("roles", _texts(action, "roles"), roles),
            ("sources", _texts(action, "sources"), sketch.steps),
            ("target", _given(action, "target"), sketch.steps),
            ("requires", _texts(action, "requires"), dictionary("case_fields")),
            ("takes", _texts(action, "takes"), dictionary("case_fields")),
            ("evidence", _texts(action, "evidence"), dictionary("evidence_phases")),
            ("barred", _texts(action, "barred"), dictionary("case_bars")),
            ("effect", _given(action, "effect"), dictionary("case_effects")),
            ("rung", _given(action, "rung"), sketch.rungs),
            ("ratings", _ratings(action), dictionary("case_ratings")),
        ):
            yield from _unknown(f"操作 {code} 的 {key}", f"{key} of action {code}", words, known)


def _given(row: Row, key: str) -> tuple[str, ...]:
    value = _text(row, key)
    return () if value is None else (value,)


def _ratings(action: Row) -> tuple[str, ...]:
    value = action.get("ratings", ())
    return tuple(map(str, value)) if _is_counts(value) else ()


def _unknown(zh: str, en: str, words: Iterable[str], known: Collection[str] | Dictionary | None) -> Iterator[Fault]:
    if known is None:
        return
    allowed = known.entries if isinstance(known, Dictionary) else known
    for word in words:
        if word not in allowed:
            listed = sorted(allowed)
            yield Fault(
                f"{zh}:没有“{word}”,可用的有 {'、'.join(listed)}", f"{en}: no {word!r}, there are {', '.join(listed)}"
            )


def _nature_faults(sketch: _Sketch) -> Iterator[Fault]:
    for code, action in sketch.actions.items():
        yield from _unknown(
            f"操作 {code} 的 natures", f"natures of action {code}", _texts(action, "natures"), sketch.natures
        )
        if "nature" in _texts(action, "requires") and not sketch.natures:
            yield Fault(f"操作 {code} 要求性质,但流程没有性质", f"action {code} requires a nature, but there are none")
    for name, row in (("文件 the file", sketch.content), *sketch.steps.items()):
        limits = row.get("limits", {})
        if isinstance(limits, Mapping):
            yield from _unknown(f"{name} 的 limits", f"limits of {name}", limits, sketch.natures)


# ── what leads where ─────────────────────────────────────────────────────────────────────────────────────────────────


def _move_faults(sketch: _Sketch) -> Iterator[Fault]:
    start = sketch.start()
    if start in sketch.steps and (sketch.state(start) != "open" or start in sketch.interludes()):
        yield Fault(f"起始环节 {start} 须为在办", f"the start {start} has to be an open step")
    for code, step in sketch.steps.items():
        interlude = code in sketch.interludes()
        if sketch.state(code) == "paused" and not interlude:
            yield Fault(
                f"环节 {code} 为挂账,须为 interlude", f"step {code} is paused and therefore has to be an interlude"
            )
        if interlude and ("limit" in step or "limits" in step):
            yield Fault(
                f"环节 {code} 为 interlude,不能有自己的时限:被打断环节的时限继续计算",
                f"step {code} is an interlude and has no limit of its own: that of the interrupted step runs on",
            )
        if interlude and not sketch.is_live(code):
            yield Fault(f"办结的环节 {code} 不能为 interlude", f"step {code} is an end and cannot be an interlude")
        if sketch.is_live(code) and not _texts(step, "roles"):
            yield Fault(f"环节 {code} 没有说明轮到谁(roles)", f"step {code} does not say whose turn it is (roles)")
    for code, action in sketch.actions.items():
        yield from _target_faults(sketch, code, action)


def _target_faults(sketch: _Sketch, code: str, action: Row) -> Iterator[Fault]:
    target, effect = _text(action, "target"), _text(action, "effect")
    if not _texts(action, "sources"):
        yield Fault(f"操作 {code} 没有来源环节(sources)", f"action {code} has no sources")
    for source in _texts(action, "sources"):
        ended = source in sketch.steps and not sketch.is_live(source)
        if ended and target is not None and sketch.is_live(target) != (effect == "reopen"):
            yield Fault(
                f"操作 {code} 从已办结的 {source} 回到在办环节须为 reopen,反之亦然",
                f"action {code} from the end {source} has to have the effect reopen if it leads to a live step",
            )
        if ended and sketch.state(target) not in (None, sketch.state(source)) and not sketch.is_live(target):
            yield Fault(
                f"操作 {code} 不能把已办结的 {source} 改为作废或相反",
                f"action {code} cannot turn one end, {source}, into another",
            )
        if target in sketch.interludes() and source in sketch.interludes():
            yield Fault(
                f"操作 {code}:interlude {source} 不能进入另一个 interlude",
                f"action {code}: an interlude, {source}, cannot lead to another",
            )


ENDS_INTERLUDE = ("resume", "extend")
"""Effects with which a case returns to the step that was interrupted."""
_STATE_OF_EFFECT = {"close": "closed", "void": "void", "pause": "paused"}


def _effect_faults(sketch: _Sketch) -> Iterator[Fault]:
    for code, action in sketch.actions.items():
        target, effect = _text(action, "target"), _text(action, "effect")
        sources = [source for source in _texts(action, "sources") if source in sketch.steps]
        requires, barred = _texts(action, "requires"), _texts(action, "barred")
        due = next((word for word, state in _STATE_OF_EFFECT.items() if sketch.state(target) == state), None)
        comes_in = any(sketch.state(source) != sketch.state(target) for source in sources)
        if due is not None and comes_in and effect != due:
            yield Fault(f"操作 {code} 进入 {target},须为 {due}", f"action {code} leads to {target}: effect {due}")
        if effect in _STATE_OF_EFFECT and sketch.state(target) != _STATE_OF_EFFECT[effect]:
            state = _STATE_OF_EFFECT[effect]
            yield Fault(
                f"操作 {code} 为 {effect},须进入状态为 {state} 的环节", f"action {code}: {effect} needs {state}"
            )
        if effect == "close" and "fixer" not in barred:
            yield Fault(
                f"操作 {code} 办结事项,须回避整改人(barred 含 fixer)",
                f"action {code} closes cases and has to bar the fixer",
            )
        if effect == "void" and "reason" not in requires:
            yield Fault(f"操作 {code} 作废事项,须要求 reason", f"action {code} voids cases and has to require a reason")
        if effect == "extend" and "until" not in requires:
            yield Fault(f"操作 {code} 延期,须要求 until", f"action {code} puts limits off and has to require until")
        if effect in ENDS_INTERLUDE and (target is not None or not set(sources) <= set(sketch.interludes())):
            yield Fault(
                f"操作 {code} 为 {effect},只能从 interlude 返回(不写 target)",
                f"action {code}: {effect} has to return from an interlude (no target)",
            )
        paused = any(sketch.state(source) == "paused" for source in sources)
        if paused and (effect == "extend" or sketch.state(target) in ("open", "closed")):
            yield Fault(f"操作 {code} 离开挂账,只能为 resume 或 void", f"action {code} leaves a pause: resume or void")
        if effect == "escalate" and not sketch.rungs:
            yield Fault(f"操作 {code} 为提级,但流程没有层级", f"action {code} escalates, but there are no rungs")
        if "ratings" in action and "rating" not in requires:
            yield Fault(f"操作 {code} 限定满意度,须要求 rating", f"action {code} limits ratings: require rating")


def _way_faults(sketch: _Sketch) -> Iterator[Fault]:
    """Walk all ways a case can go, knowing of each step whether it may be reached without a fix."""
    reached = _reach(sketch)
    for code in sketch.steps:
        if not {(code, True), (code, False)} & reached:
            yield Fault(f"环节 {code} 无法到达", f"step {code} cannot be reached")
        if sketch.state(code) == "closed" and (code, False) in reached:
            yield Fault(f"不经整改(fix)就能到达 {code}", f"{code} can be reached without a fix")
    ending = _leads_to_an_end(sketch)
    for code in sketch.steps:
        if code not in ending:
            yield Fault(f"环节 {code} 走不到办结", f"no way leads from step {code} to an end")


def _steps_after(sketch: _Sketch, step: str, resumes: frozenset[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the steps that actions lead to from one, each with the action's effect."""
    for action in sketch.actions.values():
        if step not in _texts(action, "sources"):
            continue
        target, effect = _text(action, "target"), _text(action, "effect")
        if target is not None:
            yield target, effect
        elif effect in ENDS_INTERLUDE:
            yield from ((resumed, effect) for resumed in resumes)


def _resumed(sketch: _Sketch) -> dict[str, frozenset[str]]:
    """Return for each interlude the steps it may interrupt."""
    return {
        interlude: frozenset(
            source
            for action in sketch.actions.values()
            if _text(action, "target") == interlude
            for source in _texts(action, "sources")
        )
        for interlude in sketch.interludes()
    }


def _reach(sketch: _Sketch) -> set[tuple[str, bool]]:
    resumed = _resumed(sketch)
    reached = {(str(sketch.start()), False)}
    waiting = list(reached)
    while waiting:
        step, fixed = waiting.pop()
        for after, effect in _steps_after(sketch, step, resumed.get(step, frozenset())):
            found = (after, (fixed or effect == "fix") and effect != "reopen")
            if found not in reached:
                reached.add(found)
                waiting.append(found)
    return reached


def _leads_to_an_end(sketch: _Sketch) -> set[str]:
    resumed = _resumed(sketch)
    ending = {code for code in sketch.steps if not sketch.is_live(code)}
    grown = True
    while grown:
        more = {
            code
            for code in sketch.steps
            if code not in ending
            and any(after in ending for after, _ in _steps_after(sketch, code, resumed.get(code, frozenset())))
        }
        ending |= more
        grown = bool(more)
    return ending
