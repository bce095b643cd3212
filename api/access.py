"""THE table of who may use which route, and its enforcement.

A route that is not in :data:`ACCESS` keeps the application from starting, and so does a row without a route. The table
is the first of two walls: it knows roles and codes. The second is the database, whose row-level security lets a
transaction see the rows of its actor's scope alone (``geo/storage/acting.py``), whatever a route forgets.

What is outside of somebody's scope answers 404, as if it did not exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount

from geo.access.actor import Actor
from geo.access.roles import roles as all_roles

#: community, street: rows of the territory; plan: a plan and what is in it; own: of the account itself; none: neither.
Scoped = Literal["community", "plan", "street", "own", "none"]

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Access:
    """Who may use a route.

    Attributes
    ----------
    roles
        One of them is needed; for ``own`` routes every account is let in, whatever its roles.
    scope
        What bounds the things it shows or changes.
    looks_at_households
        Whether it shows who lives where; each look is then an event.
    asks_who
        Whether it is looked up who asks; not for what answers everybody alike.
    """

    roles: frozenset[str]
    scope: Scoped
    looks_at_households: bool = False
    asks_who: bool = True

    @property
    def is_public(self) -> bool:
        """Whether nobody has to sign in."""
        return "public" in self.roles


ANYBODY = frozenset(all_roles())
SIGNED_IN = ANYBODY - {"public"}
#: Who works with the territory; the three administrators do not.
OFFICE = frozenset({"planner", "inspector", "staff", "assessor", "leader"})
PLANNERS = frozenset({"planner"})
OFFICERS = frozenset({"administrator", "security_officer", "auditor"})

_OPEN = Access(ANYBODY, "none", asks_who=False)
_OWN = Access(SIGNED_IN, "own")
_LOOK = Access(OFFICE, "community")
_KEEP = Access(frozenset({"planner", "inspector", "staff"}), "community")
_PLACE = Access(frozenset({"planner", "staff"}), "community", looks_at_households=True)
_LOOK_AT_STAFF = Access(OFFICE - {"assessor"}, "community")
_LOOK_AT_PLAN = Access(OFFICE, "plan")
_PLAN = Access(PLANNERS, "plan")
#: Whose scopes are grids sees no plan whole, and works on none.
_REMARK_ON_PLAN = Access(OFFICE - {"inspector"}, "plan")
#: Cases are about homes as well; what may be done to them, their workflows say.
_CASES = Access(OFFICE, "community", looks_at_households=True)
_WORK_ON_CASES = Access(frozenset({"planner", "inspector", "staff", "leader"}), "community", looks_at_households=True)
_HOUSEHOLDS = Access(frozenset({"planner", "inspector", "staff"}), "community", looks_at_households=True)
#: Who inspects or looks at inspections, and who says what is inspected how often.
_INSPECT = Access(frozenset({"planner", "inspector", "staff", "leader"}), "community", looks_at_households=True)
_PLAN_INSPECTIONS = Access(frozenset({"planner", "staff", "leader"}), "community")

ACCESS: MappingProxyType[tuple[str, str], Access] = MappingProxyType(
    {
        # for everybody
        ("GET", "/health"): _OPEN,
        ("GET", "/ready"): _OPEN,
        ("GET", "/favicon.ico"): _OPEN,
        ("GET", "/static"): _OPEN,
        ("GET", "/published/communities"): _OPEN,
        ("GET", "/published/communities.csv"): _OPEN,
        ("GET", "/published/hazards"): _OPEN,
        ("GET", "/published/map"): _OPEN,
        ("GET", "/metrics"): Access(ANYBODY, "none"),  # this machine, or an administrator: the route itself looks
        # signing in and out, and one's own account
        ("GET", "/sign-in"): _OPEN,
        ("POST", "/sign-in"): _OPEN,
        ("POST", "/sign-ins"): _OPEN,
        ("GET", "/invitation"): _OPEN,
        ("POST", "/invitation"): _OPEN,
        ("POST", "/sign-out"): _OWN,
        ("GET", "/password"): _OWN,
        ("POST", "/password"): _OWN,
        ("GET", "/second-factor"): _OWN,
        ("POST", "/second-factor"): _OWN,
        ("GET", "/sign-ins/current"): _OWN,
        ("DELETE", "/sign-ins/current"): _OWN,
        # what the signed-in have in common
        ("GET", "/"): Access(SIGNED_IN, "street"),
        ("GET", "/docs"): Access(SIGNED_IN, "none"),
        ("GET", "/docs/assets/{name}"): Access(SIGNED_IN, "none"),
        ("GET", "/openapi.json"): Access(SIGNED_IN, "none"),
        ("GET", "/assets/{name}"): Access(SIGNED_IN, "none"),
        # accounts: the administrator makes them, the security officer says what they may do
        ("GET", "/accounts"): Access(OFFICERS, "none"),
        ("POST", "/accounts"): Access(frozenset({"administrator"}), "none"),
        ("GET", "/accounts/{login}"): Access(OFFICERS, "none"),
        ("PUT", "/accounts/{login}/roles"): Access(frozenset({"administrator", "security_officer"}), "none"),
        ("POST", "/accounts/{login}/reset"): Access(OFFICERS, "none"),
        ("DELETE", "/accounts/{login}"): Access(frozenset({"administrator"}), "none"),
        # the audit trail
        ("GET", "/audit"): Access(frozenset({"auditor"}), "none"),
        ("GET", "/audit/export"): Access(frozenset({"auditor"}), "none"),
        ("GET", "/audit/verification"): Access(frozenset({"auditor"}), "none"),
        # the territory
        ("GET", "/map"): _LOOK,
        ("GET", "/compare"): _LOOK_AT_PLAN,
        ("GET", "/desk"): _LOOK,
        ("GET", "/streets"): Access(OFFICE, "street"),
        ("GET", "/streets/{code}"): Access(OFFICE, "street"),
        ("GET", "/streets/{code}/communities"): Access(OFFICE, "street"),
        ("GET", "/communities"): _LOOK,
        ("GET", "/communities/{code}"): _LOOK,
        ("GET", "/buildings"): _LOOK,
        ("GET", "/buildings/{code}"): _LOOK,
        ("GET", "/buildings/{code}/household-units"): _HOUSEHOLDS,
        ("GET", "/grid-staff"): _HOUSEHOLDS,
        ("GET", "/elements"): _LOOK,
        ("GET", "/elements/{code}"): _LOOK,
        ("GET", "/compounds"): _LOOK,
        ("GET", "/compounds/{code}"): _LOOK,
        ("GET", "/barriers"): Access(OFFICE, "none"),
        ("GET", "/barriers/{code}"): Access(OFFICE, "none"),
        ("GET", "/layers"): Access(OFFICE, "none"),
        ("GET", "/tiles/{layers}/{z}/{x}/{y}"): _LOOK,
        # the same for other tools, as OGC has it; a collection of a plan is seen by whoever sees the plan
        ("GET", "/ogc"): Access(OFFICE, "none"),
        ("GET", "/ogc/"): Access(OFFICE, "none"),
        ("GET", "/ogc/conformance"): Access(OFFICE, "none"),
        ("GET", "/ogc/api"): _LOOK,
        ("GET", "/ogc/collections"): _LOOK,
        ("GET", "/ogc/collections/{collection_id}"): _LOOK,
        ("GET", "/ogc/collections/{collection_id}/queryables"): _LOOK,
        ("GET", "/ogc/collections/{collection_id}/items"): _LOOK,
        ("GET", "/ogc/collections/{collection_id}/items/{feature_id}"): _LOOK,
        ("GET", "/ogc/collections/{collection_id}/tiles"): _LOOK,
        ("GET", "/ogc/collections/{collection_id}/tiles/{tile_matrix_set}"): _LOOK,
        ("GET", "/ogc/collections/{collection_id}/tiles/{tile_matrix_set}/{z}/{y}/{x}"): _LOOK,
        ("GET", "/ogc/tileMatrixSets"): Access(OFFICE, "none"),
        ("GET", "/ogc/tileMatrixSets/{tile_matrix_set}"): Access(OFFICE, "none"),
        ("GET", "/ogc/styles"): Access(OFFICE, "none"),
        ("GET", "/ogc/styles/{layer}.{ending}"): Access(OFFICE, "none"),
        # addresses; doors, places and people are shown to those roles alone that see households
        ("GET", "/locate"): Access(OFFICE, "community", looks_at_households=True),
        ("GET", "/locate/suggest"): _LOOK,
        ("GET", "/locate/reverse"): Access(OFFICE, "community", looks_at_households=True),
        ("POST", "/locate/confirmations"): _KEEP,
        ("POST", "/locate/batch"): Access(OFFICE, "community", looks_at_households=True),
        ("GET", "/unplaced"): _PLACE,
        ("POST", "/unplaced/{row_id}/choice"): _PLACE,
        ("GET", "/aliases"): _LOOK,
        ("POST", "/aliases"): _KEEP,
        ("GET", "/former-names/{code}"): Access(OFFICE, "community", looks_at_households=True),
        ("POST", "/aliases/{alias_id}/decision"): Access(PLANNERS, "community"),
        # the ledger: cases, what was done to them, and photos
        ("GET", "/cases"): _CASES,
        ("POST", "/cases"): _WORK_ON_CASES,
        ("GET", "/cases/{case_id}"): _CASES,
        ("GET", "/cases/{case_id}/moves"): _CASES,
        ("POST", "/cases/{case_id}/moves"): _WORK_ON_CASES,
        ("GET", "/cases/{case_id}/evidence"): _CASES,
        ("POST", "/cases/{case_id}/evidence"): _WORK_ON_CASES,
        ("GET", "/cases/{case_id}/reporter"): _WORK_ON_CASES,
        ("GET", "/evidence/{evidence_id}"): _CASES,
        ("GET", "/bills/{noun}/{code}"): _CASES,
        ("GET", "/statements/{code}"): _LOOK,
        ("GET", "/responsibility/{noun}/{code}"): _WORK_ON_CASES,
        # inspections: their plans, the grades of places, records, and an inspector's round
        ("GET", "/checklists"): Access(OFFICE, "none"),
        ("GET", "/inspection-plans"): _LOOK,
        ("POST", "/inspection-plans"): _PLAN_INSPECTIONS,
        ("POST", "/inspection-plans/defaults"): _PLAN_INSPECTIONS,
        ("GET", "/inspection-plans/{inspection_plan_id}"): _LOOK,
        ("PATCH", "/inspection-plans/{inspection_plan_id}"): _PLAN_INSPECTIONS,
        ("DELETE", "/inspection-plans/{inspection_plan_id}"): _PLAN_INSPECTIONS,
        ("GET", "/places/{code}/grade"): _INSPECT,
        ("PUT", "/places/{code}/grade"): _INSPECT,
        ("GET", "/inspections"): _INSPECT,
        ("GET", "/inspections/export"): _INSPECT,
        ("POST", "/inspections"): _INSPECT,
        ("POST", "/inspections/batch"): _INSPECT,
        ("GET", "/inspections/{inspection_id}"): _INSPECT,
        ("POST", "/inspections/{inspection_id}/evidence"): _INSPECT,
        ("GET", "/rounds/today"): _INSPECT,
        ("GET", "/round"): Access(_INSPECT.roles, "none"),
        ("GET", "/round/worker.js"): Access(SIGNED_IN, "none"),
        # requests, duties, figures and hot spots
        ("GET", "/cases/export"): _CASES,
        ("GET", "/requests"): _CASES,
        ("POST", "/requests"): _WORK_ON_CASES,
        ("POST", "/requests/hints"): _WORK_ON_CASES,
        ("POST", "/requests/batch"): _WORK_ON_CASES,
        ("POST", "/requests/{case_id}/routing"): _WORK_ON_CASES,
        ("POST", "/requests/{case_id}/place"): _WORK_ON_CASES,
        ("GET", "/requests/{case_id}/joined"): _CASES,
        ("GET", "/duties"): Access(OFFICE, "none"),
        ("GET", "/figures"): _LOOK,
        ("GET", "/figures/{figure}/cases"): _LOOK,
        ("GET", "/figures/coverage/buildings"): _LOOK,
        ("GET", "/figures/grids_without_worker/grids"): _LOOK_AT_STAFF,
        ("GET", "/hot-spots"): _LOOK,
        ("GET", "/leader"): _LOOK,
        ("GET", "/leader/months"): _LOOK,
        ("GET", "/leader/areas"): _LOOK,
        # reports for meetings name cases about homes as well; who runs the meetings enters what was resolved
        ("GET", "/reports"): Access(OFFICE, "none"),
        ("GET", "/reports/{kind}"): _CASES,
        ("POST", "/reports/{kind}/resolutions"): Access(
            frozenset({"staff", "leader"}), "community", looks_at_households=True
        ),
        # other systems: what can be asked for is told to all, requests to those whose key is an account's
        ("GET", "/open311/discovery.{form}"): _OPEN,
        ("GET", "/open311/v2/services.{form}"): _OPEN,
        ("GET", "/open311/v2/services/{service_code}.{form}"): _OPEN,
        ("GET", "/open311/v2/requests.{form}"): _LOOK,
        ("POST", "/open311/v2/requests.{form}"): _WORK_ON_CASES,
        ("GET", "/open311/v2/requests/{service_request_id}.{form}"): _LOOK,
        ("GET", "/open311/v2/tokens/{token}.{form}"): _LOOK,
        # plans
        ("GET", "/plans"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}/grids"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}/grids/{code}"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}/assignment"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}/workbench"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}/ground"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}/edits"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}/tiles/{layers}/{z}/{x}/{y}"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}/cells"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}/cells/{code}"): _LOOK_AT_PLAN,
        ("POST", "/plans"): _PLAN,
        ("POST", "/plans/alternatives"): _PLAN,
        ("POST", "/plans/merge"): _PLAN,
        ("PATCH", "/plans/{plan_id}"): _PLAN,
        ("PATCH", "/plans/{plan_id}/assignment"): _PLAN,
        ("POST", "/plans/{plan_id}/solve"): _PLAN,
        ("GET", "/jobs/{job_id}"): _PLAN,
        ("DELETE", "/jobs/{job_id}"): _PLAN,
        ("GET", "/plans/{plan_id}/locks"): _LOOK_AT_PLAN,
        ("PATCH", "/plans/{plan_id}/locks"): _PLAN,
        ("GET", "/plans/{plan_id}/comments"): _LOOK_AT_PLAN,
        ("POST", "/plans/{plan_id}/comments"): _REMARK_ON_PLAN,
        ("PATCH", "/plans/{plan_id}/comments/{comment_id}"): _REMARK_ON_PLAN,
        ("PUT", "/plans/{plan_id}/presence"): _REMARK_ON_PLAN,
        ("GET", "/plans/{plan_id}/news"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}/report"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}/report.pdf"): _LOOK_AT_PLAN,
        ("GET", "/plans/{plan_id}/export"): _LOOK_AT_PLAN,
        ("POST", "/plans/{plan_id}/adopt"): _PLAN,
        ("POST", "/plans/{plan_id}/retire-departments"): _PLAN,
        ("POST", "/plans/{plan_id}/cells"): _PLAN,
    }
)


def install_access(app: FastAPI) -> None:
    """Make sure that the table and the routes are the same; called when the application is put together.

    Raises
    ------
    RuntimeError
        A route is not declared, or a declaration has no route: a mistake of whoever wrote it.
    """
    there = set(_operations(app.routes))
    undeclared, unused = sorted(there - set(ACCESS)), sorted(set(ACCESS) - there)
    if undeclared or unused:
        raise RuntimeError(
            f"api/access.py says who may use each route; without a row: {undeclared}; rows without a route: {unused}"
        )


def access_of(method: str, template: str) -> Access:
    """Return who may use a route; what is not declared is for nobody."""
    return ACCESS.get((method, template), Access(frozenset(), "none"))


def reaches(actor: Actor, code: str) -> bool:
    """Tell whether a thing with this code may be in an actor's scope.

    Streets, communities and grids are told exactly. The codes of buildings, elements and the like name the community
    where they were first counted, which a new border may have changed: for them the street decides here, and the
    database on the community of today.
    """
    scopes = (*actor.streets, *actor.communities, *actor.grids)
    if len(code) in (9, 12, 15) and code.isdecimal():
        return any(code.startswith(scope) or scope.startswith(code) for scope in scopes)
    return any(code.startswith(scope[:9]) for scope in scopes)


def holds(actor: Actor, code: str) -> bool:
    """Tell whether an actor's scope has all of a street, community or grid."""
    return any(code.startswith(scope) for scope in (*actor.streets, *actor.communities, *actor.grids))


def sentence_of(access: Access) -> str:
    """Say who may use a route, Chinese first."""
    if access.is_public:
        return "任何人可用,无需登录。 For everybody, without signing in."
    if access.scope == "own":
        return "任何已登录的账户,只涉及自己。 For every account, about itself alone."
    held = [role for code, role in all_roles().items() if code in access.roles]
    if access.roles == SIGNED_IN:
        who, whom = "任何角色", "every role"
    else:
        who, whom = "、".join(role.zh for role in held), ", ".join(role.en for role in held)
    bounded = access.scope != "none"
    zh = f"可用角色:{who}{';只见自己范围之内' if bounded else ''}。"
    return f"{zh} For {whom}{'; shows their own scope alone' if bounded else ''}."


def describe_access(operation: dict[str, Any], access: Access) -> None:
    """Add to an operation of the description who may use it."""
    operation["x-roles"] = sorted(access.roles)
    operation["x-scope"] = access.scope
    operation["x-looks-at-households"] = access.looks_at_households
    operation["description"] = f"{operation.get('description', '')}\n\n{sentence_of(access)}".strip()
    operation["security"] = [] if access.is_public else [{"cookie": []}, {"bearer": []}]


def _operations(routes: list[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in iter_route_contexts(routes):
        if isinstance(route.original_route, Mount):
            yield "GET", route.original_route.path
        elif route.methods and route.path_format:
            yield from ((method, route.path_format) for method in route.methods)
        else:
            raise RuntimeError(f"api/access.py cannot tell who may use {route.original_route!r}")
