"""What others do with the same contacts, without addresses: django-import-export and a loop of forms."""

import csv
import time

from django import forms
from django.db import transaction
from import_export import resources
from import_export.fields import Field
from import_export.instance_loaders import CachedInstanceLoader
from import_export.widgets import ForeignKeyWidget
from tablib import Dataset

from entities.models import Contact, ContactClassification

from .people import HEADERS, good_rows

FIELDS = [name for name in HEADERS if "address" not in name and name not in ("line_1", "line_2", "state")]
FIELDS = [name for name in FIELDS if name not in ("town", "postal_code")]
# What the product works out of a row by itself, and these take as it is stored.
PHONES = {"CYP": "+357", "GRC": "+30", "GBR": "+44", "DEU": "+49", "FRA": "+33"}


def rows(count):
    """{field: text} as the tables want them, of `count` rows that nothing is wrong with."""
    for row, _ in zip(good_rows(count * 2), range(count), strict=False):
        row = {name: row[name] for name in FIELDS}
        row["phone"] = PHONES[row["phone_country"]] + row["phone"]
        row["sms_opt_out"], row["email_opt_out"] = (str(int(row[n] == "yes")) for n in FIELDS[-2:])
        yield row


def write(path, count):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows(count))
    return path


class Default(resources.ModelResource):
    classification = Field(
        "classification", "classification", ForeignKeyWidget(ContactClassification, "name")
    )

    class Meta:
        model = Contact
        fields = FIELDS
        import_id_fields = ["code"]

    def get_or_init_instance(self, instance_loader, row):
        ContactClassification.objects.get_or_create(name=row["classification"])
        return super().get_or_init_instance(instance_loader, row)


class Leanest(Default):
    """All that its documentation offers for speed."""

    class Meta(Default.Meta):
        use_bulk = True
        batch_size = 2000
        skip_diff = True
        force_init_instance = True
        instance_loader_class = CachedInstanceLoader

    def get_or_init_instance(self, instance_loader, row):
        return resources.ModelResource.get_or_init_instance(self, instance_loader, row)

    def before_import(self, dataset, **kwargs):
        for name in set(dataset["classification"]):
            ContactClassification.objects.get_or_create(name=name)

    def before_save_instance(self, instance, row, **kwargs):
        instance.set_keys()


class ContactForm(forms.ModelForm):
    classification = forms.ModelChoiceField(ContactClassification.objects, to_field_name="name")

    class Meta:
        model = Contact
        fields = FIELDS


def resource(kind):
    def load(path):
        with path.open(encoding="utf-8") as file:
            dataset = Dataset().load(file, format="csv")
        result = kind().import_data(dataset, use_transactions=True)
        assert not result.has_errors(), [error.error for error in result.row_errors()[0][1]]
        assert not result.has_validation_errors()

    return load


@transaction.atomic
def form_and_save(path):
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            ContactClassification.objects.get_or_create(name=row["classification"])
            form = ContactForm(row)
            assert form.is_valid(), form.errors
            form.save()


PEERS = {
    "django-import-export, leanest": resource(Leanest),
    "django-import-export, default": resource(Default),
    "form and save": form_and_save,
}


def measure(load, folder, count):
    """Rows per second of one of them."""
    path, before = write(folder / "peers.csv", count), Contact.objects.count()
    began = time.perf_counter()
    load(path)
    seconds = time.perf_counter() - began
    assert Contact.objects.count() == before + count
    return count / seconds
