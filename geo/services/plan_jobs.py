"""Use case: have a plan solved in the background: begun, looked at, cancelled, and carried out elsewhere.

Whoever carries a job out says twice a second that it goes on. What came of it is saved in the transaction that ends the
job, and only if nobody ended it before: a job that was cancelled, or whose process was taken for dead, changes nothing.
"""

import logging
import threading
from contextlib import AbstractContextManager
from dataclasses import asdict
from types import TracebackType
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.access.actor import Actor
from geo.errors import ConflictError, DatabaseError, WanggeError
from geo.regionalization.editing import Move
from geo.services.solving import Kept, Solved, Undo, solve_rest
from geo.storage import plan_jobs, plans
from geo.storage.database import session_scope
from geo.storage.plan_jobs import JobRecord

__all__ = ["JobRecord", "begin_solving", "cancel_job", "carry_out", "read_job"]

SOLVE = "solve"
#: Seconds between two signs of life.
PULSE_S = 0.5

log = logging.getLogger("wangge.jobs")


def begin_solving(
    session: Session, plan_id: int, kept: Kept, *, who: str, version: int, seed: int = 0, time_limit: float | None
) -> JobRecord:
    """Note that a draft shall be solved around what is kept (:func:`~geo.services.solving.solve_rest`).

    Raises
    ------
    NotFoundError, StaleVersionError
        There is no such plan, or it is not at ``version`` any more.
    ConflictError
        It is no draft, or other work on it goes on.
    """
    plans.seen_draft(session, plan_id, version)
    asked = {"kept": asdict(kept), "seed": seed, "time_limit": time_limit, "version": version}
    return plan_jobs.begin(session, plan_id, SOLVE, asked, who=who)


def read_job(session: Session, job_id: int) -> JobRecord:
    """Return a job as it is now.

    Raises
    ------
    NotFoundError
        There is no such job.
    """
    return plan_jobs.read(session, job_id)


def cancel_job(session: Session, job_id: int) -> JobRecord:
    """End a job that runs; the plan stays as it is.

    Raises
    ------
    NotFoundError
        There is no such job.
    ConflictError
        It has ended already.
    """
    job = plan_jobs.read(session, job_id)
    if not plan_jobs.end(session, job_id, "cancelled"):
        raise ConflictError(
            f"任务 {job_id} 已经结束,不能取消;如要恢复原状,请在工作台撤销这次修改",
            f"job {job_id} has ended and cannot be cancelled; undo the edit at the workbench to go back",
        )
    return plan_jobs.read(session, job.id)


def carry_out(
    engine: Engine, actor: Actor, job_id: int, stop: threading.Event, place: AbstractContextManager[None]
) -> None:
    """Do the work of a job in the name of who began it, and end the job, whatever comes of it.

    Parameters
    ----------
    stop
        Set when the process has to end: the job is then interrupted.
    place
        Entered before the work begins, however long that takes, and left after it.
    """
    with _Pulse(engine, actor, job_id, stop) as pulse:
        try:
            with place:
                _solve(engine, actor, job_id, pulse)
        except _EndedMeanwhileError:
            log.info("job %s had been ended by somebody", job_id)
        except WanggeError as error:
            _end(engine, actor, job_id, "failed", {"error": type(error).__name__, "zh": error.zh, "en": error.en})
        except Exception:
            log.exception("job %s failed", job_id)
            _end(engine, actor, job_id, "failed", {"error": "WanggeError", "zh": _WRONG[0], "en": _WRONG[1]})
        else:
            if stop.is_set():
                _end(engine, actor, job_id, "interrupted", None)


_WRONG = (
    "求解时出错,方案没有改变;详情见服务器日志",
    "something went wrong, the plan is as it was; the server's log has the details",
)


class _EndedMeanwhileError(Exception):
    """Somebody ended the job before its result was saved; the transaction is undone."""


class _Pulse:
    """Says in a thread of its own that a job goes on, and hears whether it still shall."""

    def __init__(self, engine: Engine, actor: Actor, job_id: int, stop: threading.Event) -> None:
        self._engine, self._actor, self._job_id = engine, actor, job_id
        self._stop = stop
        self._share = 0.0
        self._is_ended = threading.Event()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"pulse of job {job_id}", daemon=True)

    def __enter__(self) -> "_Pulse":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def take(self, share: float) -> bool:
        """Take in how much is done; return whether to go on."""
        self._share = share
        return not (self._is_ended.is_set() or self._stop.is_set())

    def _beat(self) -> None:
        while not self._is_over.wait(PULSE_S):
            try:
                with session_scope(self._engine, self._actor) as session:
                    goes_on = plan_jobs.beat(session, self._job_id, min(self._share, 1.0))
            except DatabaseError:
                log.warning("job %s could not say that it goes on", self._job_id)
                continue
            if not goes_on:
                self._is_ended.set()
                return


def _solve(engine: Engine, actor: Actor, job_id: int, pulse: _Pulse) -> None:
    with session_scope(engine, actor) as session:
        job = plan_jobs.read(session, job_id)
        asked, kept = job.asked, job.asked["kept"]
        compounds = kept["compounds"]
        solved = solve_rest(
            session,
            job.plan_id,
            Kept(
                tuple(kept["grids"]),
                tuple(compounds) if isinstance(compounds, list) else compounds,
                tuple(kept["communities"]),
            ),
            who=actor.name,
            version=asked["version"],
            seed=asked["seed"],
            time_limit=asked["time_limit"],
            progress=pulse.take,
        )
        if solved is None:
            return
        if not plan_jobs.end(session, job_id, "done", result=_told(solved, asked["version"])):
            raise _EndedMeanwhileError


def _end(engine: Engine, actor: Actor, job_id: int, state: plan_jobs.State, problem: dict[str, Any] | None) -> None:
    with session_scope(engine, actor) as session:
        plan_jobs.end(session, job_id, state, problem=problem)


# ── what came of it, as plain values ─────────────────────────────────────────────────────────────────────────────────


def _told(solved: Solved, version: int) -> dict[str, Any]:
    edited = solved.edited
    return {
        "version": edited.plan.version if edited else version,
        "moved": solved.moved,
        "changed_grids": edited.grids["code"].tolist() if edited else [],
        "ended_grids": list(edited.ended) if edited else [],
        "notices": [asdict(notice) for notice in edited.notices] if edited else [],
        "undo": [_undo(each) for each in solved.undo],
    }


def _undo(each: Undo) -> dict[str, Any]:
    return {
        "moves": [_move(move) for move in each.moves],
        "new_grids": list(each.new_grids),
        "ended_grids": list(each.ended_grids),
    }


def _move(move: Move) -> dict[str, Any]:
    told: dict[str, Any] = {"building_code": move.building, "grid_code": move.grid}
    if move.stairwell is not None:
        told["stairwell_code"] = move.stairwell
    if move.floors is not None:
        told |= {"floor_from": move.floors[0], "floor_to": move.floors[1]}
    return told
