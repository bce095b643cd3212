"""What the shipped workflows allow, written down by hand apart from their files, and read apart from the engine.

A row: action, the steps it leaves from, the step it leads to (``-``: stays, ``<``: back from an interlude), who may do
it, what has to be filled in, photos, who is barred, natures it is for, effect.
"""

from dataclasses import dataclass

_ROLES = {"i": "inspector", "s": "staff", "l": "leader", "p": "planner", "a": "assessor", "o": "public", "c": "clock"}
_BARS = {"F": "fixer", "D": "finder", "L": "last"}

HAZARD = """
judge               found                       judged          sl    nature - - - -
fix_at_once         found                       reinspecting    is    nature,assignee,note before,after - general fix
judge_again         judged                      judged          sl    nature,reason - L - -
void                found,judged,stopped        void            sl    reason - D - void
stop_work           judged                      stopped         sl    note - - major -
assign              judged                      assigned        sl    assignee - - general -
assign_supervised   stopped                     assigned        l     assignee,until,measures - - major -
start               assigned                    rectifying      is    - - - - -
rectified           rectifying                  reinspecting    is    note after - - fix
ask_extension       rectifying                  extension_asked is    reason,until - - - once
grant_extension     extension_asked             <               sl    until - L - extend
refuse_extension    extension_asked             <               sl    reason - L - -
pass                reinspecting                closed          isl   - after F general -
pass_major          reinspecting                closed          sl    note after F major -
fail                reinspecting                rectifying      isl   reason - F - -
reopen              closed                      judged          isl   reason before - - reopen
escalate found,judged,stopped,assigned,rectifying,extension_asked,reinspecting - slc reason - - - up
note found,judged,stopped,assigned,rectifying,extension_asked,reinspecting - islp note - - - -
"""

REQUEST = """
take_call           linked                      called          islpo note - - - -
accept              called                      judging         isl   - - - - -
refuse              called,judging              void            sl    reason - L - void
classify            judging                     handling        isl   nature,assignee - - - -
solved              handling                    telling         is    note - - - fix
to_community        handling                    community       is    reason - - - to:1
solved_by_community community                   telling         s     note - - - fix
to_street           community                   street          s     reason - - - to:2
solved_by_street    street                      telling         sl    note - - - fix
ask_extension       handling,community,street   extension_asked is    reason,until - - - once
grant_extension     extension_asked             <               sl    until - L - extend
refuse_extension    extension_asked             <               sl    reason - L - -
suspend             community,street            suspended       l     reason - - - -
resume              suspended                   <               sl    note - - - -
tell                telling                     rating          is    note - - - -
rate                rating                      closed          islo  good - F - -
object              rating                      judging         islo  bad,reason - - - -
close_unrated       rating                      closed          sl    reason - FL - -
reopen              closed                      judging         islo  reason - - - reopen
escalate linked,called,judging,handling,community,street,extension_asked,telling - slc reason - - - up
note linked,called,judging,handling,community,street,extension_asked,suspended,telling,rating - islp note - - - -
"""

CITY_CASE = """
ask_verification    collected                   verifying       sl    - - - - -
verified            verifying                   collected       i     - finding L - -
file                collected                   filed           sl    nature - D - -
handle_at_once      collected                   feedback        is    nature,note before,after - - fix
void                collected,verifying,filed   void            sl    reason - D - void
dispatch            filed                       dispatched      sl    assignee - - - -
start               dispatched                  handling        is    - - - - -
send_back           dispatched,handling         filed           is    reason - - - -
handled             handling                    feedback        is    note after - - fix
ask_extension       handling                    extension_asked is    reason,until - - - once
grant_extension     extension_asked             <               sl    until - L - extend
refuse_extension    extension_asked             <               sl    reason - L - -
suspend             dispatched,handling         suspended       sl    reason - L - -
resume              suspended                   <               sl    note - - - -
ask_check           feedback                    checking        sl    - - - - -
return_feedback     feedback                    filed           sl    reason - - - -
close               checking                    closed          isl   - after F - -
fail                checking                    filed           isl   reason - F - -
evaluate            closed                      evaluated       la    any - F - -
reopen              closed,evaluated            filed           isl   reason before - - reopen
escalate collected,verifying,filed,dispatched,handling,extension_asked,feedback,checking - slc reason - - - up
note collected,verifying,filed,dispatched,handling,extension_asked,suspended,feedback,checking - islp note - - - -
"""

ESCALATION = """
settle_in_grid      found                       confirming      is    note - - - fix
call                found                       called          is    reason - - - to:1
void                found,called                void            sl    reason - D - void
respond             called                      responding      sl    nature,assignee - - - -
to_street responding responding sl nature,reason - - street_level,district_level to:2
dispose             responding                  disposing       sl    assignee,measures - - - -
join_forces         disposing                   disposing       l     assignee,reason - - - to:3
disposed            disposing                   confirming      sl    note after - - fix
suspend             disposing                   suspended       l     reason - - - -
resume              suspended                   <               l     note - - - -
confirm             confirming                  closed          isl   - - F - -
not_settled         confirming                  called          isl   reason - F - to:1
reopen              closed                      called          isl   reason - - - reopen,to:1
escalate            found,called,responding,disposing,confirming -               slc   reason - - - up
note                found,called,responding,disposing,suspended,confirming -               islp  note - - - -
"""


@dataclass(frozen=True)
class Allowed:
    """One row."""

    action: str
    sources: tuple[str, ...]
    target: str
    roles: frozenset[str]
    needs: tuple[str, ...]
    photos: frozenset[str]
    bars: frozenset[str]
    natures: frozenset[str]
    effects: frozenset[str]


def read(table: str) -> dict[str, Allowed]:
    """Return the rows of a table by action."""
    rows = [line.split() for line in table.strip().splitlines()]
    return {row[0]: _allowed(*row) for row in rows}


def _allowed(
    action: str, sources: str, target: str, roles: str, needs: str, photos: str, bars: str, natures: str, effects: str
) -> Allowed:
    return Allowed(
        action,
        _words(sources),
        target,
        frozenset(_ROLES[letter] for letter in roles),
        _words(needs),
        frozenset(_words(photos)),
        frozenset(_BARS[letter] for letter in bars.replace("-", "")),
        frozenset(_words(natures)),
        frozenset(_words(effects)),
    )


def _words(text: str) -> tuple[str, ...]:
    return () if text == "-" else tuple(text.split(","))


STARTS = {"hazard": "found", "request": "linked", "city_case": "collected", "escalation": "found"}
TABLES = {"hazard": HAZARD, "request": REQUEST, "city_case": CITY_CASE, "escalation": ESCALATION}
RUNGS = {"hazard": 3, "request": 3, "city_case": 3, "escalation": 4}
NATURES = {
    "hazard": ("general", "major"),
    "request": ("inquiry", "help", "complaint", "report", "suggestion"),
    "city_case": ("part", "event"),
    "escalation": ("community_level", "street_level", "district_level"),
}
INTERLUDES = ("extension_asked", "suspended")
STATES = {"suspended": "paused", "closed": "closed", "evaluated": "closed", "void": "void"}
OPENS = {code: frozenset({"inspector", "staff", "leader", "planner"}) for code in TABLES}
OPENS |= {code: OPENS[code] | {"public"} for code in ("request", "city_case")}
