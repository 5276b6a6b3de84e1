import time

import pytest

from imports.importers import importer_for
from imports.names import BRACKETS
from imports.suggestions import Remembered, suggest


def found(slug, *headers, **evidence):
    return [
        suggestion and (suggestion.column.name, suggestion.kind, suggestion.reason)
        for suggestion in suggest(importer_for(slug), headers, **evidence)
    ]


def names(slug, *headers, **evidence):
    return [suggestion and suggestion[0] for suggestion in found(slug, *headers, **evidence)]


def kinds(slug, *headers, **evidence):
    return [suggestion and suggestion[1] for suggestion in found(slug, *headers, **evidence)]


# By names


@pytest.mark.parametrize(
    "headers",
    [
        ("Vorname", "Nachname", "E-Mail-Adresse", "PLZ", "Ort", "Geburtsdatum"),
        ("Prénom", "Nom de famille", "Courriel", "Code postal", "Ville", "Date de naissance"),
        ("Nombre", "Apellidos", "Correo electrónico", "Código postal", "Ciudad", "Fecha de nacimiento"),
        ("Όνομα", "Επίθετο", "Ηλ. Ταχυδρομείο", "Τ.Κ.", "Πόλη", "Ημ/νία Γέννησης"),
    ],
)
def test_names_in_other_languages_are_known(headers):
    expected = ["First Name", "Last Name", "Contact Email", "Postal Code", "Town/City", "Date of Birth"]
    assert names("contacts", *headers) == expected


def test_words_that_add_nothing_and_brackets_may_be_left_out():
    assert names("contacts", "Customer City", "Τηλέφωνο Πελάτη", "Birthday (YYYY-MM-DD)") == [
        "Town/City",
        "Contact Phone Number",
        "Date of Birth",
    ]


def test_a_full_name_is_left_to_the_person():
    assert names("contacts", "Name", "Full Name", "Ονοματεπώνυμο") == [None, None, None]


def test_an_address_is_taken_from_one_group_of_headers():
    headers = ("Home Street", "Home City", "Business Street", "Business City", "Business Postal Code")
    assert names("contacts", *headers) == [None, None, "Address Line 1", "Town/City", "Postal Code"]


def test_a_number_sign_is_a_number():
    assert names("contacts", "Customer #", "Phone #") == ["Contact Code", "Contact Phone Number"]


def test_consent_is_not_taken_for_its_opposite():
    assert names("contacts", "Accepts Email Marketing", "Email Opt In", "SMS Opt In") == [None, None, None]


# By similar names


def test_a_misspelt_header_is_suggested_with_the_name_that_it_resembles():
    assert found("contacts", "Frist Name", "Adress Line 1") == [
        ("First Name", "similar", "similar to “First Name”"),
        ("Address Line 1", "similar", "similar to “Address Line 1”"),
    ]


@pytest.mark.parametrize(
    "header",
    ["Address Line 3", "Company ID", "Email Sent", "Countries visited", "Assistant's Phone", "Username"],
)
def test_another_number_or_a_word_more_is_another_thing(header):
    assert names("contacts", header) == [None]


def test_of_two_headers_that_resemble_one_column_neither_is_taken():
    assert names("contacts", "Frist Name", "First Nane") == [None, None]


def test_similar_names_never_take_what_another_header_names_exactly():
    assert kinds("contacts", "Frist Name", "First Name") == [None, "name"]


# By values


@pytest.mark.parametrize(
    ("values", "column", "reason"),
    [
        (["a@example.com", "b@example.com", "c@example.com"], "Contact Email", "e-mail addresses"),
        (["+357 99 123456", "+35722123456", "0030 6971234567"], "Contact Phone Number", "phone numbers"),
        (["1984-03-09", "12/31/1990", "1/2/1975"], "Date of Birth", "dates of birth"),
    ],
)
def test_a_header_that_says_nothing_is_known_by_its_values(values, column, reason):
    assert found("contacts", "Column C", samples=[values]) == [
        (column, "values", f"its values look like {reason}")
    ]


def test_values_of_a_choice_tell_their_column():
    samples = [["M", "F", "F"], ["PERSON", "COMPANY", "PERSON"], ["VIP", "VIP", "Regular"]]
    assert names("contacts", "Column A", "Column B", "Column C", samples=samples) == [
        "Gender",
        "Contact Type",
        None,
    ]


def test_recent_dates_are_not_dates_of_birth():
    assert names("contacts", "Column A", samples=[["2026-01-02", "2025-12-31", "2024-05-06"]]) == [None]


def test_dates_under_a_header_that_says_something_else_are_left():
    assert names("contacts", "Member since", samples=[["1984-03-09", "1990-12-31", "1975-02-01"]]) == [None]


def test_two_headers_with_addresses_are_left_to_the_person():
    addresses = ["a@example.com", "b@example.com", "c@example.com"]
    assert names("contacts", "Column A", "Column B", samples=[addresses, addresses]) == [None, None]


def test_a_few_addresses_again_and_again_are_not_those_of_the_contacts():
    samples = [["maria@example.com", "john@example.com"] * 5]
    assert names("contacts", "Contact owner", samples=samples) == [None]


def test_a_few_values_say_nothing():
    assert names("contacts", "Column A", samples=[["a@example.com", "b@example.com"]]) == [None]


def test_keys_of_existing_records_tell_a_reference():
    samples = [["DEC-4K", "DEC-8K", "DEC-2K"]]
    assert found("devices", "Box", samples=samples, known=lambda column, texts: texts & set(*samples)) == [
        None
    ]
    only_products = found(
        "devices",
        "Box",
        samples=samples,
        known=lambda column, texts: texts if column.name == "Product Code" else set(),
    )
    assert only_products == [("Product Code", "values", "its values are known to Product Code")]


# Against names that mislead


def test_values_that_cannot_be_an_email_withdraw_the_guess():
    samples = [["Athens", "Nicosia", "Limassol"]]
    assert names("contacts", "Mail", samples=samples) == [None]
    assert names("contacts", "Contact Email", samples=samples) == ["Contact Email"]


def test_an_organisation_that_is_no_identifier_is_a_company():
    assert names("contacts", "Organization", samples=[["Acme", "Ajax", "Apex"]]) == ["Company Name"]
    identifier = "0192f0c1-0000-7000-8000-000000000000"
    assert names("contacts", "Organization", samples=[[identifier] * 3]) == ["Organisation"]


# Remembered


def test_what_is_remembered_comes_before_names():
    remembered = Remembered(
        {"phone": "Mobile", "email": "E-mail"}, "as on 3 Nov 2026", ("E-mail", "Phone", "Mobile")
    )
    assert found("contacts", "Phone", "mobile", "E-mail", "Surname", remembered=remembered) == [
        None,
        ("Contact Phone Number", "remembered", "as on 3 Nov 2026"),
        ("Contact Email", "remembered", "as on 3 Nov 2026"),
        ("Last Name", "synonym", "another name of Last Name"),
    ]


def test_a_header_that_was_left_out_before_is_left_out_again():
    remembered = Remembered({"code": "Code"}, "remembered", ("Code", "E-mail"))
    assert names("contacts", "Code", "E-mail", "Phone", remembered=remembered) == [
        "Contact Code",
        None,
        "Contact Phone Number",
    ]


@pytest.mark.parametrize("bracket", "([")
def test_a_header_of_nothing_but_brackets_costs_no_time(bracket):
    began = time.process_time()
    assert BRACKETS.sub(" ", f"Phone (mobile) {bracket * 100_000}").startswith("Phone   ")
    assert time.process_time() - began < 1
