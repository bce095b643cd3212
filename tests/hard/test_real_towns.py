"""Real towns through the store, whole, which take long: import, plan, map."""

from pathlib import Path

import pytest

from geo.services.importing import import_file
from tests.geo.services.test_real_towns import WHO, olemps_with_roads_and_water, plan_and_draw

pytestmark = pytest.mark.shared


@pytest.fixture(autouse=True)
def reports_of_rejected_rows_go_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_olemps_with_roads_and_water(session, shared_data):
    outcome = olemps_with_roads_and_water(session, shared_data("fr_olemps_bdtopo/olemps.gpkg"))
    assert outcome.report["households"] == 1429
    assert outcome.report["in_range"] == outcome.report["grids"] == outcome.report["contiguous"]


def test_shanghai_estimated(session, shared_data):
    file = shared_data("cn_shanghai_osm/shanghai_bund.gpkg")
    made = {"create_street": ("310101001", "外滩街道"), "create_community": ("310101001001", "外滩社区"), "who": WHO}
    import_file(session, Path(f"{file}#buildings"), "building", estimate_households=True, **made)
    import_file(session, Path(f"{file}#roads"), "barrier", under="310101001", who=WHO)
    outcome, page = plan_and_draw(session, "310101001")
    assert outcome.report["contiguous"] == outcome.report["grids"]
    assert outcome.report["households_source"] == {"estimated": outcome.report["atoms"]}
    assert "估算" in page


def test_suzhou_estimated(session, shared_data):
    file = shared_data("cn_suzhou_buildings/suzhou.gpkg")
    made = {"create_street": ("320508001", "平江街道"), "create_community": ("320508001001", "古城社区"), "who": WHO}
    import_file(session, file, "building", estimate_households=True, **made)
    outcome, _ = plan_and_draw(session, "320508001")
    assert outcome.report["households"] == 43_172
    assert outcome.report["contiguous"] == outcome.report["grids"]
    assert set(outcome.report["reasons"]) <= {"atom_over_upper"}
