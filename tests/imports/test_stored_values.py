"""What happens to stored values when records are updated: overwritten, only filled if empty, cleared."""

import html
import re
from decimal import Decimal

import pytest
from django.urls import reverse

from entities.models import Contact, Device, Product
from imports import details
from imports.importers import importer_for, importers
from imports.mapping import CLEAR, FILL
from imports.models import RowCorrection
from tests.factories import (
    AddressFactory,
    ContactClassificationFactory,
    ContactFactory,
    DeviceFactory,
    ProductFactory,
)
from tests.imports.journeys import check, csv_bytes, draft, problems, start
from tests.pages import form_values

pytestmark = pytest.mark.django_db


def updating(slug, *lines, values=None, **stored):
    """A draft that updates, with what happens to stored values."""
    job = draft(slug, csv_bytes(*lines), update=True)
    job.mapping |= {"stored": {key.replace("__", "."): policy for key, policy in stored.items()}}
    job.mapping |= {"values": values or {}}
    job.save()
    return job


def changes(job):
    """{row number: {column key: [old, new]}} of the updated rows."""
    details = job.deciding_run().details.filter(outcome="updated")
    return dict(details.values_list("row_number", "changes"))


# Only filled if empty


def test_only_what_is_blank_is_filled():
    ContactFactory(code="C1", email="old@example.com", language="")
    job = start(
        updating("contacts", "Code,E-mail,Language", "C1,new@example.com,el", email=FILL, language=FILL)
    )
    contact = Contact.objects.get()
    assert (contact.email, contact.language) == ("old@example.com", "el")
    assert changes(job) == {2: {"language": ["", "el"]}}


def test_a_row_whose_values_are_all_there_is_unchanged():
    ContactFactory(code="C1", email="old@example.com")
    job = start(updating("contacts", "Code,E-mail", "C1,new@example.com", email=FILL))
    assert (job.state, job.updated, job.unchanged) == ("completed", 0, 1)


def test_a_new_record_takes_every_value_whatever_happens_to_stored_ones():
    lines = ["Code,First Name,Last Name,E-mail,Town,Address", "C1,Maria,Sample,new@example.com,,1 Street"]
    job = start(updating("contacts", *lines, email=FILL, address__town=CLEAR, last_name=CLEAR))
    assert (job.created, Contact.objects.get().email) == (1, "new@example.com")


def test_a_name_that_only_fills_is_neither_looked_up_nor_generated_where_one_is_stored():
    ContactFactory(code="C1", classification=ContactClassificationFactory(name="Regular"))
    job = updating("contacts", "Code,Classification", "C1,Golden", classification=FILL)
    assert check(job).counts == {"created": 0, "updated": 0, "unchanged": 1, "rejected": 0}
    job.options |= {"generate": True}
    job.save()
    run = check(job)
    assert (run.unchanged, run.generated_names) == (1, [])


def test_an_electronic_id_that_only_fills_may_be_held_by_another_device():
    product = ProductFactory()
    DeviceFactory(serial_number="S1", electronic_id="E1", product=product)
    DeviceFactory(serial_number="S2", electronic_id="E2", product=product)
    job = start(updating("devices", "Serial,Electronic ID", "S2,E1", electronic_id=FILL))
    assert (job.state, job.unchanged) == ("completed", 1)


def test_a_phone_that_stays_is_judged_with_the_country_that_the_row_gives():
    ContactFactory(code="C1", phone="+35799123456", phone_country="CYP")
    lines = ["Code,Phone,Phone Country", "C1,6971234567,GRC"]
    job = start(updating("contacts", *lines, phone=FILL), leave_out=True)
    assert problems(job) == [(2, "phone_country_differs", "Contact Phone Number")]


def test_an_address_is_filled_where_it_is_blank():
    AddressFactory(contact=ContactFactory(code="C1"), name="", line_1="1 Old Street", town="Nicosia")
    lines = ["Code,Address,Town,Postal Code", "C1,2 New Street,Limassol,3010"]
    job = start(
        updating("contacts", *lines, address__line_1=FILL, address__town=FILL, address__postal_code=FILL)
    )
    address = Contact.objects.get().addresses.get()
    assert (address.line_1, address.town, address.postal_code) == ("1 Old Street", "Nicosia", "3010")
    assert changes(job) == {2: {"address.postal_code": ["", "3010"]}}


# Cleared


def test_a_blank_cell_clears_where_it_is_to_and_leaves_the_rest():
    classification = ContactClassificationFactory(name="Regular")
    ContactFactory(
        code="C1",
        email="old@example.com",
        language="el",
        birth_date="1984-03-09",
        classification=classification,
    )
    lines = ["Code,E-mail,Language,Date of Birth,Classification", "C1,,  ,,"]
    job = start(updating("contacts", *lines, email=CLEAR, birth_date=CLEAR, classification=CLEAR))
    contact = Contact.objects.get()
    assert (contact.email, contact.language, contact.birth_date, contact.classification) == (
        "",
        "el",
        None,
        None,
    )
    assert changes(job) == {
        2: {
            "email": ["old@example.com", ""],
            "birth_date": ["1984-03-09", None],
            "classification": [str(classification.pk), None],
        }
    }
    assert job.deciding_run().summary["changed"] == {"email": 1, "birth_date": 1, "classification": 1}


@pytest.mark.parametrize("cell", ["", "  ", "\u00a0"])
def test_what_looks_blank_is_blank(cell):
    ContactFactory(code="C1", email="old@example.com")
    start(updating("contacts", "Code,Notes,E-mail", f'C1,x,"{cell}"', email=CLEAR))
    assert Contact.objects.get().email == ""


def test_a_row_that_is_shorter_than_its_header_is_blank_at_its_end():
    ContactFactory(code="C1", email="old@example.com")
    start(updating("contacts", "Code,First Name,E-mail", "C1,Maria", email=CLEAR))
    assert Contact.objects.get().email == ""


def test_clearing_what_is_blank_changes_nothing():
    ContactFactory(code="C1")
    job = start(updating("contacts", "Code,E-mail", "C1,", email=CLEAR))
    assert (job.state, job.unchanged) == ("completed", 1)


def test_nothing_is_cleared_unless_existing_records_are_updated():
    ContactFactory(code="C1", email="old@example.com")
    job = updating("contacts", "Code,First Name,Last Name,E-mail", "C1,Maria,Sample,", email=CLEAR)
    job.options |= {"update": False}
    job.save()
    assert start(job).unchanged == 1
    assert Contact.objects.get().email == "old@example.com"


def test_a_cell_that_was_left_out_by_a_correction_clears_nothing():
    ContactFactory(code="C1", email="old@example.com", language="el")
    job = updating("contacts", "Code,E-mail,Language", "C1,,", email=CLEAR, language=CLEAR)
    RowCorrection.objects.create(job=job, row_number=2, cells={"email": None})
    job.corrected = 1
    job.save()
    start(job)
    assert list(Contact.objects.values_list("email", "language")) == [("old@example.com", "")]


def test_a_value_that_was_chosen_to_be_left_out_clears_nothing():
    ContactFactory(code="C1", gender="FEMALE")
    ContactFactory(code="C2", gender="FEMALE")
    values = {"gender": {"n/a": None}}
    start(updating("contacts", "Code,Gender", "C1,n/a", "C2,", values=values, gender=CLEAR))
    assert list(Contact.objects.order_by("code").values_list("gender", flat=True)) == ["FEMALE", ""]


def test_a_name_that_a_contact_needs_cannot_be_cleared():
    ContactFactory(code="C1", first_name="Maria", last_name="Sample")
    job = updating("contacts", "Code,First Name,Last Name", "C1,Eve,", last_name=CLEAR)
    assert check(job).rejected_for_content == 1
    assert problems(start(job, leave_out=True)) == [(2, "missing_for", "Last Name")]


def test_a_persons_company_name_can_be_cleared():
    ContactFactory(code="C1", company_name="Acme")
    start(updating("contacts", "Code,Company", "C1,", company_name=CLEAR))
    assert Contact.objects.get().company_name == ""


def test_a_price_keeps_its_currency_unless_both_are_cleared():
    ProductFactory(code="P1", price="3.20", currency="EUR")
    ProductFactory(code="P2", price="3.20", currency="EUR")
    ProductFactory(code="P3", price="3.20", currency="EUR")
    lines = ["Product Code,Price,Currency", "P1,,", "P2,4.00,", "P3,,EUR"]
    job = start(updating("products", *lines, price=CLEAR, currency=CLEAR), leave_out=True)
    assert problems(job) == [(3, "missing_for", "Currency")]
    assert list(Product.objects.order_by("code").values_list("price", "currency")) == [
        (None, ""),
        (Decimal("3.20"), "EUR"),
        (None, "EUR"),
    ]


def test_a_currency_alone_is_not_cleared_beside_a_stored_price():
    ProductFactory(code="P1", price="3.20", currency="EUR")
    job = start(updating("products", "Product Code,Currency", "P1,", currency=CLEAR), leave_out=True)
    assert problems(job) == [(2, "missing_for", "Currency")]


def test_a_national_number_needs_the_country_that_is_cleared():
    ContactFactory(code="C1", phone="+35799123456", phone_country="CYP")
    lines = ["Code,Phone,Phone Country", "C1,99654321,"]
    job = start(updating("contacts", *lines, phone_country=CLEAR), leave_out=True)
    assert problems(job) == [(2, "phone_country_missing", "Contact Phone Country")]


def test_a_number_and_its_country_are_cleared_together():
    ContactFactory(code="C1", phone="+35799123456", phone_country="CYP")
    lines = ["Code,Phone,Phone Country", "C1,,"]
    start(updating("contacts", *lines, phone=CLEAR, phone_country=CLEAR))
    assert list(Contact.objects.values_list("phone", "phone_country")) == [("", "")]


def test_an_electronic_id_that_is_cleared_is_free_for_a_later_row():
    product = ProductFactory(code="P1")
    DeviceFactory(serial_number="S1", electronic_id="E1", product=product)
    lines = ["Serial,Product Code,Electronic ID", "S1,P1,", "S2,P1,E1"]
    job = updating("devices", *lines, electronic_id=CLEAR)
    assert check(job).counts == {"created": 1, "updated": 1, "unchanged": 0, "rejected": 0}
    start(job)
    assert list(Device.objects.order_by("serial_key").values_list("electronic_id", "electronic_id_key")) == [
        ("", None),
        ("E1", "E1"),
    ]


@pytest.mark.parametrize("slice_seconds", [float("inf"), 0])
def test_what_is_cleared_is_foretold_by_the_check(settings, slice_seconds):
    settings.IMPORT_BATCH_ROWS = 1
    product = ProductFactory(code="P1")
    DeviceFactory(serial_number="S1", electronic_id="E1", product=product)
    job = updating("devices", "Serial,Product Code,Electronic ID", "S1,P1,", "S2,P1,E1", electronic_id=CLEAR)
    foretold = check(job).counts
    assert start(job).deciding_run().counts == foretold


# The parts of an address


def test_a_row_whose_address_cells_are_blank_clears_them_in_the_address_that_is_there():
    AddressFactory(contact=ContactFactory(code="C1"), name="", line_1="1 Street", town="Nicosia", state="Old")
    ContactFactory(code="C2")
    lines = ["Code,Address,Town,State", "C1,,,", "C2,,,"]
    job = start(updating("contacts", *lines, address__town=CLEAR))
    address = Contact.objects.get(code="C1").addresses.get()
    assert (address.line_1, address.town, address.state) == ("1 Street", "", "Old")
    assert changes(job) == {2: {"address.town": ["Nicosia", ""]}}
    assert (job.updated, job.unchanged) == (1, 1)


def test_a_value_for_all_rows_chooses_the_address_to_clear_and_changes_none_by_itself():
    contact = ContactFactory(code="C1")
    AddressFactory(contact=contact, type="HOME", name="", town="Nicosia")
    AddressFactory(contact=contact, type="BUSINESS", name="", town="Limassol", country="CYP")
    job = updating("contacts", "Code,Town", "C1,", address__town=CLEAR)
    job.mapping["fixed"] = {"address.type": "BUSINESS", "address.country": "GRC"}
    job.save()
    start(job)
    assert list(contact.addresses.order_by("type").values_list("town", "country")) == [
        ("", "CYP"),
        ("Nicosia", ""),
    ]


# Which columns can


@pytest.mark.parametrize(
    ("slug", "key", "policies"),
    [
        ("contacts", "code", ()),
        ("contacts", "type", ()),
        ("contacts", "email", (FILL, CLEAR)),
        ("contacts", "last_name", (FILL, CLEAR)),
        ("contacts", "sms_opt_out", (FILL,)),
        ("contacts", "address.type", ()),
        ("contacts", "address.name", ()),
        ("contacts", "address.line_1", (FILL,)),
        ("contacts", "address.town", (FILL, CLEAR)),
        ("devices", "serial_number", ()),
        ("devices", "product", ()),
        ("devices", "contact", (FILL, CLEAR)),
        ("products", "name", (FILL,)),
        ("products", "classification", ()),
        ("products", "state", (FILL,)),
        ("products", "price", (FILL, CLEAR)),
        ("reward-scheme-codes", "scheme", ()),
    ],
)
def test_each_column_offers_what_its_stored_values_can_bear(slug, key, policies):
    importer = importer_for(slug)
    assert importer.policies(importer.by_key[key]) == policies


@pytest.mark.parametrize("importer", importers(), ids=lambda importer: importer.slug)
def test_what_can_be_cleared_may_be_blank_in_the_database(importer):
    for column in importer.columns:
        if CLEAR in importer.policies(column):
            field = importer.model_field(column)
            assert field.null or field.empty_strings_allowed


# The pages


def text_of(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def post_mapping(client, job, **values):
    address = reverse("imports:mapping", args=[job.pk])
    fields = form_values(client.get(address).content.decode(), "data-mapping")
    return client.post(address, fields | {"action": "next"} | values)


@pytest.fixture
def admin(client, business_admin):
    client.force_login(business_admin)
    return client


def test_the_mapping_page_keeps_what_is_chosen_for_stored_values(admin, business_admin):
    job = draft("contacts", csv_bytes("Code,E-mail,Town", "C1,,"), user=business_admin)
    values = {"update": "on", "stored-1": FILL, "stored-2": CLEAR}
    assert post_mapping(admin, job, **values).url == reverse("imports:preview", args=[job.pk])
    job.refresh_from_db()
    assert job.get_mapping().stored == {"email": FILL, "address.town": CLEAR}
    page = admin.get(reverse("imports:mapping", args=[job.pk])).content.decode()
    assert {name: value for name, value in form_values(page, "data-mapping").items() if "stored" in name} == {
        "stored-0": "",
        "stored-1": FILL,
        "stored-2": CLEAR,
    }


def test_what_a_column_cannot_do_is_said_beside_it(admin, business_admin):
    job = draft("products", csv_bytes("Product Code,Name", "P1,Tea"), user=business_admin)
    words = text_of(post_mapping(admin, job, **{"update": "on", "stored-0": FILL, "stored-1": CLEAR}))
    assert "Product Code does not change when a record is updated. Choose “overwrite”." in words
    assert (
        "Name is never blank, so a blank cell cannot clear it. Choose “overwrite” or “only fill if empty”."
        in words
    )


def test_without_updating_what_a_column_cannot_do_is_let_go(admin, business_admin):
    lines = csv_bytes("Code,First Name,Last Name", "C1,Maria,Sample")
    job = draft("contacts", lines, user=business_admin)
    assert post_mapping(admin, job, **{"stored-0": CLEAR}).status_code == 302
    job.refresh_from_db()
    assert job.get_mapping().stored == {}


def test_types_that_are_never_updated_do_not_ask(admin, business_admin):
    job = draft("reward-scheme-codes", csv_bytes("Reward Scheme,Code", "Club,C1"), user=business_admin)
    page = admin.get(reverse("imports:mapping", args=[job.pk])).content.decode()
    assert "stored-0" not in page


def test_the_preview_says_which_blank_cells_clear(admin, business_admin):
    ContactFactory(code="C1", email="old@example.com")
    job = updating("contacts", "Code,E-mail,Language,Town", "C1,,el,", email=CLEAR, language=FILL)
    job.created_by, job.from_command_line = business_admin, False
    job.save()
    check(job)
    words = text_of(admin.get(reverse("imports:preview", args=[job.pk])))
    assert "Blank cells clear Contact Email; in other columns they change nothing." in words
    assert "Language: only filled where nothing is stored." in words
    assert "old: old@example.com → new: blank" in words


def test_how_it_was_done_names_the_columns():
    ContactFactory(code="C1", email="old@example.com")
    job = start(updating("contacts", "Code,E-mail,Language", "C1,,el", email=CLEAR, language=FILL))
    answers = details.how(job, details.headers_of(job))["answers"]
    assert ("Only filled if empty", "Language") in answers
    assert ("Cleared by a blank cell", "Contact Email") in answers
