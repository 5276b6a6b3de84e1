import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from entities import models
from tests import factories

pytestmark = pytest.mark.django_db

FACTORIES = {
    models.Organisation: factories.OrganisationFactory,
    models.ContactClassification: factories.ContactClassificationFactory,
    models.DeviceLocation: factories.DeviceLocationFactory,
    models.ProductFamily: factories.ProductFamilyFactory,
    models.Brand: factories.BrandFactory,
    models.ProductType: factories.ProductTypeFactory,
    models.Contact: factories.ContactFactory,
    models.Product: factories.ProductFactory,
    models.Device: factories.DeviceFactory,
    models.RewardScheme: factories.RewardSchemeFactory,
    models.RewardSchemeCode: factories.RewardSchemeCodeFactory,
}
PAGES = [pytest.param(model, id=model.__name__) for model in FACTORIES]
NO_ADDRESSES = {"addresses-TOTAL_FORMS": "0", "addresses-INITIAL_FORMS": "0"}


def url(model, page, *args):
    return reverse(f"admin:entities_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def clerk(client, business_admin):
    client.force_login(business_admin)
    return client


def post(client, model, data, pk=None):
    """(field errors, global errors) of a form that was sent; ({}, []) when it was saved."""
    address = url(model, "change", pk) if pk else url(model, "add")
    response = client.post(address, data)
    if response.status_code == 302:
        return {}, []
    assert response.status_code == 200
    form = response.context["adminform"].form
    return {name: list(errors) for name, errors in form.errors.items()}, list(form.non_field_errors())


def test_every_record_has_its_admin_page():
    inline = {models.Address}
    assert set(FACTORIES) | inline == set(models_of_the_app())
    assert all(admin.site.is_registered(model) for model in FACTORIES)


def models_of_the_app():
    return [model for model in vars(models).values() if is_record(model)]


def is_record(value):
    return isinstance(value, type) and issubclass(value, models.Record) and not value._meta.abstract


@pytest.mark.parametrize("model", PAGES)
def test_list_search_add_and_change_pages_answer(clerk, model):
    record = FACTORIES[model]()
    assert clerk.get(url(model, "changelist")).status_code == 200
    assert clerk.get(url(model, "changelist"), {"q": "x"}).status_code == 200
    assert clerk.get(url(model, "add")).status_code == 200
    assert clerk.get(url(model, "change", record.pk)).status_code == 200
    assert clerk.get(url(model, "history", record.pk)).status_code == 200
    assert clerk.get(url(model, "delete", record.pk)).status_code == 200


@pytest.mark.parametrize("model", PAGES)
def test_support_sees_records_and_changes_nothing(client, support, model):
    record = FACTORIES[model]()
    client.force_login(support)
    assert client.get(url(model, "changelist")).status_code == 200
    assert client.get(url(model, "change", record.pk)).status_code == 200
    assert client.get(url(model, "add")).status_code == 403
    assert client.post(url(model, "change", record.pk), {}).status_code == 403
    assert client.post(url(model, "delete", record.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", PAGES)
def test_a_pasted_identifier_finds_its_record(clerk, model):
    FACTORIES[model]()
    record = FACTORIES[model]()
    page = clerk.get(url(model, "changelist"), {"q": f" {record.pk} "})
    assert [found.pk for found in page.context["cl"].result_list] == [record.pk]


@pytest.mark.parametrize("model", PAGES)
def test_the_identifier_stands_on_the_record_as_text_and_for_the_copy_button(clerk, model):
    record = FACTORIES[model]()
    page = clerk.get(url(model, "change", record.pk)).content.decode()
    assert f'<span class="font-mono select-all">{record.pk}</span>' in page
    assert f'data-copy="{record.pk}"' in page
    assert "entities/copy.js" in page


@pytest.mark.parametrize("model", PAGES)
def test_a_longer_list_takes_no_more_queries(clerk, model):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            clerk.get(url(model, "changelist"))
        return len(captured)

    make_with_all_references(model)
    queries()
    few = queries()
    for _ in range(5):
        make_with_all_references(model)
    assert queries() == few


def make_with_all_references(model):
    references = {
        models.Contact: {"classification": factories.ContactClassificationFactory},
        models.Product: {"family": factories.ProductFamilyFactory, "brand": factories.BrandFactory},
        models.Device: {"location": factories.DeviceLocationFactory, "contact": factories.ContactFactory},
    }
    return FACTORIES[model](**{name: make() for name, make in references.get(model, {}).items()})


@pytest.mark.parametrize("name", [" vip ", "VIP", "vIP"])
@pytest.mark.parametrize(
    "model", [models.ContactClassification, models.DeviceLocation, models.ProductFamily, models.Brand]
)
def test_a_look_up_name_that_differs_in_case_only_is_taken(clerk, model, name):
    FACTORIES[model](name="Vip")
    errors, _ = post(clerk, model, {"name": name})
    assert errors == {"name": [f"Another {model._meta.verbose_name} has this name."]}


def test_a_taken_contact_code_is_an_error_of_the_code(clerk):
    factories.ContactFactory(code="ABC 1")
    data = {"type": "PERSON", "first_name": "A", "last_name": "B", "code": " ABC  1"} | NO_ADDRESSES
    assert post(clerk, models.Contact, data) == ({"code": ["Another contact has this code."]}, [])


def test_a_record_is_not_in_its_own_way(clerk):
    contact = factories.ContactFactory(code="ABC1")
    data = {"type": "PERSON", "first_name": "New", "last_name": "B", "code": "ABC1"} | NO_ADDRESSES
    assert post(clerk, models.Contact, data, contact.pk) == ({}, [])
    contact.refresh_from_db()
    assert contact.first_name == "New"


def test_a_taken_product_code_is_an_error_of_the_code(clerk):
    product = factories.ProductFactory(code="P1")
    data = {"code": "P1", "name": "x", "type": product.type_id, "state": "ACTIVE"}
    assert post(clerk, models.Product, data) == ({"code": ["Another product has this code."]}, [])


def test_a_taken_serial_number_and_electronic_id_are_errors_of_theirs(clerk):
    device = factories.DeviceFactory(serial_number="Stb1", electronic_id="E1")
    data = {"serial_number": "STB1", "electronic_id": "E1", "product": device.product_id}
    errors, _ = post(clerk, models.Device, data)
    assert errors == {
        "serial_number": ["Another device has this serial number."],
        "electronic_id": ["Another device has this electronic ID."],
    }


def test_devices_without_electronic_id_do_not_collide(clerk):
    device = factories.DeviceFactory()
    assert post(clerk, models.Device, {"serial_number": "NEW", "product": device.product_id}) == ({}, [])


def test_a_taken_reward_scheme_code_is_an_error_of_the_code(clerk):
    taken = factories.RewardSchemeCodeFactory(code="C1")
    errors, _ = post(clerk, models.RewardSchemeCode, {"scheme": taken.scheme_id, "code": "C1"})
    assert errors == {"code": ["This code exists already."]}


def test_a_person_without_a_name_is_told_what_is_needed(clerk):
    _, errors = post(clerk, models.Contact, {"type": "PERSON", "code": "X1"} | NO_ADDRESSES)
    assert errors == ["A person needs a first and a last name, a company a company name."]


def test_a_price_without_currency_is_told_what_is_needed(clerk):
    data = {
        "code": "P1",
        "name": "x",
        "type": factories.ProductTypeFactory().pk,
        "state": "ACTIVE",
        "price": "1",
    }
    _, errors = post(clerk, models.Product, data)
    assert errors == ["A price is 0 or more and needs a currency."]


def test_a_name_whose_comparable_form_is_three_times_as_long_is_stored(clerk):
    post(clerk, models.Brand, {"name": "\u0390" * 100})
    assert len(models.Brand.objects.get(name="\u0390" * 100).name_key) == 300


def contact_data(**values):
    return {"type": "PERSON", "first_name": "A", "last_name": "B", "code": "X1"} | values | NO_ADDRESSES


def test_a_phone_number_is_stored_as_an_import_would(clerk):
    assert post(clerk, models.Contact, contact_data(phone_country="cy", phone="99 123456")) == ({}, [])
    contact = models.Contact.objects.get(code="X1")
    assert (contact.phone_country, contact.phone) == ("CYP", "+35799123456")


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        (
            {"phone": "99123456"},
            "phone_country",
            "Give the country, or begin the number with + and the country code.",
        ),
        (
            {"phone": "12", "phone_country": "CYP"},
            "phone",
            "“12” is not a valid phone number. Correct the number or its country.",
        ),
        (
            {"phone": "+306971234567", "phone_country": "CYP"},
            "phone",
            "“+306971234567” is not a number of CYP. Correct the number or its country.",
        ),
        (
            {"phone_country": "XYZ"},
            "phone_country",
            "“XYZ” is not a country that is known. Use the three-letter code, such as CYP for Cyprus.",
        ),
        (
            {"language": "zz"},
            "language",
            "“zz” is not a language that is known. Use the two-letter code, such as en or el.",
        ),
    ],
)
def test_what_an_import_would_reject_is_a_form_error(clerk, values, field, error):
    assert post(clerk, models.Contact, contact_data(**values)) == ({field: [error]}, [])


def addresses(contact, *forms):
    """The data of a contact's page with these addresses, each (stored address or None, type, name)."""
    stored = [address for address, _, _ in forms if address]
    data = contact_data(code=contact.code)
    data |= {"addresses-TOTAL_FORMS": len(forms), "addresses-INITIAL_FORMS": len(stored)}
    for index, (address, address_type, name) in enumerate(forms):
        values = {"type": address_type, "name": name, "line_1": "1 Street", "contact": contact.pk}
        values |= {"id": address.pk} if address else {}
        data |= {f"addresses-{index}-{field}": value for field, value in values.items()}
    return data


def errors_of_addresses(client, contact, *forms):
    response = client.post(url(models.Contact, "change", contact.pk), addresses(contact, *forms))
    if response.status_code == 302:
        return []
    return response.context["inline_admin_formsets"][0].formset.errors


def test_two_new_addresses_of_one_type_and_name_are_refused(clerk):
    contact = factories.ContactFactory()
    errors = errors_of_addresses(clerk, contact, (None, "HOME", "Sea"), (None, "HOME", " sea "))
    assert errors == [{}, {"name": ["The contact has an address of this type and name."]}]


def test_a_new_address_like_a_stored_one_is_refused(clerk):
    stored = factories.AddressFactory(type="HOME", name="")
    contact = stored.contact
    errors = errors_of_addresses(clerk, contact, (stored, "HOME", ""), (None, "HOME", ""))
    assert errors == [{}, {"name": ["The contact has an address of this type and name."]}]


def test_swapping_the_names_of_two_addresses_is_refused_not_a_crash(clerk):
    contact = factories.ContactFactory()
    first = factories.AddressFactory(contact=contact, type="HOME", name="a")
    second = factories.AddressFactory(contact=contact, type="HOME", name="b")
    taken = {"name": ["The contact has an address of this type and name."]}
    assert errors_of_addresses(clerk, contact, (first, "HOME", "b"), (second, "HOME", "a")) == [taken, taken]


def test_addresses_are_saved_with_their_contact(clerk):
    contact = factories.ContactFactory()
    assert errors_of_addresses(clerk, contact, (None, "HOME", "Sea"), (None, "BUSINESS", "Sea")) == []
    assert list(contact.addresses.values_list("type", "name_key")) == [("BUSINESS", "sea"), ("HOME", "sea")]


def test_a_change_notes_when_and_is_in_the_history(clerk):
    brand = factories.BrandFactory(name="Old")
    before = brand.changed_at
    assert post(clerk, models.Brand, {"name": "New"}, brand.pk) == ({}, [])
    brand.refresh_from_db()
    assert brand.changed_at > before
    assert LogEntry.objects.get(object_id=str(brand.pk)).action_flag == 2


def test_what_is_referred_to_cannot_be_deleted(clerk):
    product = factories.ProductFactory()
    page = clerk.get(url(models.ProductType, "delete", product.type_id))
    assert page.context["protected"]


@pytest.mark.parametrize(
    ("price", "shown"), [("1234.5", "1,234.50 EUR"), ("0.125", "0.125 EUR"), ("100", "100.00 EUR")]
)
def test_prices_are_listed_with_the_decimals_that_they_have(clerk, price, shown):
    factories.ProductFactory(price=price, currency="EUR")
    assert shown in clerk.get(url(models.Product, "changelist")).content.decode()
