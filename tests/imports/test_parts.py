import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage, InMemoryStorage

from imports import parts
from imports.parts import (
    Limits,
    Reading,
    TimeIsUp,
    delete_parts,
    first_rows,
    iter_rows,
    read_file,
)
from imports.readers import UnreadableFile

LIMITS = Limits(address_space=1 << 30, cpu_seconds=20, wall_seconds=30)
ROWS = 12_000


class Stop(Exception):
    pass


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("Code,Name\n" + "".join(f"{n},Name {n}\n" for n in range(2, ROWS + 1)))
    return path


@pytest.fixture
def storage(tmp_path):
    return FileSystemStorage(tmp_path / "storage")


def stored_files(storage):
    return sorted(file.name for file in Path(storage.location).rglob("*") if file.is_file())


def read(path, storage, **options):
    return read_file(path, name=path.name, storage=storage, prefix="rows", **({"limits": LIMITS} | options))


def test_rows_are_cut_into_numbered_parts(path, storage):
    reading = read(path, storage)
    assert stored_files(storage) == ["00000.jsonl", "00001.jsonl", "00002.jsonl", "00003.jsonl"]
    assert [(part["first"], part["last"], part["rows"]) for part in reading.parts] == [
        (1, 500, 500),
        (501, 5500, 5000),
        (5501, 10500, 5000),
        (10501, 12000, 1500),
    ]
    assert (reading.rows, reading.width) == (ROWS, 2)


def test_parts_of_long_rows_are_cut_earlier(tmp_path, storage, monkeypatch):
    monkeypatch.setattr(parts, "PART_BYTES", 1000)
    path = tmp_path / "long.csv"
    path.write_text("a,b\n" + f"1,{'x' * 400}\n" * 5)
    reading = read(path, storage)
    assert [part["rows"] for part in reading.parts] == [4, 2]
    assert [number for number, _ in iter_rows(storage, reading)] == [1, 2, 3, 4, 5, 6]


def test_reading_survives_json(path, storage):
    reading = read(path, storage)
    assert Reading.from_json(json.loads(json.dumps(reading.to_json()))) == reading


def test_rows_come_back_in_order_from_any_row(path, storage):
    reading = read(path, storage)
    assert [number for number, _ in iter_rows(storage, reading)] == list(range(1, ROWS + 1))
    assert next(iter_rows(storage, reading, after=5499)) == (5500, ["5500", "Name 5500"])
    assert list(iter_rows(storage, reading, after=ROWS)) == []
    assert first_rows(storage, reading, 2) == [(1, ["Code", "Name"]), (2, ["2", "Name 2"])]


def test_parts_before_the_row_are_not_opened(path, storage):
    reading = read(path, storage)
    storage.delete(reading.parts[0]["name"])
    storage.delete(reading.parts[1]["name"])
    assert next(iter_rows(storage, reading, after=5500))[0] == 5501


def test_rows_run_over_the_borders_of_parts(path, storage):
    numbers = [number for number, _ in iter_rows(storage, read(path, storage), after=400)]
    assert numbers == list(range(401, 12_001))


def test_progress_is_told_part_by_part(path, storage):
    told = []
    read(path, storage, on_progress=told.append)
    assert told == [500, 5500, 10500, 12000]


def test_stopping_leaves_no_parts(path, storage):
    def stop(rows):
        if rows > 5000:
            raise Stop

    with pytest.raises(Stop):
        read(path, storage, on_progress=stop)
    assert stored_files(storage) == []


def test_failure_in_the_last_row_leaves_no_parts(path, storage):
    with path.open("a") as file:
        file.write('1,"unclosed\n')
    with pytest.raises(UnreadableFile) as caught:
        read(path, storage)
    assert caught.value.sentence.startswith(
        f"The quotation mark that opens on line {ROWS + 1} is never closed"
    )
    assert stored_files(storage) == []


def test_full_storage_leaves_no_parts(path, storage):
    class FullStorage(FileSystemStorage):
        def _save(self, name, content):
            if name.endswith("00002.jsonl"):
                raise OSError("No space left on device")
            return super()._save(name, content)

    full = FullStorage(storage.location)
    with pytest.raises(OSError, match="No space left"):
        read(path, full)
    assert stored_files(full) == []


def test_deleting_the_parts_leaves_nothing(path, storage):
    delete_parts(storage, read(path, storage))
    assert stored_files(storage) == []


def test_parts_of_an_earlier_reading_are_not_overwritten(path):
    storage = InMemoryStorage()
    first, second = read(path, storage), read(path, storage)
    delete_parts(storage, first)
    assert sum(1 for _ in iter_rows(storage, second)) == ROWS


def test_wall_clock_ends_the_reading(tmp_path, storage):
    path = tmp_path / "long.csv"
    path.write_text("a,b,c\n" + "1,2,3\n" * 1_000_000)
    start = time.monotonic()
    with pytest.raises(TimeIsUp):
        read(path, storage, limits=Limits(1 << 30, 60, 0.5))
    assert time.monotonic() - start < 2
    assert stored_files(storage) == []


def test_hanging_child_is_killed(tmp_path, storage, monkeypatch):
    project = tmp_path / "project"
    (project / "imports").mkdir(parents=True)
    (project / "imports" / "readers.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(parts, "PROJECT", project)
    start = time.monotonic()
    with pytest.raises(TimeIsUp):
        read(tmp_path / "any.csv", storage, limits=Limits(1 << 30, 60, 0.5))
    assert time.monotonic() - start < 2


def test_processor_limit_ends_the_reading(tmp_path, storage):
    path = tmp_path / "long.csv"
    path.write_text(("1," * 40 + "2\n") * 1_000_000)
    with pytest.raises(TimeIsUp):
        read(path, storage, limits=Limits(1 << 30, 1, 30))
    assert stored_files(storage) == []


def test_small_file_is_not_waited_for_as_long_as_a_large_one():
    code = "import resource, sys; from imports.readers import _confine; _confine({!r}, {}); "
    code += "print(resource.getrlimit(resource.RLIMIT_CPU)[0])"
    limits = {"address_space": 1 << 30, "cpu_seconds": 1200}
    seconds = [
        int(subprocess.check_output([sys.executable, "-c", code.format(limits, size)], cwd=parts.PROJECT))
        for size in (5000, 10_000_000, 512_000_000)
    ]
    assert seconds == [10, 210, 1200]


def test_memory_limit_is_a_sentence(tmp_path, storage):
    path = tmp_path / "one line.csv"
    path.write_bytes(b"a,b\n" + b"x" * (300 << 20))
    with pytest.raises(UnreadableFile) as caught:
        read(path, storage, limits=Limits(200 << 20, 20, 30))
    assert caught.value.code == "too_large_to_read"


def left_over():
    """The open files of this process, and its children, those included that nobody waited for."""
    process = Path("/proc/self")
    children = " ".join(task.read_text() for task in process.glob("task/*/children"))
    return len(list(process.glob("fd/*"))), set(children.split())


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux")
def test_whatever_a_file_does_no_process_and_no_open_file_is_left(path, tmp_path, storage):
    damaged, endless = tmp_path / "damaged.xlsx", tmp_path / "endless.csv"
    damaged.write_bytes(b"PK\x03\x04" + bytes(100))
    endless.write_text(("1," * 40 + "2\n") * 500_000)
    before = left_over()
    read(path, storage)
    for file, limits in (
        (damaged, LIMITS),
        (endless, Limits(1 << 30, 20, 0.3)),
        (endless, Limits(1 << 20, 20, 30)),
    ):
        with pytest.raises(UnreadableFile):
            read(file, storage, limits=limits)
    assert left_over() == before


def test_child_sees_no_secrets(tmp_path, storage, monkeypatch):
    project = tmp_path / "project"
    (project / "imports").mkdir(parents=True)
    (project / "imports" / "readers.py").write_text(
        "import json, os\n"
        "print(json.dumps({'error': {'code': 'damaged', 'params': {'names': sorted(os.environ)}}}))"
    )
    monkeypatch.setattr(parts, "PROJECT", project)
    monkeypatch.setenv("SECRET_KEY", "s")
    with pytest.raises(UnreadableFile) as caught:
        read(tmp_path / "any.csv", storage)
    assert not {"SECRET_KEY", "DATABASE_URL"} & set(caught.value.params["names"])
