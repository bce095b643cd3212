"""The clerk's desk: one page on which what a caller says becomes a place, its grid and the people in charge."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.access import access_of
from api.dependencies import Acting
from api.openapi import problems
from api.page_assets import asset, policy, words
from api.rendering import page
from api.routes.pages import HTML
from geo.access.roles import roles, sees_phones
from geo.territory.dictionaries import dictionary

router = APIRouter(tags=["pages"])

#: Dictionaries whose words the page shows.
WORDS = (
    *("address_readings", "address_elements", "address_outcomes"),
    *("request_kinds", "hazard_kinds", "inspection_results", "inspection_parties"),
)


@router.get(
    "/desk", summary="接线台 Clerk's desk", response_class=HTMLResponse, responses={**HTML, **problems(422, 503)}
)
def desk(actor: Acting) -> HTMLResponse:
    """Show the page on which addresses are located and requests and hazards registered, by keyboard alone.

    What it shows and sends goes by the routes of this interface.

    Nothing that is typed is in its address, and nothing of it is kept by the browser.
    """
    asset("leaflet.js")  # what is missing is said now, and not by a map that stays empty
    return page(
        "desk.html",
        headers={"Content-Security-Policy": policy()},
        login=actor.name,
        role_labels=[role.zh for code, role in roles().items() if code in actor.roles],
        may_confirm=actor.may(access_of("POST", "/locate/confirmations").roles),
        may_register=actor.may(access_of("POST", "/requests").roles),
        may_trace=actor.may(access_of("GET", "/responsibility/{noun}/{code}").roles),
        may_list=actor.may(access_of("GET", "/requests").roles),
        keeps_callers=sees_phones(actor.roles),
        channels=[one for one in dictionary("request_channels").entries.values() if not one.extra["by_machine"]],
        at_the_place=dictionary("whereabouts")["at_the_place"].extra["words"],
        words=words(*WORDS),
    )
