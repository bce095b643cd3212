import pytest

from api.errors import RequestError
from api.workbench import Workbench


def test_nobody_works_on_the_same_thing_twice() -> None:
    bench = Workbench(places=2)
    with bench.work_on("a"), pytest.raises(RequestError) as refused, bench.work_on("a"):
        pass
    assert refused.value.problem.status == 409


def test_places_are_bounded() -> None:
    bench = Workbench(places=1)
    with bench.work_on("a"), pytest.raises(RequestError) as refused, bench.work_on("b"):
        pass
    assert refused.value.problem.status == 503
    assert refused.value.headers == {"Retry-After": "30"}


def test_a_place_is_free_again_after_a_failure() -> None:
    bench = Workbench(places=1)
    with pytest.raises(ZeroDivisionError), bench.work_on("a"):
        raise ZeroDivisionError
    with bench.work_on("a"):
        pass
