"""Every figure of a plan is registered."""

from geo.regionalization import regionalize
from geo.regionalization.metrics import METRICS


def test_every_metric_of_a_plan_is_registered():
    result = regionalize([100, 120], [[0, 1]], [1.0], lower=200, upper=300)
    assert set(result.metrics) <= set(METRICS)
    for metric in METRICS.values():
        assert metric.zh
        assert metric.en
        assert metric.source
