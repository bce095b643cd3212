"""The planner's workbench (工作台): one page on which a draft is edited by hand, with all its figures live."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.access import access_of
from api.dependencies import Acting, PlanId, Store
from api.openapi import problems
from api.page_assets import policy
from api.rendering import page
from api.routes.pages import HTML
from geo.services import reading
from geo.territory.dictionaries import dictionary

router = APIRouter(tags=["pages"])

#: Parts of the page beside map and figures, each a module of ``static/workbench``.
PARTS = ("solving", "others", "comments", "comparing", "history")


@router.get(
    "/plans/{plan_id}/workbench",
    summary="工作台 Planner's workbench",
    response_class=HTMLResponse,
    responses={**HTML, **problems(404, 422, 503)},
)
def workbench(store: Store, actor: Acting, plan_id: PlanId) -> HTMLResponse:
    """Show a plan on the workbench; planners edit a draft there, everybody else looks at it.

    What it shows it asks for with the routes of this interface, and every stroke is an edit of the draft.
    """
    plan = reading.read_plan(store, plan_id)
    return page(
        "workbench.html",
        headers={"Content-Security-Policy": policy()},
        login=actor.name,
        plan=plan,
        parts=PARTS,
        state_label=dictionary("plan_states")[plan.state].label,
        may_draft=actor.may(access_of("POST", "/plans").roles),
        may_edit=plan.state == "draft" and actor.may(access_of("PATCH", "/plans/{plan_id}/assignment").roles),
    )
