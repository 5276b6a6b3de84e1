"""Phone numbers as E.164, as libphonenumber judges them.

Most numbers of a file are plain national digits. For those, one regular expression per country,
compiled from the library's own metadata, says valid where the library would; whatever it does
not know for certain goes to the library itself.
"""

import re
from functools import cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata

from imports.world import alpha2_codes


class PhoneOfOtherCountry(ValueError):
    """A valid international number that belongs to another country."""


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
    "voicemail",
)


@cache
def plain_numbers(region):
    """(calling code, pattern) of national numbers that are certainly valid as they stand, or None."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        return None
    kinds = [getattr(metadata, kind) for kind in KINDS]
    patterns = "|".join(
        kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern
    )
    # What could be read as a prefix is left to the library, and so is a leading zero.
    prefixes = ["0", str(metadata.country_code)]
    prefixes += [p for p in (metadata.national_prefix_for_parsing, metadata.international_prefix) if p]
    refused = "|".join(f"(?:{prefix})" for prefix in prefixes)
    general = metadata.general_desc.national_number_pattern
    return str(metadata.country_code), re.compile(f"(?!{refused})(?=(?:{general})\\Z)(?:{patterns})")


def to_e164(text, country):
    """`text` as E.164, or "" when it is not a valid number. `country` is alpha-3, or "" when the
    number begins with +; raises PhoneOfOtherCountry when the two disagree."""
    region = alpha2_codes().get(country)
    if region and text.isascii() and text.isdigit() and (plain := plain_numbers(region)):
        calling_code, pattern = plain
        if pattern.fullmatch(text):
            return f"+{calling_code}{text}"
    return by_library(text, region)


def by_library(text, region):
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return ""
    if number.extension:  # E.164 would lose it
        return ""
    if region and not phonenumbers.is_valid_number_for_region(number, region):
        if text.startswith("+") and phonenumbers.is_valid_number(number):
            raise PhoneOfOtherCountry
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
