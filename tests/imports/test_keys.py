"""Identifiers: unique whoever makes them, in the order of their making, and like any other UUID."""

import pickle
import random
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from imports.keys import uuid7


def identifiers(number):
    return [uuid7() for _ in range(number)]


def left_to_chance(identifier):
    return identifier.int & (1 << 62) - 1


def test_an_identifier_is_a_uuid_of_version_7_like_any_other():
    made = uuid7()
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    for other in (uuid.UUID(str(made)), uuid.UUID(bytes=made.bytes), pickle.loads(pickle.dumps(made))):
        assert (other, hash(other), repr(other)) == (made, hash(made), repr(made))
        assert other.is_safe is made.is_safe


def test_its_first_bits_are_the_time_of_its_making():
    before = time.time_ns() // 1_000_000
    milliseconds = uuid7().int >> 80
    assert before <= milliseconds <= time.time_ns() // 1_000_000


def test_processes_that_one_forks_make_no_two_alike():
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        made = [*identifiers(2000), *(one for part in pool.map(identifiers, [2000] * 8) for one in part)]
    assert len({left_to_chance(one) for one in made}) == len(made) == 18_000


def test_who_seeds_chance_gets_other_identifiers_all_the_same():
    random.seed(1)
    first = uuid7()
    random.seed(1)
    assert left_to_chance(uuid7()) != left_to_chance(first)
