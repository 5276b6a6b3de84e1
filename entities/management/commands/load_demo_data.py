"""Fictional records to try the product with."""

import json

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

FILE = settings.BASE_DIR / "fixtures" / "demo.json"


class Command(BaseCommand):
    help = "Adds the fictional demo records that are not there yet; what is there stays as it is."

    @transaction.atomic
    def handle(self, *args, **options):
        added = 0
        for model_name, records in json.loads(FILE.read_text("utf-8")).items():
            model = apps.get_model("entities", model_name)
            added += sum(add(model, record) for record in records)
        self.stdout.write(f"{added} demo records added." if added else "The demo records are there already.")


def add(model, texts):
    """Add a record unless it is there; whether it was added."""
    values = {name: referred(model._meta.get_field(name), text) for name, text in texts.items()}
    record = model(**values)
    record.set_keys()
    if model.objects.filter(**identity(record)).exists():
        return False
    record.full_clean()
    record.save(force_insert=True)
    return True


def referred(field, text):
    """What a text stands for: itself, or for a foreign key the record with that key or identifier."""
    if not field.is_relation:
        return text
    key_field, (_, to_key) = next(iter(field.related_model.keys.items()), ("pk", (None, str)))
    return field.related_model.objects.get(**{key_field: to_key(text)})


def identity(record):
    """The values by which a record is known again."""
    if not record.keys:
        return {"pk": record.pk}
    key_field = next(iter(record.keys))
    constraint = next(c for c in record._meta.constraints if key_field in getattr(c, "fields", ()))
    return {name: getattr(record, name) for name in constraint.fields}
