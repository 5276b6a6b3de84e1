import datetime
import uuid
from decimal import Decimal

import pytest

from entities import models
from imports.importers import importer_for, importers
from imports.mapping import Mapping, Options
from imports.validation import Checker
from tests import factories

pytestmark = pytest.mark.django_db

ORGANISATION = "ed5cbf9a-03cd-0552-8163-23ba185a84e6"
# The examples of the manual and what is stored for them.
CONTACT = {
    "Contact Type": ("PERSON", "PERSON"),
    "First Name": ("John", "John"),
    "Middle Name": ("C", "C"),
    "Last Name": ("Smith", "Smith"),
    "Company Name": ("Sample Ltd.", "Sample Ltd."),
    "Contact Code": ("ABC12345", "ABC12345"),
    "Contact Email": ("j.c.smith@email.com", "j.c.smith@email.com"),
    "Contact Phone Country": ("CYP", "CYP"),
    "Contact Phone Number": ("99123456", "+35799123456"),
    "Date of Birth": ("1984-03-09", datetime.date(1984, 3, 9)),
    "Gender": ("FEMALE", "FEMALE"),
    "Language": ("en", "en"),
    "SMS Opt Out": ("no", False),
    "Email Opt Out": ("no", False),
    "Organisation": (ORGANISATION, uuid.UUID(ORGANISATION)),
}
ADDRESS = {
    "Address Type": ("HOME", "HOME"),
    "Address Name": ("Head office", "Head office"),
    "Address Line 1": ("21 Elia Papakyriakou", "21 Elia Papakyriakou"),
    "Address Line 2": ("7 Stars Tower", "7 Stars Tower"),
    "State/Province/County": ("Egkomi", "Egkomi"),
    "Town/City": ("Nicosia", "Nicosia"),
    "Postal Code": ("2415", "2415"),
    "Address Country": ("CYP", "CYP"),
}
PERSON = {"First Name": "John", "Last Name": "Smith"}


def check(slug, *rows, update=False, generate=False):
    """The Rows that dicts {column name: cell} become."""
    importer = importer_for(slug)
    names = list(dict.fromkeys(name for row in rows for name in row))
    mapping = Mapping({importer.by_name[name.casefold()].key: index for index, name in enumerate(names)})
    checker = Checker(importer, mapping, Options(update=update, generate=generate), writes=True)
    return checker.check([(number, [row.get(name) for name in names]) for number, row in enumerate(rows, 2)])


def problems(slug, *rows, **options):
    """[(code, column)] of the last row."""
    return [(problem.code, problem.column) for problem in check(slug, *rows, **options)[-1].problems]


def record(slug, row, **options):
    """What would be stored for a row without problems."""
    [checked] = check(slug, row, **options)
    assert checked.problems == []
    return checked.record


@pytest.fixture
def student_club():
    return factories.RewardSchemeFactory(name="Student Club")


@pytest.fixture
def decoder():
    return factories.ProductFactory(code="DEC-4K")


# The manual's worked examples


def test_the_contact_of_the_manual_is_stored_as_it_says():
    factories.OrganisationFactory(id=ORGANISATION)
    vip = factories.ContactClassificationFactory(name="VIP")
    cells = {name: cell for name, (cell, _) in (CONTACT | ADDRESS).items()}
    [row] = check("contacts", cells | {"Contact Classification": "vip "})
    by_name = importer_for("contacts").by_name
    assert row.problems == []
    assert {name: row.record[by_name[name.casefold()].attname] for name in CONTACT} == {
        name: stored for name, (_, stored) in CONTACT.items()
    }
    assert row.record["classification_id"] == vip.pk
    [child] = row.children
    assert {name: child.record[by_name[name.casefold()].attname] for name in ADDRESS} == {
        name: stored for name, (_, stored) in ADDRESS.items()
    }


def test_the_device_of_the_manual_is_stored_as_it_says(decoder):
    owner = factories.ContactFactory(code="1209345667788990")
    location = factories.DeviceLocationFactory(name="Main warehouse")
    stored = record(
        "devices",
        {
            "Serial Number": "STB3332222111",
            "Product Code": "DEC-4K",
            "Electronic ID": "512f-6a78-4ccbd180bdad",
            "Device Location": "Main warehouse",
            "Contact": "1209345667788990",
        },
    )
    assert stored["serial_number"] == "STB3332222111"
    assert stored["serial_key"] == "stb3332222111"
    assert stored["electronic_id"] == "512f-6a78-4ccbd180bdad"
    assert (stored["product_id"], stored["location_id"], stored["contact_id"]) == (
        decoder.pk,
        location.pk,
        owner.pk,
    )


def test_the_product_of_the_manual_is_stored_as_it_says():
    row = {
        "Product Code": "FREDESPR001",
        "Name": "Freddo Espresso",
        "Description": "Double shot, iced",
        "Product Type": "Coffee",
        "Classification": "NON_TRACEABLE_PHYSICAL_GOOD",
        "Product Family": "Beverages",
        "Brand": "Own label",
        "Price": "3.20",
        "Currency": "EUR",
        "State": "ACTIVE",
    }
    [checked] = check("products", row, generate=True)
    assert checked.problems == []
    assert checked.record["code"] == "FREDESPR001"
    assert checked.record["name"] == "Freddo Espresso"
    assert checked.record["description"] == "Double shot, iced"
    assert (checked.record["price"], checked.record["currency"]) == (Decimal("3.2000"), "EUR")
    assert checked.record["state"] == "ACTIVE"
    generated = [(column.name, found.name, found.data) for column, found in checked.generates]
    assert generated == [
        ("Product Type", "Coffee", ("NON_TRACEABLE_PHYSICAL_GOOD",)),
        ("Product Family", "Beverages", ()),
        ("Brand", "Own label", ()),
    ]


def test_the_reward_scheme_code_of_the_manual_is_stored_as_it_says(student_club):
    stored = record(
        "reward-scheme-codes", {"Reward Scheme": "student  club", "Code": "ABCTKN123456798VGP2020"}
    )
    assert (stored["scheme_id"], stored["code"], stored["used"]) == (
        student_club.pk,
        "ABCTKN123456798VGP2020",
        False,
    )


@pytest.mark.parametrize("importer", importers(), ids=lambda importer: importer.slug)
def test_the_examples_of_each_column_are_accepted_by_the_column(importer):
    mapping = Mapping({column.key: index for index, column in enumerate(importer.columns)})
    cleaner = Checker(importer, mapping, Options()).cleaner
    for examples in zip(*(column.examples for column in importer.columns), strict=True):
        assert cleaner.clean(2, list(examples)).problems == []


# Contacts


@pytest.mark.parametrize(
    ("cells", "contact_type"),
    [
        ({"Company Name": "Sample Ltd."}, "COMPANY"),
        ({"Company Name": "Sample Ltd.", **PERSON}, "PERSON"),
        (PERSON, "PERSON"),
        ({"Contact Type": "company", "Company Name": "Sample Ltd."}, "COMPANY"),
        ({"Contact Type": "Εταιρεία", "Company Name": "Sample Ltd."}, "COMPANY"),
    ],
)
def test_a_contact_type_that_is_not_given_is_derived(cells, contact_type):
    assert record("contacts", cells)["type"] == contact_type


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"First Name": "John"}, [("missing_for", "Last Name")]),
        ({"Last Name": "Smith"}, [("missing_for", "First Name")]),
        ({"Contact Type": "COMPANY", **PERSON}, [("missing_for", "Company Name")]),
        ({"Contact Type": "robot", **PERSON}, [("unknown_choice", "Contact Type")]),
        (
            {**PERSON, "Contact Phone Number": "99123456"},
            [("phone_country_missing", "Contact Phone Country")],
        ),
        (
            {**PERSON, "Contact Phone Country": "CYP", "Contact Phone Number": "12"},
            [("not_a_phone", "Contact Phone Number")],
        ),
        ({**PERSON, "Contact Phone Number": "+12"}, [("not_an_international_phone", "Contact Phone Number")]),
        (
            {**PERSON, "Contact Phone Country": "CYP", "Contact Phone Number": "+306971234567"},
            [("phone_country_differs", "Contact Phone Number")],
        ),
        ({**PERSON, "Town/City": "Nicosia"}, [("missing_for", "Address Line 1")]),
        ({**PERSON, "Date of Birth": "2155-01-01"}, [("date_in_future", "Date of Birth")]),
        ({**PERSON, "Contact Code": "1,20935E+15"}, [("damaged_number", "Contact Code")]),
        ({**PERSON, "Contact Code": {"date": "2024-01-02"}}, [("damaged_by_date", "Contact Code")]),
        ({**PERSON, "Organisation": "Sample Holdings"}, [("unknown_reference", "Organisation")]),
        ({**PERSON, "Contact Classification": "VIP"}, [("unknown_look_up", "Contact Classification")]),
    ],
)
def test_what_is_wrong_with_a_contact_is_said_of_its_column(cells, found):
    assert problems("contacts", cells) == found


def test_a_whole_number_needs_no_country_and_agrees_with_one():
    assert record("contacts", {**PERSON, "Contact Phone Number": "+35799123456"})["phone"] == "+35799123456"
    cells = {**PERSON, "Contact Phone Country": "Κύπρος", "Contact Phone Number": "+357 99 123456"}
    assert record("contacts", cells)["phone"] == "+35799123456"


def test_a_number_from_a_spreadsheet_is_a_phone_number_and_a_code():
    cells = {
        **PERSON,
        "Contact Code": 12345.0,
        "Contact Phone Country": "CYP",
        "Contact Phone Number": 99123456.0,
    }
    stored = record("contacts", cells)
    assert (stored["code"], stored["phone"]) == ("12345", "+35799123456")


def test_a_blank_code_gives_a_random_one_of_sixteen_digits():
    first, second = check("contacts", PERSON, PERSON)
    assert [len(row.record["code"]) for row in (first, second)] == [16, 16]
    assert first.record["code"].isdigit()
    assert first.record["code"] != second.record["code"]


def test_an_address_is_a_home_when_its_type_is_blank():
    [row] = check("contacts", {**PERSON, "Address Line 1": "1 Street"})
    assert row.children[0].record["type"] == "HOME"


def test_a_code_twice_in_the_file_names_the_earlier_row():
    rows = check("contacts", {**PERSON, "Contact Code": "A  1"}, {**PERSON, "Contact Code": "A 1"})
    assert [row.outcome for row in rows] == ["created", "rejected"]
    assert rows[1].problems[0].text == (
        "Contact Code: “A 1” is in row 2 too. Keep one of the two rows, or correct the value."
    )


def test_an_earlier_row_counts_whatever_became_of_it():
    rows = [{"First Name": "x", "Contact Code": "A"}, {**PERSON, "Contact Code": "A"}]
    assert problems("contacts", *rows) == [("twice_in_file", "Contact Code")]


def test_codes_that_differ_in_case_are_two():
    rows = check("contacts", {**PERSON, "Contact Code": "abc"}, {**PERSON, "Contact Code": "ABC"})
    assert [row.outcome for row in rows] == ["created", "created"]


def test_a_contact_that_exists_is_left_as_it_is_without_the_option():
    factories.ContactFactory(code="A")
    [row] = check("contacts", {"First Name": "Other", "Contact Code": "A"})
    assert (row.outcome, row.problems) == ("unchanged", [])


def test_an_update_changes_what_is_given_and_leaves_blank_cells_alone():
    stored = factories.ContactFactory(code="A", first_name="Old", email="old@example.com")
    [row] = check("contacts", {"Contact Code": "A", "First Name": "New", "Contact Email": None}, update=True)
    assert row.outcome == "updated"
    assert row.changes == {"first_name": ["Old", "New"]}
    assert (row.record["id"], row.record["email"]) == (stored.pk, "old@example.com")


def test_equal_values_are_no_update():
    factories.ContactFactory(code="A", first_name="Same")
    [row] = check("contacts", {"Contact Code": "A", "First Name": " Same "}, update=True)
    assert row.outcome == "unchanged"


def test_a_contact_type_cannot_change():
    factories.ContactFactory(code="A")
    row = {"Contact Code": "A", "Contact Type": "COMPANY", "Company Name": "x"}
    assert problems("contacts", row, update=True) == [("type_cannot_change", "Contact Type")]


def test_rules_across_cells_look_at_the_merged_record():
    factories.ContactFactory(code="A", phone_country="CYP")
    [row] = check("contacts", {"Contact Code": "A", "Contact Phone Number": "99123456"}, update=True)
    assert row.changes == {"phone": ["", "+35799123456"]}


def test_a_country_that_disagrees_with_the_stored_phone_number_is_refused():
    factories.ContactFactory(code="A", phone_country="CYP", phone="+35799123456")
    row = {"Contact Code": "A", "Contact Phone Country": "GRC"}
    assert problems("contacts", row, update=True) == [("phone_country_differs", "Contact Phone Number")]
    assert check("contacts", row | {"Contact Phone Country": "CYP"}, update=True)[0].outcome == "unchanged"


def test_a_fixed_value_alone_makes_no_address():
    importer = importer_for("contacts")
    columns = {"first_name": 0, "last_name": 1, "address.line_1": 2}
    checker = Checker(importer, Mapping(columns, {"address.country": "CYP"}), Options(), writes=True)
    without, with_address = checker.check([(2, ["John", "Smith", None]), (3, ["John", "Smith", "1 Sea"])])
    assert (without.problems, without.children) == ([], [])
    assert with_address.children[0].record["country"] == "CYP"


def test_an_address_of_the_same_type_and_name_is_updated_another_is_added():
    contact = factories.ContactFactory(code="A")
    factories.AddressFactory(contact=contact, type="HOME", name="Sea", line_1="Old")
    cells = {"Contact Code": "A", "Address Type": "HOME", "Address Line 1": "New"}
    same, other = (
        check("contacts", cells | {"Address Name": name}, update=True)[0].children[0]
        for name in ("SEA", "Lake")
    )
    assert (same.stored["line_1"], same.record["line_1"]) == ("Old", "New")
    assert other.stored is None


# Devices


def test_a_serial_number_is_compared_without_regard_to_case_and_keeps_its_zeros(decoder):
    factories.DeviceFactory(serial_number="stb1")
    rows = check(
        "devices",
        {"Serial Number": "STB1", "Product Code": "DEC-4K"},
        {"Serial Number": "0012", "Product Code": "DEC-4K"},
    )
    assert [row.outcome for row in rows] == ["unchanged", "created"]
    assert rows[1].record["serial_number"] == "0012"


def test_the_product_of_a_device_cannot_change(decoder):
    factories.DeviceFactory(serial_number="S", product=decoder)
    factories.ProductFactory(code="OTHER")
    row = {"Serial Number": "S", "Product Code": "OTHER"}
    assert problems("devices", row, update=True) == [("product_cannot_change", "Product Code")]
    assert check("devices", row | {"Product Code": "DEC-4K"}, update=True)[0].outcome == "unchanged"


def test_a_device_is_of_a_traceable_physical_good():
    coffee = factories.ProductTypeFactory(classification="NON_TRACEABLE_PHYSICAL_GOOD")
    factories.ProductFactory(code="COFFEE", type=coffee)
    row = {"Serial Number": "S", "Product Code": "COFFEE"}
    assert problems("devices", row) == [("unfit_reference", "Product Code")]


def test_a_product_that_does_not_exist_is_never_generated(decoder):
    row = {"Serial Number": "S", "Product Code": "DEC-5K"}
    assert problems("devices", row, generate=True) == [("unknown_reference", "Product Code")]


def test_a_device_needs_serial_number_and_product(decoder):
    assert problems("devices", {"Serial Number": "S", "Product Code": None}) == [("missing", "Product Code")]
    assert problems("devices", {"Serial Number": None, "Product Code": "DEC-4K"}) == [
        ("missing", "Serial Number")
    ]


def test_an_owner_is_found_by_identifier_and_by_code(decoder):
    owner = factories.ContactFactory(code="A 1")
    for cell in (str(owner.pk), "A 1"):
        row = {"Serial Number": "S", "Product Code": "DEC-4K", "Contact": cell}
        assert record("devices", row)["contact_id"] == owner.pk


def test_an_electronic_id_of_another_device_is_refused_and_so_is_a_swap():
    factories.DeviceFactory(serial_number="S1", electronic_id="E1", product=factories.ProductFactory())
    factories.DeviceFactory(serial_number="S2", electronic_id="E2", product=factories.ProductFactory())
    rows = [{"Serial Number": "S1", "Electronic ID": "E2"}, {"Serial Number": "S2", "Electronic ID": "E1"}]
    checked = check("devices", *rows, update=True)
    assert [row.outcome for row in checked] == ["rejected", "rejected"]
    assert checked[0].problems[0].text == (
        "Electronic ID: “E2” belongs to device S2. Use a value that no other record has."
    )


def test_an_electronic_id_that_an_earlier_row_freed_can_be_taken():
    factories.DeviceFactory(serial_number="S1", electronic_id="E1")
    factories.DeviceFactory(serial_number="S2", electronic_id="E2")
    rows = [{"Serial Number": "S1", "Electronic ID": "E3"}, {"Serial Number": "S2", "Electronic ID": "E1"}]
    assert [row.outcome for row in check("devices", *rows, update=True)] == ["updated", "updated"]


# Products


PRODUCT = {"Product Code": "P", "Name": "Product", "Product Type": "Coffee"}


def test_a_price_needs_a_currency():
    factories.ProductTypeFactory(name="Coffee")
    assert problems("products", PRODUCT | {"Price": "3.20"}) == [("missing_for", "Currency")]
    assert problems("products", PRODUCT | {"Price": "-1", "Currency": "EUR"}) == [
        ("negative_number", "Price")
    ]
    assert problems("products", PRODUCT | {"Price": "1", "Currency": "EURO"}) == [
        ("unknown_currency", "Currency")
    ]


def test_a_product_is_active_unless_it_says_otherwise():
    factories.ProductTypeFactory(name="Coffee")
    assert record("products", PRODUCT)["state"] == "ACTIVE"
    assert record("products", PRODUCT | {"State": "inactive"})["state"] == "INACTIVE"


def test_a_classification_is_needed_only_for_a_type_that_is_generated():
    assert problems("products", PRODUCT, generate=True) == [("new_type_unclassified", "Classification")]
    assert problems("products", PRODUCT) == [("unknown_look_up", "Product Type")]
    factories.ProductTypeFactory(name="coffee")
    assert problems("products", PRODUCT, generate=True) == []


def test_a_classification_agrees_with_the_type_that_exists():
    factories.ProductTypeFactory(name="Coffee", classification="NON_TRACEABLE_PHYSICAL_GOOD")
    row = PRODUCT | {"Classification": "Termed service"}
    assert problems("products", row) == [("classification_differs", "Classification")]


def test_a_classification_agrees_with_the_earlier_row_that_generates_the_type():
    rows = [
        PRODUCT | {"Classification": "TERMED_SERVICE"},
        PRODUCT | {"Product Code": "Q", "Classification": "USAGE_SERVICE"},
    ]
    assert problems("products", *rows, generate=True) == [("classification_differs", "Classification")]


def test_a_later_row_of_a_generated_type_needs_no_classification():
    rows = [PRODUCT | {"Classification": "TERMED_SERVICE"}, PRODUCT | {"Product Code": "Q"}]
    assert problems("products", *rows, generate=True) == []


def test_names_that_differ_in_case_are_generated_once():
    factories.ProductTypeFactory(name="Coffee")
    rows = check(
        "products", PRODUCT | {"Brand": "Own"}, PRODUCT | {"Product Code": "Q", "Brand": "OWN"}, generate=True
    )
    assert rows[0].record["brand_id"] == rows[1].record["brand_id"]


# Reward scheme codes


@pytest.mark.parametrize(
    ("sign_up", "method"), [("AUTO_SIGN_UP", ""), ("SELF_SIGN_UP", ""), ("CLOSED_LOOP", "EMAIL_DOMAIN")]
)
def test_only_a_closed_loop_scheme_with_sign_up_by_code_takes_codes(sign_up, method):
    factories.RewardSchemeFactory(name="Other", sign_up=sign_up, closed_loop_method=method)
    row = {"Reward Scheme": "Other", "Code": "C"}
    assert problems("reward-scheme-codes", row) == [("unfit_reference", "Reward Scheme")]


def test_a_scheme_is_found_by_identifier_and_never_generated(student_club):
    assert record("reward-scheme-codes", {"Reward Scheme": str(student_club.pk), "Code": "C"})["code"] == "C"
    row = {"Reward Scheme": "Studnet Club", "Code": "C"}
    assert problems("reward-scheme-codes", row, generate=True) == [("unknown_reference", "Reward Scheme")]


def test_a_code_that_the_scheme_has_is_left_as_it_is_even_with_updating(student_club):
    factories.RewardSchemeCodeFactory(scheme=student_club, code="C")
    row = {"Reward Scheme": "Student Club", "Code": "C"}
    assert check("reward-scheme-codes", row)[0].outcome == "unchanged"
    assert check("reward-scheme-codes", row, update=True)[0].outcome == "unchanged"


def test_a_code_of_another_scheme_is_refused(student_club):
    factories.RewardSchemeCodeFactory(code="C")
    row = {"Reward Scheme": "Student Club", "Code": "C"}
    assert problems("reward-scheme-codes", row) == [("code_of_another_scheme", "Code")]


def test_a_code_that_exists_is_refused_when_its_row_names_no_scheme_that_exists(student_club):
    factories.RewardSchemeCodeFactory(scheme=student_club, code="C")
    row = {"Reward Scheme": "Studnet Club", "Code": "C"}
    assert problems("reward-scheme-codes", row) == [("code_of_another_scheme", "Code")]


def test_importing_codes_never_touches_a_used_one(student_club):
    at = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    factories.RewardSchemeCodeFactory(scheme=student_club, code="C", used=True, used_at=at)
    [row] = check("reward-scheme-codes", {"Reward Scheme": "Student Club", "Code": "C"}, update=True)
    assert (row.outcome, row.changes) == ("unchanged", {})
    assert models.RewardSchemeCode.objects.get(code="C").used
