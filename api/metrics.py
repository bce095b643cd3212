"""Figures of one running application, in Prometheus' words; each application counts in a registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from sqlalchemy.pool import QueuePool
from starlette.applications import Starlette

from api.logs import Served

#: Upper ends in seconds: a list page takes milliseconds, a draft of a street minutes.
SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 240)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What is counted, and how it is told."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        by_route = ("method", "route")
        self._requests = Counter(
            "wangge_requests", "请求数 Requests answered", (*by_route, "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "wangge_request_seconds", "用时(秒) Time taken", by_route, buckets=SECONDS, registry=self.registry
        )
        self._bytes_in = Counter("wangge_request_bytes", "请求正文字节 Bytes of bodies taken", registry=self.registry)
        self._bytes_out = Counter("wangge_answer_bytes", "答复正文字节 Bytes of bodies sent", registry=self.registry)
        #: Series found already: to find one takes longer than to count.
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        ProcessCollector(registry=self.registry)

    def count(self, served: Served) -> None:
        """Count one request that is done; its route's template keeps the number of series small."""
        of = served.method, served.route, served.status
        known = self._known.get(of)
        if known is None:
            requests = self._requests.labels(served.method, served.route, str(served.status))
            known = self._known[of] = requests, self._seconds.labels(served.method, served.route)
        known[0].inc()
        known[1].observe(served.milliseconds / 1_000)
        self._bytes_in.inc(served.bytes_in)
        self._bytes_out.inc(served.bytes_out)

    def watch(self, app: Starlette) -> None:
        """Tell, whenever asked, what ``app`` is busy with: plans, map pages, connections to the database."""
        drafts = Gauge("wangge_drafts_running", "正在划分的方案 Plans being drafted", registry=self.registry)
        drafts.set_function(lambda: app.state.drafts.busy)
        maps = Gauge("wangge_maps_running", "正在绘制的地图 Map pages being drawn", registry=self.registry)
        maps.set_function(lambda: app.state.maps.busy)
        connections = Gauge(
            "wangge_database_connections", "使用中的数据库连接 Database connections in use", registry=self.registry
        )
        connections.set_function(lambda: _connections(app))

    def text(self) -> bytes:
        """Return everything in the text format that Prometheus reads."""
        return generate_latest(self.registry)


def _connections(app: Starlette) -> int:
    pool = app.state.engine.pool if app.state.engine is not None else None
    return pool.checkedout() if isinstance(pool, QueuePool) else 0
