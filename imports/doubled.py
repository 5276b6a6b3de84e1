"""What the pages show of the rows that would double a record: who they are, and whom they would double."""

from dataclasses import dataclass

from django.contrib import admin
from django.core.paginator import Paginator
from django.urls import reverse

from . import drafts
from .forms import DoublesForm

ROWS_PER_PAGE = 50
FIRST_ROWS = 5


@dataclass(frozen=True)
class DoubledRow:
    """`values` are [(text, is alike)] of the alike columns, `records` [(name, key, address or "")]."""

    number: int
    name: str
    values: list
    records: list


def found(job, run, user):
    """What a check run says of doubles: {} when there are none."""
    count = run.summary.get("doubles", 0)
    if not count:
        return {}
    return {
        "doubles": count,
        "doubles_form": DoublesForm(job.importer, initial={"doubles": job.get_options().doubles}, rows=count),
        "doubled_rows": rows(job, run.doubles.order_by("row_number")[:FIRST_ROWS], user),
        "alike": alike(job),
    }


def page_of(job, run, user, number):
    """The page of [DoubledRow] that is asked for."""
    page = Paginator(run.doubles.order_by("row_number"), ROWS_PER_PAGE).get_page(number)
    page.rows = rows(job, page.object_list, user)
    return page


def alike(job):
    """The columns by which the rows of this import are recognised."""
    fed = job.get_mapping().fed()
    return [job.importer.by_key[key] for key in job.importer.alike if key in fed]


def rows(job, doubles, user):
    doubles, columns, cleaner = list(doubles), alike(job), drafts.checker(job).cleaner
    pks = {pk for double in doubles for pk, _key, _columns in double.records}
    names = {str(record.pk): str(record) for record in job.importer.model.objects.filter(pk__in=pks)}
    address = address_of(job.importer.model, user)
    return [doubled_row(job, double, cleaner, columns, names, address) for double in doubles]


def doubled_row(job, double, cleaner, columns, names, address):
    values = cleaner.clean(double.row_number, double.cells).values
    by = {key for _pk, _key, keys in double.records for key in keys}
    return DoubledRow(
        double.row_number,
        " ".join(str(values[key]) for key in job.importer.called if values.get(key)),
        [(values.get(column.key) or "", column.key in by) for column in columns],
        [
            (names.get(pk, ""), key, address(pk) if pk in names else "")
            for pk, key, _columns in double.records
        ],
    )


def address_of(model, user):
    """A function identifier → address of the record's page; "" for whom it has none."""
    meta = model._meta
    may_see = admin.site.is_registered(model) and user.has_perm(f"{meta.app_label}.view_{meta.model_name}")

    def address(pk):
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[pk]) if may_see else ""

    return address
