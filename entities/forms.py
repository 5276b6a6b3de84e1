"""Forms of the admin: cells are read as an import reads them, and taken keys are form errors."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import UniqueConstraint
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _

from imports.cells import BadCell, FileOptions
from imports.fields import Country, Currency, Language
from imports.keys import folded_key
from imports.problems import Problem

from .phones import PhoneOfOtherCountry, to_e164


class RecordForm(forms.ModelForm):
    """A record's form.

    Keys are not editable, so Django leaves them out of its check of constraints; here they are
    checked and reported at the text that they come from. `read_as` names fields that take what a
    cell of that kind takes.
    """

    read_as = {}

    def clean(self):
        super().clean()
        for name, field in self.read_as.items():
            if text := self.cleaned_data.get(name):
                self.read(name, field, text)
        return self.cleaned_data

    def read(self, name, field, text):
        try:
            self.cleaned_data[name] = field.compile(FileOptions())(text)
        except BadCell as bad:
            problem = Problem(bad.code, value=text, details=bad.details)
            self.add_error(name, f"{problem.sentence}. {problem.advice}")

    def validate_unique(self):
        super().validate_unique()
        for key_field, (text_field, _key) in self.instance.keys.items():
            if text_field in self.cleaned_data:
                self.check_key(key_field, text_field)

    def check_key(self, key_field, text_field):
        for constraint in self.instance._meta.constraints:
            if isinstance(constraint, UniqueConstraint) and key_field in constraint.fields:
                self.check_constraint(constraint, text_field)

    def check_constraint(self, constraint, text_field):
        try:
            constraint.validate(type(self.instance), self.instance)
        except ValidationError as error:
            own = constraint.violation_error_message != constraint.default_violation_error_message
            noun = self.instance._meta.verbose_name
            taken = _("Another %(noun)s has this name.") % {"noun": noun}
            self.add_error(text_field, error.messages[0] if own else taken)


class ContactForm(RecordForm):
    read_as = {"phone_country": Country(), "language": Language()}

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("phone") and "phone_country" not in self.errors:
            self.clean_number(cleaned["phone"], cleaned.get("phone_country") or "")
        return cleaned

    def clean_number(self, number, country):
        if not country and not number.startswith("+"):
            self.add_error(
                "phone_country", _("Give the country, or begin the number with + and the country code.")
            )
            return
        try:
            self.cleaned_data["phone"] = to_e164(number, country)
        except PhoneOfOtherCountry:
            problem = Problem("phone_country_differs", value=number, details={"country": country})
            self.add_error("phone", f"{problem.sentence}. {problem.advice}")
            return
        if not self.cleaned_data["phone"]:
            message = _("“%(number)s” is not a valid phone number. Correct the number or its country.")
            self.add_error("phone", message % {"number": number})


class AddressForm(RecordForm):
    read_as = {"country": Country()}


class AddressFormSet(BaseInlineFormSet):
    """The addresses of one contact, which no two may share type and name."""

    def clean(self):
        super().clean()
        seen = set()
        for form in self.forms:
            data = getattr(form, "cleaned_data", None)
            if not data or data.get("DELETE"):
                continue
            key = data.get("type"), folded_key(data.get("name") or "")
            if key in seen and "name" not in form.errors:
                form.add_error("name", _("The contact has an address of this type and name."))
            seen.add(key)


class ProductForm(RecordForm):
    read_as = {"currency": Currency()}
