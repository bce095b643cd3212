"""The work-list (诉求清单) of those who take requests in: today's, mine, overdue, of unknown place."""

from collections.abc import Mapping, Sequence

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.access import access_of
from api.case_pages import ledger_page
from api.links import following
from geo.access.actor import Actor
from geo.services.describing_cases import Described
from geo.territory.dictionaries import dictionary

#: The lists that are one key away: what each asks for, and its name.
VIEWS: tuple[tuple[Mapping[str, str], str, str], ...] = (
    ({"today": "true"}, "今日登记", "today's"),
    ({"taken": "true", "live": "true"}, "我登记未办结", "taken by me"),
    ({"mine": "true", "live": "true"}, "交办给我", "assigned to me"),
    ({"light": "red"}, "超期", "overdue"),
    ({"unplaced": "true"}, "地点待核实", "where unclear"),
    ({"live": "true"}, "全部在办", "all open"),
    ({}, "全部", "all"),
)
_CHOICES = frozenset({"today", "taken", "mine", "live", "light", "unplaced"})


def requests_page(request: Request, actor: Actor, shown: Sequence[Described], *, more: int | None) -> HTMLResponse:
    """Render one page of the work-list; ``more`` is the last id where further ones follow."""
    asked = dict(request.query_params)
    chosen = {name: value for name, value in asked.items() if name in _CHOICES and value != "false"}
    return ledger_page(
        "requests.html",
        actor,
        shown=shown,
        following=following(request, more),
        views=VIEWS,
        chosen=chosen,
        asked={name: asked.get(name, "") for name in ("text", "kind", "scope")},
        kinds=dictionary("request_kinds").entries.values(),
        desk=actor.may(access_of("POST", "/requests").roles),
    )
