"""Who lives or works where: for the few roles that need it, each look on record."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.dependencies import Acting, PageOf, Store, code_pattern
from api.openapi import problems
from api.schemas.households import GridStaffItem, GridStaffPage, HouseholdUnitItem, HouseholdUnits
from geo.errors import InputError
from geo.services.households import look_at_household_units, look_at_staff
from geo.territory.dictionaries import dictionary

router = APIRouter(tags=["households"])

BuildingCode = Annotated[str, Path(pattern=code_pattern("building"), description="楼栋编码 Code of the building")]
OfGrid = Annotated[str | None, Query(pattern=code_pattern("grid"), description="只要此网格的。Of this grid only.")]
OfCommunity = Annotated[
    str | None, Query(pattern=code_pattern("community"), description="只要此社区的。Of this community only.")
]


@router.get(
    "/buildings/{code}/household-units",
    summary="一栋楼的各户 Doors of a building",
    responses=problems(404, 422, 503),
)
def household_units(store: Store, actor: Acting, code: BuildingCode, page: PageOf) -> HouseholdUnits:
    """List the doors of a building, by code. Every page that is looked at is an event of the audit trail."""
    units = look_at_household_units(store, code, limit=page.limit, after=page.after, actor=actor)
    kinds = dictionary("unit_kinds").entries
    items = [
        HouseholdUnitItem(**vars(unit), kind_label=kinds[unit.kind].label if unit.kind in kinds else unit.kind)
        for unit in units
    ]
    return HouseholdUnits(items=items, next=items[-1].code if len(items) == page.limit else None)


@router.get("/grid-staff", summary="网格人员 People of the grids", responses=problems(404, 422, 503))
def grid_staff(
    store: Store, actor: Acting, page: PageOf, grid: OfGrid = None, community: OfCommunity = None
) -> GridStaffPage:
    """List the people in charge of a grid, or of a community's grids, by code. Every look is an event.

    Telephone numbers are masked for roles that do not see them.
    """
    if (grid is None) == (community is None):
        raise InputError("请用 grid 或 community 写明一个网格或社区", "state one grid or one community, by its code")
    within = grid or community or ""
    staff = look_at_staff(store, within, limit=page.limit, after=page.after, actor=actor)
    roles = dictionary("staff_roles").entries
    items = [
        GridStaffItem(**vars(person), role_label=roles[person.role].label if person.role in roles else person.role)
        for person in staff
    ]
    return GridStaffPage(items=items, next=items[-1].code if len(items) == page.limit else None)
