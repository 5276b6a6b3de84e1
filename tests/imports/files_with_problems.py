"""Files of every entity type with all kinds of problems, made from a random generator, and the records
that they meet."""

from tests.factories import (
    ContactClassificationFactory,
    ContactFactory,
    DeviceFactory,
    OrganisationFactory,
    ProductFactory,
    ProductTypeFactory,
    RewardSchemeCodeFactory,
    RewardSchemeFactory,
)

from .journeys import csv_bytes

HEADERS = {
    "contacts": "Contact Code,First Name,Last Name,Contact Email,Contact Phone Country,Contact Phone Number,"
    "Address Line 1,Town/City,Address Country,Contact Classification,Date of Birth,Gender,Language,Organisation",
    "devices": "Serial Number,Product Code,Electronic ID,Device Location,Contact",
    "products": "Product Code,Name,Product Type,Classification,Product Family,Price,Currency,State",
    "reward-scheme-codes": "Reward Scheme,Code",
}


def records():
    """What is stored before; the same for every file."""
    ContactClassificationFactory(name="VIP")
    acme = OrganisationFactory(name="Acme")
    for number in range(4):
        ContactFactory(code=f"C{number}", email="old@example.com", phone_country="CYP", phone="+35799123456")
    ContactFactory(code="A", email="a@example.com")
    phones = ProductTypeFactory(name="Phone")
    coffee = ProductTypeFactory(name="Coffee", classification="NON_TRACEABLE_PHYSICAL_GOOD")
    product = ProductFactory(code="DEC-4K", type=phones)
    ProductFactory(code="P1", type=coffee)
    for number in range(4):
        DeviceFactory(serial_number=f"S{number}", product=product, electronic_id=f"E{number}")
    club, other = RewardSchemeFactory(name="Student Club"), RewardSchemeFactory(name="Gold Club")
    RewardSchemeFactory(name="Open", sign_up="SELF_SIGN_UP", closed_loop_method="")
    RewardSchemeCodeFactory(scheme=club, code="R1")
    RewardSchemeCodeFactory(scheme=other, code="R2")
    return str(acme.pk)


def file_of(slug, chance, organisation, rows=24):
    """The bytes of a file of an entity type; most cells are what they should be, as their first choice."""
    make = {"contacts": contact, "devices": device, "products": product, "reward-scheme-codes": code}[slug]

    def cell(*choices):
        return chance.choice(choices) if chance.random() < 0.3 else choices[0]

    def one_of(prefix, count):
        return f"{prefix}{chance.randrange(count)}"

    return csv_bytes(HEADERS[slug], *(",".join(make(cell, one_of, organisation)) for _ in range(rows)))


def contact(cell, one_of, organisation):
    return (
        cell(one_of("C", 60), ""),
        cell("Ann", "Bob", "Eve", ""),
        cell("Doe", "Roe"),
        cell("", "a@example.com", "nowhere", "b@"),
        cell("CYP", "Cyprsu", "Greece", "", "Nowhere"),
        cell("", "99123456", "6971234567", "+35799123457", "123"),
        cell("", "1 Street", "2 Street"),
        cell("", "Nicosia"),
        cell("", "CYP", "Cyprsu"),
        cell("", "VIP", "vip", "Gold", "GOLD", "V.I.P."),
        cell("", "1984-03-09", "03/04/1984", "05/04/1984", "2999-01-01", "someday"),
        cell("", "F", "Femal", "MALE"),
        cell("", "en", "Engl"),
        cell("", organisation, "Acme"),
    )


def device(cell, one_of, organisation):
    return (
        one_of("S", 60),
        cell("DEC-4K", "DΕC-4K", "P1", "NONE"),
        cell("", one_of("E", 8)),
        cell("Main", "MAIN", "Shop", ""),
        cell("", "C1", "X1"),
    )


def product(cell, one_of, organisation):
    return (
        one_of("P", 60),
        cell("Thing", ""),
        cell("Phone", "Coffee", "Tea", "TEA", "Plan"),
        cell("", "TERMED_SERVICE", "TRACEABLE_PHYSICAL_GOOD", "Goods"),
        cell("", "Drinks", "drinks"),
        cell("3.20", "", "1.234", "free"),
        cell("EUR", "", "Euro"),
        cell("ACTIVE", "", "Sold"),
    )


def code(cell, one_of, organisation):
    return cell("Student Club", "Students Club", "Open", "Gold Club"), one_of("R", 60)
