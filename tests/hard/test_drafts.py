"""Drafts as typed, of which a worker is killed. ``geo/regionalization/test_execution.py`` kills one in every run."""

import os
import signal
from pathlib import Path

import geopandas as gpd

from tests.api.test_plans_command import begin_draft, wait_for_the_end_of


def test_a_draft_whose_worker_dies_is_finished_by_the_others(tmp_path: Path) -> None:
    draft, children = begin_draft(tmp_path)
    os.kill(children[-1], signal.SIGKILL)
    said = draft.communicate(timeout=200)[1].decode()
    assert (draft.returncode, said) == (0, "")
    assert gpd.read_file(tmp_path / "plan.gpkg", layer="grids")["in_range"].all()
    wait_for_the_end_of(children)
