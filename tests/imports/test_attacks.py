import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from imports.parts import Limits, read_file
from imports.readers import UnreadableFile

from .attacks import ATTACKS, ATTACKS_ON_CALAMINE

PROJECT = Path(__file__).resolve().parents[2]
ALL = ATTACKS | ATTACKS_ON_CALAMINE
SECONDS = 2  # of the processor
MEMORY, MEMORY_OF_CALAMINE = 150, 300  # MB


def measured(path):
    """Read the file in children of this process; return [code of its sentence, seconds of the processor, MB]
    of the children. The memory is the most of all children so far."""
    from django.core.files.storage import InMemoryStorage

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = None
    try:
        limits = Limits(address_space=1 << 30, cpu_seconds=20, wall_seconds=100)
        read_file(path, name=Path(path).name, storage=InMemoryStorage(), prefix="parts", limits=limits)
    except UnreadableFile as problem:
        code = problem.code
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [code, round(seconds, 2), after.ru_maxrss >> 10]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """{name: [code, seconds, MB]}, measured in a small process: the memory of a child counts from that of
    its parent."""
    folder = tmp_path_factory.mktemp("attacks")
    for number, (make, _) in enumerate(ALL.values()):
        (folder / str(number)).write_bytes(make())
    code = f"""
import json
import django.conf
django.conf.settings.configure(USE_I18N=False)
from tests.imports.test_attacks import measured
print(json.dumps([measured(f"{folder}/{{number}}") for number in range({len(ALL)})]))
"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": ""}
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, check=True
    )
    return dict(zip(ALL, json.loads(child.stdout), strict=True))


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused_quickly_and_with_little_memory(found, name):
    code, seconds, memory = found[name]
    assert code == ATTACKS[name][1]
    assert seconds < SECONDS
    assert memory < MEMORY


@pytest.mark.parametrize("name", ATTACKS_ON_CALAMINE)
def test_reader_that_copies_texts_is_given_little_memory(found, name):
    code, seconds, memory = found[name]
    assert code == ATTACKS_ON_CALAMINE[name][1]
    assert seconds < SECONDS
    assert memory < MEMORY_OF_CALAMINE
