"""Drafts on a real Dask cluster on this machine."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import dask
import pytest

from geo.errors import ExecutionError, InputError
from geo.regionalization.drafting import CommunityDraft
from geo.regionalization.execution import cluster, draft_communities, stream_drafts
from tests.geo.regionalization.clusters import ROOT, Machines, kill, machines
from tests.geo.regionalization.drawn import GRIDS
from tests.geo.regionalization.test_execution import Deadly, assert_same, drawn_city

#: Buildings along each side of a community that takes a second or more.
LARGE = 32


@pytest.fixture(scope="module")
def city():
    return drawn_city(8)


@pytest.fixture(scope="module")
def alone(city) -> list[CommunityDraft]:
    return draft_communities(city, GRIDS, workers=1)


@pytest.fixture(scope="class")
def shared(tmp_path_factory) -> Iterator[Machines]:
    """A scheduler with two workers, for tests that leave them whole."""
    with machines(tmp_path_factory.mktemp("cluster")) as made:
        made.begin()
        made.worker()
        made.worker(threads=2)
        yield made


@pytest.fixture
def two_workers(shared: Machines) -> str:
    return shared.address


class TestCluster:
    def test_draws_the_same_plan_as_one_process(self, two_workers, city, alone):
        calls = []
        drafts = draft_communities(city, GRIDS, scheduler=two_workers, progress=lambda *call: calls.append(call))
        assert_same(drafts, alone)
        told = [done for _, done, _ in calls]
        assert told == sorted(told)
        assert calls[-1][1:] == (8, 8)

    def test_streams_in_order(self, two_workers, city, alone):
        assert_same(list(stream_drafts(iter(city), GRIDS, scheduler=two_workers)), alone)

    def test_stopped_keeps_the_best_so_far_of_every_community(self, two_workers, monkeypatch):
        monkeypatch.setattr(cluster, "PULSE_S", 0.02)
        large = drawn_city(4, side=LARGE)
        drafts = draft_communities(large, GRIDS, scheduler=two_workers, progress=lambda *_: False)
        assert [len(draft.assignment) for draft in drafts] == [LARGE**2] * 4
        assert {draft.metrics["cancelled"] for draft in drafts} == {1.0}

    def test_says_in_which_community_it_went_wrong(self, two_workers, city):
        degrees = replace(city[1], buildings=city[1].buildings.to_crs(4326))
        with pytest.raises(InputError, match=f"社区 {degrees.code}"):
            draft_communities([city[0], degrees], GRIDS, scheduler=two_workers)

    def test_an_interrupt_ends_at_once_and_leaves_the_cluster_free(self, two_workers, city, alone):
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            draft_communities(drawn_city(4, side=LARGE), GRIDS, scheduler=two_workers, progress=interrupt)
        assert_same(draft_communities(city[:1], GRIDS, scheduler=two_workers), alone[:1])

    def test_workers_and_scheduler_together_are_refused(self, two_workers, city):
        with pytest.raises(InputError, match="Dask"):
            draft_communities(city, GRIDS, scheduler=two_workers, workers=2)

    def test_a_worker_killed_midway_changes_nothing(self, shared, city, alone):
        doomed = shared.worker(threads=2)
        shared.wait_for_workers(3)
        killed = []

        def kill_one(_code: str, done: float, _total: int) -> None:
            if 0 < done < 8 and not killed:
                kill(doomed)
                killed.append(done)

        drafts = draft_communities(city, GRIDS, scheduler=shared.address, progress=kill_one)
        assert killed
        assert [process for process in shared.processes if process.poll() is not None] == [doomed]
        assert_same(drafts, alone)


def test_a_community_that_kills_its_workers_is_named(tmp_path, city):
    deadly = replace(city[0], tiles=Deadly())
    with machines(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as made:
        made.begin()
        made.worker(nanny=True)
        with pytest.raises(ExecutionError, match=f"社区 {deadly.code} 时集群的进程多次意外终止"):
            draft_communities([deadly], GRIDS, scheduler=made.address)


def test_an_encrypted_cluster_is_reached_with_its_certificate_alone(tmp_path, city, alone, monkeypatch):
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    made_of = ["-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=wangge"]
    subprocess.run(["openssl", "req", *made_of], check=True, capture_output=True)
    tls = {f"distributed.comm.tls.{name}": certificate for name in ("ca-file", "client.cert")}
    tls["distributed.comm.tls.client.key"] = key
    environment = {
        f"DASK_DISTRIBUTED__COMM__TLS__{role.upper()}__{name}": path
        for role in ("scheduler", "worker")
        for name, path in (("CERT", certificate), ("KEY", key))
    }
    with machines(tmp_path, DASK_DISTRIBUTED__COMM__TLS__CA_FILE=certificate, **environment) as made:
        made.begin("--protocol", "tls")
        assert made.address.startswith("tls://")
        made.worker()
        monkeypatch.setattr(cluster, "CONNECT_S", 20.0)
        with dask.config.set(tls):
            assert_same(draft_communities(city[:2], GRIDS, scheduler=made.address), alone[:2])
        monkeypatch.setattr(cluster, "CONNECT_S", 2.0)
        for address in (made.address, made.address.replace("tls://", "tcp://")):
            with pytest.raises(ExecutionError, match="连不上"):
                draft_communities(city, GRIDS, scheduler=address)


def test_workers_that_all_go_are_waited_for_only_so_long_and_a_scheduler_that_goes_is_noticed(tmp_path, monkeypatch):
    large = drawn_city(2, side=LARGE)
    with machines(tmp_path) as made:
        scheduler = made.begin()
        only = made.worker()
        with monkeypatch.context() as patched:
            patched.setattr(cluster, "WORKERS_S", 2.0)
            with pytest.raises(ExecutionError, match="已有 2 秒没有工作进程"):
                draft_communities(large, GRIDS, scheduler=made.address, progress=lambda *_: kill(only))
        made.worker()
        with pytest.raises(ExecutionError, match="连接中断"):
            draft_communities(large, GRIDS, scheduler=made.address, progress=lambda *_: kill(scheduler))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", "127.0.0.1", ""])
def test_a_scheduler_that_cannot_be_reached_is_said(city, monkeypatch, address):
    monkeypatch.setattr(cluster, "CONNECT_S", 2.0)
    before = set(threading.enumerate())
    with pytest.raises(ExecutionError, match="连不上 Dask 调度器") as caught:
        draft_communities(city, GRIDS, scheduler=address)
    assert "tcp://10.0.0.5:8786" in caught.value.en
    # What was begun for it is gone: left to be collected as garbage, it stops whoever does so for seconds.
    assert not {thread for thread in threading.enumerate() if thread.name == "IO loop"} - before


def test_a_cluster_without_workers_is_said_and_a_worker_with_another_wangge_refuses(tmp_path, city, monkeypatch):
    other = tmp_path / "other"
    shutil.copytree(ROOT / "geo", other / "geo", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "data" / "dictionaries", other / "data" / "dictionaries")
    with (other / "geo" / "regionalization" / "engine.py").open("a") as stream:
        stream.write("# another\n")
    with machines(tmp_path) as made:
        made.begin()
        with monkeypatch.context() as patched:
            patched.setattr(cluster, "CONNECT_S", 3.0)
            with pytest.raises(ExecutionError, match="没有工作进程"):
                draft_communities(city, GRIDS, scheduler=made.address)
        made.worker(sources=other)
        with pytest.raises(ExecutionError, match="程序与本机不同:wangge") as caught:
            draft_communities(city, GRIDS, scheduler=made.address)
    assert "install the same" in caught.value.en


def test_a_machine_without_dask_says_what_to_install():
    missing = "import sys; sys.modules['distributed'] = None\n"
    draft = "from geo.regionalization import execution; execution.draft_communities([], None, scheduler='tcp://x:1')"
    said = subprocess.run(
        [sys.executable, "-c", missing + draft], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "pip install 'wangge[dask]'" in said.stderr
    assert "本机没有安装 Dask" in said.stderr


def test_dask_is_loaded_only_when_asked_for():
    program = "import sys, api.cli, geo.regionalization.execution\nprint('distributed' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
