"""Files that nobody should send: mutated ones by the thousand, and every odd text in every column."""

import logging
import random
import time
from collections import Counter

import pytest

from imports.writers import harmless, restored, unambiguous
from tests.imports.odd_rows import digest, outcomes, records
from tests.imports.test_mutations import outcome

MUTATIONS = 2000
STRINGS = 300_000
LONGEST = 20  # seconds
EXPECTED = {
    "contacts": "d670c0c00f7d8924",
    "devices": "5899bc0093e5733b",
    "products": "4ac8e732afcb27af",
    "reward-scheme-codes": "0ac3e33891afe788",
}


def test_mutated_files(tmp_path, caplog, report):
    caplog.set_level(logging.DEBUG, "imports.parts")
    found, slow = Counter(), []
    for seed in range(1000, 1000 + MUTATIONS):
        began = time.monotonic()
        found[outcome(tmp_path, seed)] += 1
        if time.monotonic() - began > LONGEST:
            slow.append(seed)
    died = sum("ended with status" in record.message for record in caplog.records)
    told = ", ".join(f"{code} {count}" for code, count in found.most_common())
    report("mutated files", MUTATIONS, slow, 0, f"{told}; children that died {died}")
    assert not slow
    assert not found["not_read"]


@pytest.mark.django_db
@pytest.mark.parametrize("slug", EXPECTED)
def test_every_odd_text_in_every_column(tmp_path, slug, report):
    records()
    found = outcomes(slug, count=None)
    told = Counter(row[1] for row in found)
    report(f"odd texts in {slug}", len(found), 0, 0, f"digest {digest(found)}, {dict(told)}")
    assert found[0][1] == "created"
    assert digest(found) == EXPECTED[slug]


def test_formulas_are_made_harmless_and_come_back(report):
    chance = random.Random(1)
    letters = "=+-@\t\r\0'＝＋－＠a1| \n\"\\"
    different = 0
    for _ in range(STRINGS):
        text = "".join(chance.choice(letters) for _ in range(chance.randrange(8)))
        written = harmless(text)
        different += restored(written) != text or restored(unambiguous(text)) != text
        different += written.lstrip("'")[:1] in tuple("=+-@\t\r\0＝＋－＠") and not written.startswith("'")
    report("texts that could run as formulas", STRINGS, different, 0)
    assert not different
