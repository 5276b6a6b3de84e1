import random
import time

import pytest

from imports.readers import FILE_PROBLEMS, UnreadableFile

from .mutations import mutated
from .test_corpus import FILES
from .test_readers import VALUES
from .workbooks import read_bytes, workbook, xls

SOUND = [workbook(VALUES), xls(VALUES), 'Όνομα;Πόλη\r\n\'Άννα;"Λευκ\nωσία"\r\n'.encode() * 20]
SOUND += [path.read_bytes() for path in FILES if 0 < path.stat().st_size < 200_000]


def outcome(tmp_path, seed):
    """The code of what is wrong with the mutated file, or "read"."""
    chance = random.Random(seed)
    data = mutated(chance.choice(SOUND), chance)
    try:
        read_bytes(tmp_path, data, "mutated.xlsx")
    except UnreadableFile as problem:
        return problem.code if problem.sentence else "no sentence"
    return "read"


@pytest.mark.parametrize("seed", range(60))
def test_mutated_file_gives_rows_or_a_sentence(tmp_path, seed):
    began = time.monotonic()
    assert outcome(tmp_path, seed) in ("read", *FILE_PROBLEMS)
    assert time.monotonic() - began < 20
