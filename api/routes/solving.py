"""The rest of a draft solved by the engine around what a planner locked: a job, with progress and cancel."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Request, Response

from api.dependencies import MAX_ID, Acting, Database, PlanId, Settings, Store
from api.errors import PROBLEMS, problem_of
from api.idempotency import Creating, once
from api.jobs import Jobs
from api.openapi import problems
from api.routes.plans import IfMatch, seen_version
from api.schemas.solving import Job, RestToSolve
from geo import errors
from geo.services import plan_jobs

router = APIRouter(tags=["plans"], route_class=Creating)

JobId = Annotated[int, Path(ge=1, le=MAX_ID, description="任务编号。The job's number.")]


@router.post(
    "/plans/{plan_id}/solve",
    status_code=202,
    summary="锁定之外自动重划 Solve the rest",
    dependencies=[Depends(once)],
    responses={
        202: {"headers": {"Location": {"schema": {"type": "string"}, "description": "任务的地址 Where the job is"}}},
        **problems(404, 409, 412, 413, 415, 422, 428, 503),
    },
)
def solve(
    request: Request,
    response: Response,
    background: BackgroundTasks,
    store: Store,
    database: Database,
    actor: Acting,
    settings: Settings,
    plan_id: PlanId,
    body: RestToSolve,
    if_match: IfMatch = None,
) -> Job:
    """Have the engine divide a draft anew, all but the grids and compounds that stay; saved as one edit, to be undone.

    Answers at once with the job; its progress is at `GET /jobs/{job_id}`, and `DELETE` there cancels it. The version
    you saw must be the newest, now (412) and when the job is done (it then fails, and nothing changes). One plan is
    solved once at a time (409). A server that stops loses nothing: the job is told as interrupted, the draft as it was.
    """
    version = seen_version(if_match)
    job = plan_jobs.begin_solving(
        store,
        plan_id,
        body.kept(),
        who=actor.name,
        version=version,
        seed=body.seed,
        time_limit=settings.draft_seconds_per_community,
    )
    jobs: Jobs = request.app.state.jobs
    place = jobs.place(f"plan {plan_id}")
    # Begun after the answer, when the job's row is committed; a thread of its own holds up no request.
    background.add_task(
        jobs.start,
        f"job {job.id}",
        lambda stop: plan_jobs.carry_out(database, actor, job.id, stop, place),
    )
    response.headers["Location"] = f"/jobs/{job.id}"
    return _shown(job)


@router.get("/jobs/{job_id}", summary="任务进度 How far a job is", responses=problems(404, 422, 503))
def job(store: Store, response: Response, job_id: JobId) -> Job:
    """Tell how far a job is, and what came of it."""
    response.headers["Cache-Control"] = "no-store"
    return _shown(plan_jobs.read_job(store, job_id))


@router.delete("/jobs/{job_id}", summary="取消任务 Cancel a job", responses=problems(404, 409, 422, 503))
def cancel(store: Store, job_id: JobId) -> Job:
    """End a job that runs; the plan stays as it is. One that has ended is told so (409)."""
    return _shown(plan_jobs.cancel_job(store, job_id))


def _shown(job: plan_jobs.JobRecord) -> Job:
    return Job.model_validate({**asdict(job), "problem": job.problem and _problem(job.problem)})


def _problem(told: dict[str, Any]) -> dict[str, str]:
    kind = getattr(errors, told["error"], errors.WanggeError)
    problem = problem_of(kind(told["zh"], told["en"])) if kind is not errors.WanggeError else PROBLEMS["internal"]
    return {"type": problem.type, "title": problem.title, "detail": told["zh"], "detail_en": told["en"]}
