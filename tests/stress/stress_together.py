"""Imports, undos and repairs at the same time over the same records: many rounds."""

import pytest

from . import courses, together

pytestmark = pytest.mark.usefixtures("in_a_hurry")


@pytest.mark.parametrize("one", together.ROUNDS, ids=lambda one: one.__name__)
def test_at_once(one, tmp_path, report):
    wrong = together.rounds(20, one, courses.somebody(), tmp_path)
    report(f"at once: {one.__name__.replace('_', ' ')}", 20, wrong, 0)
    assert wrong == []
