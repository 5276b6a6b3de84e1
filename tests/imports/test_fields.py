import datetime
import random
from decimal import Decimal

import pytest
from django.core.validators import EmailValidator

from entities.models import Contact, Product
from imports.cells import BadCell, FileOptions
from imports.fields import Choice, Code, Country, Currency, Date, Email, Language, Number, Text, YesNo

NOTHING_CHOSEN = FileOptions()


def number_field():
    field = Number()
    field.for_model_field(Product._meta.get_field("price"))
    return field


def clean(field, cell, **options):
    return field.compile(FileOptions(**options))(cell)


def refusal(field, cell, **options):
    with pytest.raises(BadCell) as caught:
        clean(field, cell, **options)
    return caught.value.code


@pytest.mark.parametrize("blank", [None, "", "  ", "\u00a0", "\u200b", "\ufeff \t"])
@pytest.mark.parametrize("field", [Text(), Code(), Email(), Country(), Date(), YesNo(), number_field()])
def test_what_looks_empty_is_blank(field, blank):
    assert clean(field, blank) is None


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  Ann ", "Ann"),
        ("\u00a0Άννα\u200b", "Άννα"),
        ("Α\u0301ννα", "Άννα"),
        (99123456.0, "99123456"),
        (1e15, "1000000000000000"),
        (3.5, "3.5"),
        (True, "TRUE"),
        ({"date": "1984-03-09"}, "1984-03-09"),
    ],
)
def test_a_cell_becomes_trimmed_composed_text(cell, text):
    assert clean(Text(), cell) == text


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("a\0b", "unusable_character"),
        ("ά\ud800", "unusable_character"),
        ("x" * 11, "text_too_long"),
        ({"error": "#N/A"}, "error_cell"),
        ({"formula": ""}, "formula_without_value"),
    ],
)
def test_text_that_cannot_be_stored_is_refused(cell, code):
    assert refusal(Text(10), cell) == code


@pytest.mark.parametrize("cell", ["0012", "ABC-1", "1E5", "-", "12-34"])
def test_a_code_is_kept_as_it_is_written(cell):
    assert clean(Code(), cell) == cell


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1,20935E+15", "damaged_number"),
        ("2-Jan", "damaged_by_date"),
        ("01-Mar-24", "damaged_by_date"),
        ("1.2E+05", "damaged_number"),
        ("3/9/1984", "damaged_by_date"),
        ("Jan-24", "damaged_by_date"),
        ("1984-03-09", "damaged_by_date"),
        ({"date": "1984-03-09"}, "damaged_by_date"),
        (1234567890123456.0, "long_number"),
        (1234567890123456, "long_number"),
    ],
)
def test_a_code_that_a_spreadsheet_program_damaged_is_refused(cell, code):
    assert refusal(Code(), cell) == code


@pytest.mark.parametrize("cell", ["Female", "FEMALE", "female ", "Γυναίκα", "γυναικα"])
def test_a_choice_is_taken_in_any_case_by_value_label_or_greek_word(cell):
    assert clean(Choice(Contact.Gender, {"γυναίκα": "FEMALE"}), cell) == "FEMALE"


@pytest.mark.parametrize("cell", ["CYP", "cy", "Cyprus", "Κύπρος", "ΚΥΠΡΟΣ"])
def test_a_country_is_taken_by_code_or_name(cell):
    assert clean(Country(), cell) == "CYP"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Bosnia and Herzegovina", "BIH"),
        ("Saint Lucia", "LCA"),
        ("Myanmar", "MMR"),
        ("Hong Kong", "HKG"),
        ("The Netherlands", "NLD"),
        ("Ivory Coast", "CIV"),
        ("Κυπριακή Δημοκρατία", "CYP"),
    ],
)
def test_a_country_is_taken_by_the_names_in_use(name, code):
    assert clean(Country(), name) == code


def test_a_currency_that_is_no_longer_in_use_is_refused():
    assert clean(Currency(), "eur") == "EUR"
    assert [refusal(Currency(), code) for code in ("CYP", "GRD", "XXX")] == ["unknown_currency"] * 3


def test_unknown_words_are_named_by_their_column():
    assert refusal(Choice(Contact.Gender), "x") == "unknown_choice"
    assert refusal(Country(), "Atlantis") == "unknown_country"
    assert refusal(Currency(), "EURO") == "unknown_currency"
    assert refusal(Language(), "english") == "unknown_language"
    assert refusal(YesNo(), "maybe") == "not_yes_or_no"


@pytest.mark.parametrize(
    ("cell", "value"),
    [("yes", True), ("ΝΑΙ", True), ("1", True), (1, True), (True, True), ("όχι", False), ("ΨΕΥΔΕΣ", False)],
)
def test_yes_and_no_in_english_greek_and_digits(cell, value):
    assert clean(YesNo(), cell) is value


@pytest.mark.parametrize(
    "cell", ["1984-03-09", "1984/3/9", {"date": "1984-03-09"}, "09/09/1984", "31.12.1984"]
)
def test_a_date_that_can_be_read_one_way_needs_no_order(cell):
    assert isinstance(clean(Date(), cell), datetime.date)


def test_with_the_year_first_chosen_other_orders_are_no_dates():
    assert clean(Date(), "1984/09/03", date_order="ymd") == datetime.date(1984, 9, 3)
    assert refusal(Date(), "13/09/1984", date_order="ymd") == "not_a_date"


def test_the_chosen_order_decides_a_written_date():
    assert clean(Date(), "03/09/1984", date_order="dmy") == datetime.date(1984, 9, 3)
    assert clean(Date(), "03/09/1984", date_order="mdy") == datetime.date(1984, 3, 9)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("03/09/1984", "ambiguous_date"),
        ("03/09/84", "two_digit_year"),
        ("1984-02-30", "no_such_date"),
        ("1984-03-09 10:00", "date_with_time"),
        ({"datetime": "1984-03-09T10:00:00"}, "date_with_time"),
        ("1899-12-31", "date_out_of_range"),
        ("soon", "not_a_date"),
        (30750, "not_a_date"),
    ],
)
def test_a_date_is_never_guessed(cell, code):
    assert refusal(Date(), cell) == code


def test_a_birth_date_is_not_in_the_future():
    tomorrow = datetime.date.today() + datetime.timedelta(days=1)
    assert refusal(Date(past=True), tomorrow.isoformat()) == "date_in_future"


@pytest.mark.parametrize(
    ("cell", "mark", "value"),
    [
        ("3.20", "", "3.20"),
        ("3,20", "", "3.20"),
        ("0,125", "", "0.125"),
        ("1.234,5", "", "1234.5"),
        ("1,234,567", "", "1234567"),
        ("1,234", ".", "1234"),
        ("1,234", ",", "1.234"),
        ("1 234,50", "", "1234.50"),
        (3.2, "", "3.2"),
        (1.1 * 3, "", "3.3"),
        (7, "", "7"),
    ],
)
def test_a_number_is_read_exactly(cell, mark, value):
    assert clean(number_field(), cell, decimal_mark=mark) == Decimal(value)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1,234", "ambiguous_number"),
        ("-1", "negative_number"),
        ("12,34,5", "not_a_number"),
        ("€5", "not_a_number"),
        ("1.23456", "too_many_digits"),
        ("12345678901", "too_many_digits"),
        ({"date": "1984-03-09"}, "not_a_number"),
    ],
)
def test_a_number_is_never_guessed(cell, code):
    assert refusal(number_field(), cell) == code


def test_an_e_mail_address_is_checked():
    assert clean(Email(254), "j.c.smith@example.com") == "j.c.smith@example.com"
    assert refusal(Email(254), "j.c.smith@") == "not_an_email"


def test_what_is_taken_for_an_e_mail_at_once_the_validator_takes_too():
    """The quick pattern must never be more generous than what decides elsewhere in the product."""
    chance, validate, taken = random.Random(3), EmailValidator(), 0
    pieces = [
        "a",
        "b-",
        "-",
        "1",
        "_",
        "+",
        ".",
        "@",
        "com",
        "x" * 62,
        "y" * 64,
        "Z",
        "é",
        "ſ",
        "K",
        " ",
        "'",
    ]
    ends = ["com", "c", "x-", "-x", "co1", "y" * 64, "museum", "com\n"]
    for _ in range(20_000):
        name, host = ("".join(chance.choices(pieces, k=chance.randrange(1, 5))) for _ in range(2))
        text = f"{name}@{host}.{chance.choice(ends)}"
        if Email.PLAIN.fullmatch(text):
            taken += 1
            validate(text)
    assert taken > 100
