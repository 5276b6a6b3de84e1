"""Records about people: when one is deleted, what the imports know of the person goes with it.

The deletion notes whom; `erasing` does the work behind it. An undo, which deletes without this, erases
nothing: what it took back can be imported again.
"""

from itertools import islice

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from .importers import importers

AT_ONCE = 2000


class Erasure(models.Model):
    """A deleted record whose person is still to be erased; the row goes when that is done.

    `values` are what rows are recognised by, {column key: comparable value}. `done_up_to` is the number of
    the last import that was gone through, `token` and `lease` are of the task that is at it.
    """

    entity_type = models.CharField(max_length=50)
    record_id = models.UUIDField()
    values = models.JSONField()
    done_up_to = models.BigIntegerField(default=0)
    token = models.UUIDField(null=True)
    lease = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.entity_type} {self.record_id}"


class ErasedQuerySet(models.QuerySet):
    def delete(self):
        with transaction.atomic():
            note_erased(self)
            return super().delete()

    delete.alters_data = True
    delete.queryset_only = True


class Erased(models.Model):
    """The base of a record that is about a person."""

    objects = ErasedQuerySet.as_manager()

    class Meta:
        abstract = True

    def delete(self, *args, **kwargs):
        with transaction.atomic():
            note_erased(type(self).objects.filter(pk=self.pk))
            return super().delete(*args, **kwargs)


def waiting():
    """Those that no task is at."""
    return Erasure.objects.filter(Q(lease=None) | Q(lease__lt=Now()))


def note_erased(records):
    importer = next((found for found in importers() if found.model is records.model), None)
    if importer is None:
        return
    fields = comparable_fields(importer)
    found = records.order_by().values_list("pk", *fields.values()).iterator(AT_ONCE)
    while some := list(islice(found, AT_ONCE)):
        Erasure.objects.bulk_create(
            Erasure(
                entity_type=importer.slug,
                record_id=pk,
                values={key: value for key, value in zip(fields, values, strict=True) if value},
            )
            for pk, *values in some
        )


def comparable_fields(importer):
    """{column key: the model's field that holds its comparable form} of the key and the alike columns."""
    by_text = {text: key for key, (text, _) in importer.model.keys.items()}
    columns = [importer.by_key[key] for key in (importer.key, *importer.alike)]
    return {column.key: by_text.get(column.attribute, column.attribute) for column in columns}
