"""Use case: a sample plan that has been in force for a while with a worker in each grid, and a draft to work on."""

from datetime import date, datetime

import numpy as np
from sqlalchemy.orm import Session

from geo.sample.naming import Namer
from geo.sample.recipe import load_recipe
from geo.sample.staff import hire_for_new
from geo.storage import layers, plans, staffing
from geo.storage.network import read_network
from geo.territory import codes
from geo.territory.nouns import GRID_STAFF


def put_in_force(session: Session, plan_id: int, *, since: datetime, who: str) -> int:
    """Let a draft have been in force since a moment, and draft the same anew; return the new draft's id.

    Where a plan of the merged network is in force already, nothing is written and the id is the one given.

    Raises
    ------
    NotFoundError
        There is no such plan.
    ConflictError
        It is no draft.
    """
    plan = plans.read_plan(session, plan_id)
    if plans.in_force(session, plan.scope_code, plan.department):
        return plan_id
    grids, assignment = plans.read_grids(session, plan_id), plans.read_assignment(session, plan_id)
    plans.adopt(session, plan_id, who=who, version=plan.version, at=since)
    return plans.create_draft(
        session,
        name=plan.name,
        scope_code=plan.scope_code,
        department=plan.department,
        lower=plan.lower,
        upper=plan.upper,
        seed=plan.seed,
        parameters=plan.parameters,
        report=plan.report,
        grids=grids,
        assignment=assignment,
        who=who,
    )


def staff_grids(session: Session, street: str, *, since: date, seed: int, who: str) -> int:
    """Hire a grid worker for each grid in force on a day that has nobody; return for how many.

    Parameters
    ----------
    street
        Code of a street.
    since
        The day from which they are in charge.
    """
    grids = [str(code) for code in read_network(session, street, on=since)["code"]]
    lonely = sorted(set(grids) - staffing.staffed(session, grids, since))
    if not lonely:
        return 0
    hired = hire_for_new(lonely, since, Namer(load_recipe().words, np.random.default_rng(seed)))
    known = layers.existing_codes(session, GRID_STAFF, street)
    first = 1 + (int(known[-1][-4:]) if known else 0)
    numbered = [codes.make("grid_staff", street, first + row) for row in range(len(hired))]
    layers.upsert(session, GRID_STAFF, hired.assign(code=numbered), source=f"sample:{seed}", who=who)
    return len(hired)
