"""What a column accepts: from a cell of the file to the value that is stored, or a problem.

`Field.compile(options)` returns a function cell → value (None when blank) that raises BadCell. It is
compiled once per run, knows neither database nor HTTP, and is the innermost loop of everything.
"""

import datetime
import re
import unicodedata
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .cells import LARGEST_EXACT, BadCell, as_text, shown_cell
from .wording import in_every_language
from .world import country_code, country_names, currency_codes, language_codes

REMEMBERED_WORDS, REMEMBERED_DATES = 1000, 50_000
EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+\d+")
WRITTEN_DATE = re.compile(
    r"\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})|\d{4}-\d\d-\d\d(?: 00:00:00)?"
    # As Excel writes what it took for a date, such as the code 1-2.
    r"|\d{1,2}-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:-(?:\d{4}|\d{2}))?"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d\d"
)


class Field:
    """Text up to `max_length` characters; the base of the others."""

    expects = _("text")

    def __init__(self, max_length=None):
        self.max_length = max_length

    def for_model_field(self, model_field):
        """Take over what the model already says."""
        if self.max_length is None:
            self.max_length = getattr(model_field, "max_length", None)

    def compile(self, options):
        limit = self.max_length or 10**9

        def clean(cell):
            # The fast path of most cells of most files, then everything else.
            text = cell.strip() if type(cell) is str and cell.isascii() else as_text(cell)
            if len(text) > limit:
                raise BadCell("text_too_long", text, limit=limit)
            if "\0" in text:
                raise BadCell("unusable_character")
            return text or None

        return clean


Text = Field


class Code(Field):
    """A code, serial, phone or postal number: text that spreadsheet programs like to damage."""

    expects = _("text; format the column as Text so that zeros in front are kept")

    def compile(self, options):
        clean_text = super().compile(options)

        def clean(cell):
            if type(cell) is str:
                text = clean_text(cell)
                if text and not text.isdigit() and (text[0] in "+-0123456789" or text[3:4] == "-"):
                    self.refuse_damage(text)
                return text
            if isinstance(cell, (int, float)) and abs(cell) > LARGEST_EXACT:
                raise BadCell("long_number", as_text(cell))
            if type(cell) is dict and not cell.keys() & {"error", "formula"}:
                raise BadCell("damaged_by_date", as_text(cell))
            return clean_text(cell)

        return clean

    def refuse_damage(self, text):
        if EXPONENT.fullmatch(text):
            raise BadCell("damaged_number", text)
        if WRITTEN_DATE.fullmatch(text):
            raise BadCell("damaged_by_date", text)


class Phone(Code):
    """A phone number as typed; its country is another column's, so the importer makes it E.164."""

    expects = _("a national number with its country in the column beside it, or one that begins with +")

    def __init__(self, max_length=40):
        super().__init__(max_length)


class Email(Field):
    expects = _("an e-mail address")
    # What is certainly one; the validator, which takes ten times as long, decides the others.
    PLAIN = re.compile(
        r"(?=.{,320}\Z)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
        re.ASCII | re.IGNORECASE,
    )

    def compile(self, options):
        clean_text = super().compile(options)
        is_plain, validate = self.PLAIN.fullmatch, EmailValidator()

        def clean(cell):
            text = clean_text(cell)
            if text and not is_plain(text):
                try:
                    validate(text)
                except ValidationError as error:
                    # It refers to itself, and by this to all rows that are being cleaned.
                    error.__traceback__ = None
                    raise BadCell("not_an_email", text) from None
            return text

        return clean


class Mapped(Field):
    """One of a known set of words; `words` gives {folded word: stored value}."""

    problem = "unknown_choice"

    def words(self):
        raise NotImplementedError

    def details(self):
        return {}

    def compile(self, options):
        words = self.words()
        known = {}

        def clean(cell):
            if type(cell) is str and cell in known:
                return known[cell]
            text = as_text(cell)
            if not text:
                return None
            value = words.get(folded_word(text))
            if value is None:
                raise BadCell(self.problem, text, **self.details())
            if type(cell) is str and len(known) < REMEMBERED_WORDS:
                known[cell] = value
            return value

        return clean


def folded_word(text):
    """`text` without case, accents, spaces and punctuation marks: for choices and header names."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(character for character in decomposed if character.isalnum())


class Choice(Mapped):
    """A value of a TextChoices, by value or label in any case, or by one of `synonyms`."""

    def __init__(self, choices, synonyms=()):
        super().__init__()
        self.choices = choices
        self.synonyms = dict(synonyms)

    @property
    def expects(self):
        return gettext("one of %(choices)s") % self.details()

    def words(self):
        words = {folded_word(word): value for word, value in self.synonyms.items()}
        for member in self.choices:
            names = (member.value, *in_every_language(member.label))
            words |= {folded_word(name): member.value for name in names}
        return words

    def details(self):
        return {"choices": ", ".join(self.choices.values)}


class YesNo(Mapped):
    expects = _("yes or no")
    problem = "not_yes_or_no"
    YES = ("yes", "true", "1", "ναι", "αληθές")
    NO = ("no", "false", "0", "όχι", "ψευδές")

    def words(self):
        return {
            folded_word(word): value
            for words, value in ((self.YES, True), (self.NO, False))
            for word in words
        }

    def compile(self, options):
        clean = super().compile(options)
        return lambda cell: cell if type(cell) is bool else clean(cell)


class Country(Mapped):
    """An ISO 3166 alpha-3 code; alpha-2 and English and Greek names are taken too."""

    expects = _("a country: its three-letter code such as CYP, or its name")
    problem = "unknown_country"

    def words(self):
        return {folded_word(name): country_code(two) for name, two in country_names().items()}


class Currency(Mapped):
    expects = _("a currency code such as EUR")
    problem = "unknown_currency"

    def words(self):
        return {code.casefold(): code for code in currency_codes()}


class Language(Mapped):
    expects = _("a language code such as en or el")
    problem = "unknown_language"

    def words(self):
        return {code: code for code in language_codes()}


class Date(Field):
    """A calendar date between 1900 and 2155."""

    expects = _("a date, such as 1984-03-09")
    ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
    WRITTEN = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})")
    WITH_TIME = re.compile(r"(.+?)[T ]\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[AaPp]\.?[Mm]\.?)?")

    def __init__(self, past=False):
        super().__init__()
        self.past = past

    def compile(self, options):
        today = datetime.date.today()
        known = {}

        def clean(cell):
            if type(cell) is str and cell in known:
                return known[cell]
            value = self.to_date(cell, options.date_order)
            if value is None:
                return None
            if not 1900 <= value.year <= 2155:
                raise BadCell("date_out_of_range", shown_cell(cell))
            if self.past and value > today:
                raise BadCell("date_in_future", shown_cell(cell))
            if type(cell) is str and len(known) < REMEMBERED_DATES:
                known[cell] = value
            return value

        return clean

    def to_date(self, cell, order):
        if type(cell) is dict and "date" in cell:
            return datetime.date.fromisoformat(cell["date"])
        text = as_text(cell)
        if not text:
            return None
        if type(cell) is dict and "datetime" in cell:
            raise BadCell("date_with_time", text)
        if type(cell) is not str:
            raise BadCell("not_a_date", text)
        return self.from_text(text, order)

    def from_text(self, text, order):
        if found := self.ISO.fullmatch(text):
            return self.make(text, *map(int, found.groups()))
        if found := self.WRITTEN.fullmatch(text):
            first, second, year = found.groups()
            if len(year) == 2:
                raise BadCell("two_digit_year", text)
            return self.ordered(text, int(first), int(second), int(year), order)
        if self.WITH_TIME.fullmatch(text):
            raise BadCell("date_with_time", text)
        raise BadCell("not_a_date", text)

    def ordered(self, text, first, second, year, order):
        if order == "ymd":
            raise BadCell("not_a_date", text)
        if order == "mdy":
            return self.make(text, year, first, second)
        if order == "dmy" or first > 12 or first == second:
            return self.make(text, year, second, first)
        if second > 12:
            return self.make(text, year, first, second)
        raise BadCell("ambiguous_date", text)

    def make(self, text, year, month, day):
        try:
            return datetime.date(year, month, day)
        except ValueError:
            raise BadCell("no_such_date", text) from None


class Number(Field):
    """A decimal number of 0 or more, exact."""

    expects = _("a number of 0 or more, such as 3.20")
    DIGITS = re.compile(r"-?\d+(?:[.,]\d+)*")

    def for_model_field(self, model_field):
        self.decimals = model_field.decimal_places
        self.whole = model_field.max_digits - model_field.decimal_places

    def compile(self, options):
        def clean(cell):
            text = as_text(cell)
            if not text:
                return None
            number = self.to_decimal(cell, text, options.decimal_mark)
            if number < 0:
                raise BadCell("negative_number", text)
            if number >= 10**self.whole or number != round(number, self.decimals):
                raise BadCell("too_many_digits", text, whole=self.whole, decimals=self.decimals)
            return round(number, self.decimals)

        return clean

    def to_decimal(self, cell, text, mark):
        if type(cell) in (int, float):
            # A spreadsheet's 3.2 is a binary fraction; its first 15 digits are what the person sees.
            return Decimal(f"{cell:.15g}" if type(cell) is float else cell)
        if type(cell) is not str or not self.DIGITS.fullmatch(text.replace(" ", "").replace("\u00a0", "")):
            raise BadCell("not_a_number", text)
        return Decimal(self.plain(text.replace(" ", "").replace("\u00a0", ""), mark))

    def plain(self, text, mark):
        """`text` with a point as its decimal mark and without marks of thousands."""
        marks = [character for character in text if character in ".,"]
        if not marks:
            return text
        last, others = marks[-1], marks[:-1]
        decimals = len(text) - text.rindex(last) - 1
        mark = mark or self.decided_mark(text, last, others, decimals)
        thousands = "," if mark == "." else "."
        whole, _, fraction = text.partition(mark)
        groups = whole.lstrip("-").split(thousands)
        grouped = len(groups) == 1 or (len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:]))
        if not grouped or thousands in fraction or mark in fraction:
            raise BadCell("not_a_number", text)
        return whole.replace(thousands, "") + ("." + fraction if fraction else "")

    def decided_mark(self, text, last, others, decimals):
        """The decimal mark that the text itself decides."""
        other = "," if last == "." else "."
        if others and last not in others:
            return last  # 1.234,5
        if others:
            return other  # 1.234.567
        if decimals != 3 or text.lstrip("-").startswith("0"):
            return last  # 3,20 and 0,125
        raise BadCell("ambiguous_number", text)


class Reference(Field):
    """A record of another kind, by identifier or by key.

    `by` lists the fields that it may be found by: "pk" for its identifier, else a key field of the
    model. `fetch` are further fields to read, `refuse` a function of them that says why the record
    cannot be used. `text_field` is what a person calls it.
    """

    expects = _("the identifier of an existing record")
    generated = False

    def __init__(self, model, by=("pk",), fetch=(), refuse=None, text_field="name"):
        super().__init__(max_length=200)
        self.model, self.by, self.fetch, self.refuse, self.text_field = model, by, fetch, refuse, text_field

    @property
    def target(self):
        return self.model._meta.verbose_name


class LookUp(Reference):
    """A record that is nothing but a name, which an import may generate.

    `needs` are columns whose values a new one takes, {its field: column's name in the row}.
    """

    expects = _("a name")
    generated = True

    def __init__(self, model, needs=(), fetch=()):
        super().__init__(model, by=("name_key",), fetch=fetch)
        self.max_length = model._meta.get_field("name").max_length
        self.needs = dict(needs)
