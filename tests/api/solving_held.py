"""Solving that waits before it begins, for tests of what is told meanwhile and of what cancels it."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from geo.services import plan_jobs
from geo.services.solving import solve_rest


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Work waits before it begins, in the way it would wait for a place, until the event is set."""
    goes = threading.Event()

    def wait_first(*given: Any, progress: Any, **more: Any) -> Any:
        while not goes.wait(0.02) and progress(0.25):
            pass
        return solve_rest(*given, progress=progress, **more)

    monkeypatch.setattr(plan_jobs, "solve_rest", wait_first)
    yield goes
    goes.set()
