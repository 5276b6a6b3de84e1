"""What an unknown text was probably meant to be."""

import pytest

from imports.importers import importer_for
from imports.known_values import choices, nearest
from imports.matching import Known, Match, latin, look_alikes, named_look_alikes
from tests.factories import (
    ContactClassificationFactory,
    OrganisationFactory,
    ProductFactory,
    RewardSchemeFactory,
)

NAMES = Known(
    (name, Match(name, name)) for name in ("Student Club", "VIP", "Gold", "DEC-4K", "Male", "Female")
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Students Club", "Student Club"),
        ("student-club", "Student Club"),
        ("V.I.P.", "VIP"),
        ("Golld", "Gold"),
        ("DΕC-4K", "DEC-4K"),
        ("Fem", "Female"),
    ],
)
def test_the_nearest_known_name_is_found(text, meant):
    assert NAMES.nearest(text).text == meant


@pytest.mark.parametrize("text", ["Fmale", "DEC-5K", "Silver", "VAT", "", "—"])
def test_what_is_not_clearly_one_name_is_none(text):
    """Fmale is as near to male as to female, and DEC-5K is another product than DEC-4K."""
    assert NAMES.nearest(text) is None


def test_a_word_that_means_two_things_means_none():
    known = Known([("Acme", Match("1", "Acme")), ("ACME", Match("2", "Acme"))])
    assert known.nearest("acme") is None


def test_letters_that_look_latin_are_named_by_place_and_script():
    assert look_alikes("DΕC-4К") == [(2, "Ε", "Greek"), (6, "К", "Cyrillic")]
    assert named_look_alikes("DΕC-4K") == "Character 2 is the Greek Ε, which looks like the Latin E."
    assert latin("ΑΒΕ-12") == "ABE-12"


@pytest.mark.parametrize("text", ["Αθήνα", "Store Αθήνα", "ΑΒΕ-12", "DEC-4K", "Müller"])
def test_greek_words_and_latin_words_are_what_they_are(text):
    assert named_look_alikes(text) == ""


@pytest.mark.parametrize(
    ("slug", "column", "text", "meant"),
    [
        ("contacts", "phone_country", "Cyprsu", "CYP"),
        ("contacts", "phone_country", "Ελάδα", "GRC"),
        ("contacts", "gender", "Femal", "FEMALE"),
        ("contacts", "language", "Greek", "el"),
        ("contacts", "language", "Ελληνικά", "el"),
        ("contacts", "sms_opt_out", "Yess", "yes"),
        ("products", "currency", "Euro", "EUR"),
        ("products", "state", "Activ", "ACTIVE"),
    ],
)
def test_values_of_the_world_are_known_by_code_and_by_name(slug, column, text, meant):
    found = nearest(importer_for(slug).by_key[column], [text])
    assert found[text].text == meant


@pytest.mark.django_db
def test_names_of_records_are_known():
    ContactClassificationFactory(name="VIP")
    column = importer_for("contacts").by_key["classification"]
    assert nearest(column, ["V.I.P.", "Gold"]) == {"V.I.P.": Match("VIP", "VIP")}
    assert choices(column) == [("VIP", "VIP")]


@pytest.mark.django_db
def test_only_records_that_can_be_used_are_proposed():
    RewardSchemeFactory(name="Student Club")
    RewardSchemeFactory(name="Students", sign_up="SELF_SIGN_UP", closed_loop_method="")
    column = importer_for("reward-scheme-codes").by_key["scheme"]
    assert choices(column) == [("Student Club", "Student Club")]


@pytest.mark.django_db
def test_a_record_that_is_known_by_its_identifier_only_is_found_by_its_name():
    acme = OrganisationFactory(name="Acme Ltd")
    column = importer_for("contacts").by_key["organisation"]
    assert nearest(column, ["ACME Ltd."]) == {"ACME Ltd.": Match(str(acme.pk), "Acme Ltd")}


@pytest.mark.django_db
def test_among_very_many_records_only_other_spellings_are_looked_up(monkeypatch):
    monkeypatch.setattr("imports.known_values.MOST_NAMES", 2)
    for code in ("DEC-4K", "DEC-8K", "0012", "X1"):
        ProductFactory(code=code)
    column = importer_for("devices").by_key["product"]
    found = nearest(column, ["DΕC-4K", "dec-8k", "X-2"])
    assert {text: match.text for text, match in found.items()} == {"DΕC-4K": "DEC-4K", "dec-8k": "DEC-8K"}
