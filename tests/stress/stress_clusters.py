"""The real queue worker under its supervisor, hurt in every part: each import ends, every row exactly once."""

import os
import signal
import sqlite3
import time
from contextlib import closing, contextmanager

import psycopg
import pytest

from tests.product import Product
from tests.supervised import Contacts, SupervisedWorker, connect

ROWS = 12_000
AWAY_SECONDS = 25  # longer than SQLite waits for a lock
LONGEST_RECOVERY = 240


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    monkeypatch.setattr("tests.product.PATIENCE", 400)


class AtUsualSettings(Product):
    shortened = {}


@contextmanager
def without_worker(product):
    """Each case begins its own."""
    product.kill_worker()
    try:
        yield product
    finally:
        product.start_worker()
        product.stop()


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    with without_worker(Product(tmp_path_factory.mktemp("product"))) as product:
        yield product


@contextmanager
def worker_of(product):
    worker = SupervisedWorker(product)
    try:
        yield worker
    finally:
        worker.kill()


# The cases: each begins an import and disturbs it, and returns it when it has ended


def while_it_works(hurt):
    """A case in which the worker is hurt in the midst of the import."""

    def case(product, begin):
        with worker_of(product) as worker:
            job = begin()
            job.wait_until_rows_are_written()
            hurt(worker)
            job.wait_for_end()
        return job

    return case


def idle_worker_killed(product, begin):
    with worker_of(product) as worker:
        deaf = worker.main
        worker.kill_idle_worker()
        job = begin()
        job.wait_for_end()
        assert worker.main != deaf
    return job


def told_to_end(product, begin):
    with worker_of(product) as worker:
        job = begin()
        job.wait_until_rows_are_written()
        worker.process.terminate()
        assert worker.process.wait(30) == 0
        assert not worker.everything()
    with worker_of(product):
        job.wait_for_end()
    return job


def queue_emptied(product, begin):
    job = begin()
    with closing(connect(product)) as connection:
        connection.execute("DELETE FROM django_q_ormq")
    with worker_of(product):
        job.wait_for_end()
    return job


def secret_key_changed(product, begin):
    job = begin()
    product.environment["SECRET_KEY"] = "another key, with which nothing in the queue was signed"
    try:
        with worker_of(product):
            job.wait_for_end()
    finally:
        del product.environment["SECRET_KEY"]
    return job


def database_away(product, begin):
    with worker_of(product):
        job = begin()
        job.wait_until_rows_are_written()
        away = refuse_connections if product.database else hold_the_lock
        with away(product):
            time.sleep(AWAY_SECONDS)
        job.wait_for_end()
    return job


@contextmanager
def refuse_connections(product):
    with psycopg.connect(product.server, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {product.database} ALLOW_CONNECTIONS false")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [product.database]
        )
        yield
        connection.execute(f"ALTER DATABASE {product.database} ALLOW_CONNECTIONS true")


@contextmanager
def hold_the_lock(product):
    with closing(
        sqlite3.connect(product.folder / "db.sqlite3", timeout=60, isolation_level=None)
    ) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


CASES = {
    "busy worker killed": (6, while_it_works(SupervisedWorker.kill_busy_worker)),
    "idle worker killed": (6, idle_worker_killed),
    "whole cluster killed": (6, while_it_works(lambda worker: worker.send_to_cluster(signal.SIGKILL))),
    "sentinel killed": (2, while_it_works(lambda worker: os.kill(worker.sentinel, signal.SIGKILL))),
    "collector of results killed": (
        2,
        while_it_works(lambda worker: os.kill(worker.parts[-2], signal.SIGKILL)),
    ),
    "pusher of tasks killed": (2, while_it_works(lambda worker: os.kill(worker.parts[-1], signal.SIGKILL))),
    "SIGTERM to the main process": (2, while_it_works(lambda worker: os.kill(worker.main, signal.SIGTERM))),
    "SIGTERM to the cluster's group": (
        2,
        while_it_works(lambda worker: worker.send_to_cluster(signal.SIGTERM)),
    ),
    "SIGTERM to the supervisor": (2, told_to_end),
    "queue table emptied": (2, queue_emptied),
    "secret key changed": (2, secret_key_changed),
    "database away": (2, database_away),
}


@pytest.mark.parametrize("what", CASES)
def test_clusters(what, product, report):
    times, case = CASES[what]
    lost, doubled, visitor = 0, 0, product.visitor()
    for number in range(times):
        prefix = f"{what[0]}{list(CASES).index(what)}-{number}".upper()
        job = case(product, lambda prefix=prefix: Contacts(product, visitor, prefix, ROWS))
        assert job.state() == "completed"
        lost, doubled = (sum(pair) for pair in zip((lost, doubled), job.lost_and_doubled(), strict=True))
    report(what, times, lost, doubled)
    assert (lost, doubled) == (0, 0)


def test_idle_worker_killed_at_the_usual_settings(tmp_path, report):
    """Nothing but the product itself sweeps and supervises."""
    with without_worker(AtUsualSettings(tmp_path)) as product, worker_of(product) as worker:
        worker.kill_idle_worker()
        began = time.monotonic()
        job = Contacts(product, product.visitor(), "USUAL", ROWS)
        job.wait_for_end(sweep=False)
        seconds = time.monotonic() - began
        assert job.state() == "completed"
        lost, doubled = job.lost_and_doubled()
    report("idle worker killed, usual settings", 1, lost, doubled, f"recovered after {seconds:.0f} s")
    assert (lost, doubled) == (0, 0)
    assert seconds < LONGEST_RECOVERY
