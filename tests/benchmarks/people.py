"""Contacts that nobody is: the same ones each time, all columns filled, 2 % of the rows bad."""

import csv
import random

from imports.writers import WRITERS, Style

HEADERS = {
    "type": "Contact Type",
    "first_name": "First Name",
    "middle_name": "Middle Name",
    "last_name": "Last Name",
    "company_name": "Company Name",
    "code": "Contact Code",
    "email": "Contact Email",
    "phone_country": "Contact Phone Country",
    "phone": "Contact Phone Number",
    "address_type": "Address Type",
    "address_name": "Address Name",
    "line_1": "Address Line 1",
    "line_2": "Address Line 2",
    "state": "State/Province/County",
    "town": "Town/City",
    "postal_code": "Postal Code",
    "address_country": "Address Country",
    "classification": "Contact Classification",
    "birth_date": "Date of Birth",
    "gender": "Gender",
    "language": "Language",
    "sms_opt_out": "SMS Opt Out",
    "email_opt_out": "Email Opt Out",
}
# Countries with the beginning of their mobile numbers and the digits that follow.
COUNTRIES = [("CYP", "99", 6), ("GRC", "69", 8), ("GBR", "7400", 6), ("DEU", "151", 8), ("FRA", "612", 6)]
CLASSES = ["Bronze", "Silver", "Gold", "Platinum", "Staff", "Partner", "Press", "Prospect"]
BAD = {"email": "no address", "birth_date": "1984-02-30", "phone": "12", "gender": "unsaid"}
EVERY_BAD = 50


def person(number, draw, all_bad=False, changed=False):
    """The cells of one row, as text; `changed` is the same contact some time later."""
    country, prefix, digits = draw.choice(COUNTRIES)
    street, house = draw.randrange(400), draw.randrange(1, 200)
    cells = {
        "type": "PERSON",
        "first_name": f"First{draw.randrange(5000)}",
        "middle_name": "" if number % 3 else "M.",
        "last_name": f"Last{draw.randrange(20000)}" + "-New" * changed,
        "company_name": "",
        "code": f"B{number:08d}",
        "email": f"person{number}@example.com",
        "phone_country": country,
        "phone": prefix + str(draw.randrange(10**digits)).zfill(digits),
        "address_type": "HOME",
        "address_name": "",
        "line_1": f"{house} Sample Street {street}",
        "line_2": "" if number % 4 else "Flat 2",
        "state": "",
        "town": f"Town{street % 60}",
        "postal_code": f"{draw.randrange(1000, 9999):05d}",
        "address_country": country,
        "classification": draw.choice(CLASSES),
        "birth_date": f"{1940 + number % 65}-{1 + number % 12:02d}-{1 + number % 28:02d}",
        "gender": ("FEMALE", "MALE", "")[number % 3],
        "language": ("en", "el", "")[number % 3],
        "sms_opt_out": ("yes", "no")[number % 2],
        "email_opt_out": "no",
    }
    if all_bad or number % EVERY_BAD == 0:
        name = list(BAD)[number // EVERY_BAD % len(BAD)]
        cells[name] = BAD[name]
    return list(cells.values())


def rows(count, **kind):
    draw = random.Random(20)
    yield list(HEADERS.values())
    for number in range(1, count + 1):
        yield person(number, draw, **kind)


def good_rows(count):
    """{field: text} of those that nothing is wrong with, for who cannot take the others."""
    draw = random.Random(20)
    for number in range(1, count + 1):
        cells = person(number, draw)
        if number % EVERY_BAD:
            yield dict(zip(HEADERS, cells, strict=True))


def write(path, count, **kind):
    """Write the file that the name's ending asks for, and return the path."""
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows(count, **kind))
    else:
        with path.open("wb") as file:
            WRITERS[path.suffix[1:]](file, rows(count, **kind), Style(escaped=False))
    return path
