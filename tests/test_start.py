"""`manage.py start`: everything at once, and nothing of it left afterwards."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from tests.processes import children, processes_with

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not Path("/proc").exists(), reason="looks for left processes in /proc"),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).read() == b"ok"
    except OSError:
        return False


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.1)


@contextmanager
def product(environment, output):
    """The running product; what it printed is added to `output`."""
    command = [sys.executable, "manage.py", "start"]
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: answers(environment["PORT"]))
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        output.append(process.communicate(timeout=30)[0])


@pytest.fixture
def environment(tmp_path):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "DATA_DIR": str(tmp_path), "PORT": str(free_port())}


def test_start_serves_and_ctrl_c_leaves_nothing_behind(environment, tmp_path):
    output = []
    with product(environment, output):
        assert len(processes_with(f"DATA_DIR={tmp_path}")) >= 4
        began = time.monotonic()
    assert time.monotonic() - began < 8
    assert processes_with(f"DATA_DIR={tmp_path}") == []


def test_a_second_start_keeps_account_and_data_and_a_taken_port_is_named(environment):
    output = []
    with product(environment, output):
        command = [sys.executable, "manage.py", "start"]
        second = subprocess.run(
            command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
        )
        assert second.stderr.startswith(f"CommandError: Port {environment['PORT']} is in use.")
    with product(environment, output):
        pass
    assert output[0].count("Sign in as admin with the password") == 1
    assert "demo records added" in output[0]
    assert "password" not in output[1]
    assert "demo records" not in output[1]


def test_a_worker_that_ends_is_started_again(environment, tmp_path):
    output = []
    with product(environment, output) as process:
        worker = worker_of(process.pid)
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: worker_of(process.pid) not in (None, worker))
    assert processes_with(f"DATA_DIR={tmp_path}") == []


def worker_of(parent):
    return next(iter(children(parent, "qcluster")), None)
