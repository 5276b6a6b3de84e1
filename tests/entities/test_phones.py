import random

import phonenumbers
import pytest
from phonenumbers import PhoneMetadata, PhoneNumberFormat

from entities.phones import PhoneOfOtherCountry, by_library, plain_numbers, to_e164
from imports.world import alpha2_codes

NUMBERS = 20_000
KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
)


def examples(region):
    """The library's example numbers of a region, as national digits."""
    metadata = PhoneMetadata.metadata_for_region(region)
    kinds = [getattr(metadata, kind) for kind in KINDS]
    return [kind.example_number for kind in kinds if kind and kind.example_number]


def mutated(number, chance):
    """A near-valid number: digits changed, dropped, doubled, or a prefix put before them."""
    digits = list(number)
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        index = chance.randrange(len(digits))
        digits[index] = chance.choice("0123456789")
    text = "".join(digits)
    change = chance.randrange(8)
    if change == 0:
        return text[:-1] or text
    if change == 1:
        return text + chance.choice("0123456789")
    if change == 2:
        return chance.choice(("0", "00", "1", "8", "9", "15", "011")) + text
    return text


def seeded_numbers():
    chance = random.Random(20_260_101)
    pools = [(region, examples(region)) for region in sorted(phonenumbers.SUPPORTED_REGIONS)]
    pools = [(region, pool) for region, pool in pools if pool]
    for index in range(NUMBERS):
        region, pool = pools[index % len(pools)]
        yield region, mutated(chance.choice(pool), chance)


def test_the_fast_path_accepts_only_what_the_library_accepts_and_as_the_same_number():
    fast = 0
    for region, text in seeded_numbers():
        plain = plain_numbers(region)
        if plain is None or not plain[1].fullmatch(text):
            continue
        fast += 1
        assert f"+{plain[0]}{text}" == by_library(text, region), (region, text)
    assert fast > NUMBERS // 4


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_example_of_the_library_is_valid_in_its_country(region):
    country = next((three for three, two in alpha2_codes().items() if two == region), None)
    if country is None:
        pytest.skip("no alpha-3 code")
    for text in examples(region):
        number = phonenumbers.parse(text, region)
        if phonenumbers.is_valid_number_for_region(number, region):
            assert to_e164(text, country) == phonenumbers.format_number(number, PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    ("text", "country", "stored"),
    [
        ("99123456", "CYP", "+35799123456"),
        ("99 123-456", "CYP", "+35799123456"),
        ("+35799123456", "CYP", "+35799123456"),
        ("0035799123456", "CYP", "+35799123456"),
        ("+35799123456", "", "+35799123456"),
        ("6971234567", "GRC", "+306971234567"),
        ("07400123456", "GBR", "+447400123456"),
        ("12", "CYP", ""),
        ("99123456", "", ""),
        ("+3579912345", "", ""),
        ("no number", "CYP", ""),
        ("٩٩١٢٣٤٥٦", "CYP", "+35799123456"),
    ],
)
def test_a_number_becomes_e164_or_nothing(text, country, stored):
    assert to_e164(text, country) == stored


def test_a_number_of_another_country_is_told_apart_from_a_wrong_one():
    with pytest.raises(PhoneOfOtherCountry):
        to_e164("+306971234567", "CYP")
