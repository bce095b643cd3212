"""The sections of the benchmark, in the order in which they run."""

from collections.abc import Callable

from tests.benchmarks.regionalization.quality import quality
from tests.benchmarks.regionalization.scope import Scope
from tests.benchmarks.regionalization.speed import community, compile_engine, first_use, growth
from tests.benchmarks.regionalization.stability import stability
from tests.benchmarks.regionalization.targets import judge

__all__ = ["SECTIONS", "Scope", "compile_engine"]


def _quality(scope: Scope) -> None:
    quality(scope)
    growth(scope)
    judge(scope)


SECTIONS: dict[str, Callable[[Scope], None]] = {
    "first-use": first_use,
    "community": community,
    "stability": stability,
    "quality": _quality,
}
