"""Countries, currencies and languages as data, from CLDR."""

from functools import cache

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies

# Names in use that CLDR gives otherwise.
OTHER_COUNTRY_NAMES = {
    "UK": "GB",
    "England": "GB",
    "Great Britain": "GB",
    "USA": "US",
    "United States of America": "US",
    "ΗΠΑ": "US",
    "Αγγλία": "GB",
    "Μεγάλη Βρετανία": "GB",
    "Ελλάς": "GR",
    "Hellas": "GR",
    "EL": "GR",
    "Czech Republic": "CZ",
    "Holland": "NL",
    "Ολλανδία": "NL",
    "Turkey": "TR",
    "Macedonia": "MK",
    "The Netherlands": "NL",
    "Republic of Cyprus": "CY",
    "Κυπριακή Δημοκρατία": "CY",
    "Μ. Βρετανία": "GB",
    "Αμερική": "US",
    "Hong Kong": "HK",
    "Macao": "MO",
    "Macau": "MO",
    "Burma": "MM",
    "Ivory Coast": "CI",
    "Cabo Verde": "CV",
    "Swaziland": "SZ",
    "Palestine": "PS",
    "UAE": "AE",
    "ΗΑΕ": "AE",
}
NO_MONEY = {"XTS", "XXX", "XBA", "XBB", "XBC", "XBD"}


@cache
def alpha3_codes():
    """{alpha-2: alpha-3} of ISO 3166."""
    aliases = get_global("territory_aliases")
    known = Locale("en").territories
    return {
        new[0]: old
        for old, new in sorted(aliases.items(), reverse=True)
        if len(old) == 3
        and old.isalpha()
        and len(new) == 1
        and len(new[0]) == 2
        and new[0] in known
        and new[0] not in NOT_COUNTRIES
        and old not in FORMER
    } | {"XK": "XKX"}


# Reserved by ISO 3166 or made up by CLDR: islands counted with their country, unions, placeholders.
NOT_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}

# Withdrawn codes, that alias to a country which has a code of its own.
FORMER = {"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR", "QUU", "SUN", "ANT", "SCG", "YUG", "CSK", "NTZ", "ROM"}


def country_code(alpha2):
    """The alpha-3 code of an alpha-2 one."""
    return alpha3_codes()[alpha2]


@cache
def alpha2_codes():
    """{alpha-3: alpha-2}."""
    return {three: two for two, three in alpha3_codes().items()}


@cache
def country_names():
    """{any accepted name or code: alpha-2}."""
    names = {}
    for language in ("en", "el"):
        territories = Locale(language).territories
        known = {territories[two]: two for two in alpha3_codes() if two in territories}
        names |= {written_out(name): two for name, two in known.items()} | known
    names |= {name: two for name, two in OTHER_COUNTRY_NAMES.items() if two in alpha3_codes()}
    for two, three in alpha3_codes().items():
        names |= {two: two, three: two}
    return names


def written_out(name):
    """“Saint Lucia” for “St. Lucia”, “Bosnia and Herzegovina” for “Bosnia & …”, “Myanmar” for “Myanmar (Burma)”."""
    return name.replace("St. ", "Saint ").replace(" & ", " and ").partition(" (")[0]


@cache
def currency_codes():
    """The ISO 4217 codes that are in use today: CYP is a country, no longer a currency."""
    territories = get_global("territory_currencies")
    used = (code for two in territories for code in get_territory_currencies(two, non_tender=True))
    return frozenset(used) - NO_MONEY


@cache
def language_codes():
    """The ISO 639-1 codes."""
    return frozenset(code for code in Locale("en").languages if len(code) == 2)
