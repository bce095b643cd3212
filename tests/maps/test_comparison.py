from dataclasses import replace

from geo.regionalization.comparison import change
from geo.territory.map_content import ComparisonContent
from maps.comparison import comparison_data, figure_table
from maps.layers import Extent
from maps.styles import CHANGE_CLASSES
from tests.maps.content import WEST, assigned, buildings, comparison, grids

EXTENT = Extent(WEST, 22.60, WEST + 0.016, 22.606)


def table_of(given: ComparisonContent) -> dict[str, dict[str, object]]:
    pairs = [(i, j) for i in range(len(given.plans)) for j in range(i + 1, len(given.plans))]
    changes = {pair: change(given.plans[pair[0]].assignment, given.plans[pair[1]].assignment) for pair in pairs}
    return {str(row["code"]): row for row in figure_table(given, changes)}


def test_the_table_says_which_plan_is_best_at_what() -> None:
    table = table_of(comparison())
    assert table["grids"]["shown"] == ["4", "3"]
    assert table["grids"]["best"] == [False, True]
    assert table["out_of_range"]["values"] == [2, 3]
    assert table["moved"]["shown"] == ["–", "355"]
    assert table["moved"]["best"] == [False, False]  # one value alone is no best
    assert table["divided"]["best"] == [False, False]  # neither divides any
    assert table["median"]["best"] == [False, False]  # neither direction is better
    assert "boundary_cost" not in table


def test_what_reports_measured_is_shown_where_it_is_known() -> None:
    given = comparison()
    first, second = given.plans
    table = table_of(replace(given, plans=(first, replace(second, measured={"boundary_cost": 1234.5}))))
    assert table["boundary_cost"]["shown"] == ["–", "1,234"]


def test_changes_name_grids_and_buildings_by_position() -> None:
    found = comparison_data(comparison(), EXTENT)["changes"]["0-1"]
    assert found["continues"] == [0, 1, 3]
    assert found["left"] == [75, 0, 280, 0]
    assert found["right"] == [0, 75, 280]
    assert found["buildings"] == [[1, 75], [4, 140], [5, 140]]
    assert found["flows"] == [[2, 2, 280, 2], [0, 1, 75, 1]]


def test_a_building_without_households_is_not_marked() -> None:
    given = comparison()
    empty = [plan.assignment.assign(households=[75, 0, 125, 125, 140, 140, 160, 160]) for plan in given.plans]
    plans = tuple(replace(plan, assignment=rows) for plan, rows in zip(given.plans, empty, strict=True))
    found = comparison_data(replace(given, plans=plans), EXTENT)["changes"]["0-1"]
    assert [building for building, _ in found["buildings"]] == [4, 5]
    assert len(found["flows"]) == 1


def test_a_plan_without_bounds_takes_those_of_the_other() -> None:
    given = comparison()
    first, second = given.plans
    data = comparison_data(replace(given, plans=(replace(first, lower=None, upper=None), second)), EXTENT)
    assert [each["key"] for each in data["classes"]] == ["below", "in_0", "in_1", "in_2", "above"]
    assert data["plans"][0]["building_grid"] == [0, 0, 1, 1, 2, 2, 3, 3]


def test_a_comparison_of_three_plans_holds_every_pair_and_no_elements_at_first() -> None:
    given = comparison()
    third = replace(given.plans[0], assignment=assigned(buildings()["grid_code"].tolist()), grids=grids())
    data = comparison_data(replace(given, plans=(*given.plans, third)), EXTENT)
    assert sorted(data["changes"]) == ["0-1", "0-2", "1-2"]
    assert data["changes"]["0-2"]["households"] == 0
    assert {layer["visible"] for layer in data["layers"] if layer["group"] == "elements"} == {False}


def test_shares_of_change_rise_and_end_with_those_alone() -> None:
    limits = [each.at_most for each in CHANGE_CLASSES]
    assert limits[-1] is None
    known = [limit for limit in limits if limit is not None]
    assert known == sorted(known)
    assert (known[0], known[-1]) == (0, 1)
