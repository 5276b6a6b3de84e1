"""One batch into the database: look-ups, records, ledger and counters, in one transaction of the caller."""

from collections import Counter

from django.db.models import F

from . import bulk
from .models import COUNTED, GeneratedLookup, ImportRow, ImportRowDetail, ImportRun, RowDouble
from .problems import CONTENT, Problem
from .validation import CREATED, REJECTED, UPDATED

FETCHED_ROWS = 2000
REMEMBERED_NAMES = 2000
BLOCK_ROWS = 5000
REMEMBERED_VALUES = 200
LONGEST_VALUE = 200


class SomebodyWasFirst(Exception):
    """A look-up that the batch would generate has come into being meanwhile: check the batch again."""


def write_records(run, importer, rows, now):
    """Write what the rows of a batch decided. Sorted by key, so that two imports wait for each other
    instead of blocking each other."""
    write_look_ups(run, rows, now)
    key_field = importer.key_column.unique
    created = sorted((row for row in rows if row.outcome == CREATED), key=lambda row: row.record[key_field])
    updated = sorted((row for row in rows if row.outcome == UPDATED), key=lambda row: row.record[key_field])
    for row in (*created, *updated):
        row.record["changed_at"] = now
    bulk.insert(importer.model, [row.record for row in created])
    names = [f.name for f in importer.model._meta.concrete_fields if not f.primary_key]
    bulk.update(importer.model, names, [row.record for row in updated])
    for name, child in importer.children.items():
        write_children(name, child, (*created, *updated), now)


def write_children(name, child, rows, now):
    writes = [write for row in rows for write in row.children if write.name == name]
    for write in writes:
        write.record["changed_at"] = now
    bulk.insert(child.model, [write.record for write in writes if write.stored is None])
    names = [f.name for f in child.model._meta.concrete_fields if not f.primary_key]
    bulk.update(child.model, names, [write.record for write in writes if write.stored is not None])


def write_look_ups(run, rows, now):
    new = {(column.field.model, found.pk): (column, found) for row in rows for column, found in row.generates}
    for model in sorted({model for model, _ in new}, key=lambda model: model._meta.label):
        records = [
            look_up_record(column, found, now) for (m, _), (column, found) in new.items() if m is model
        ]
        records.sort(key=lambda record: record["name_key"])
        if bulk.insert_missing(model, records) != len(records):
            raise SomebodyWasFirst
        generated = [GeneratedLookup(run=run, model=model._meta.label, record_id=r["id"]) for r in records]
        GeneratedLookup.objects.bulk_create(generated)


def look_up_record(column, found, now):
    needs = dict(zip(column.field.needs, found.data, strict=True))
    return {
        "id": found.pk,
        "name": found.name,
        "name_key": found.key,
        "changed_at": now,
    } | needs


def write_ledger(run, rows, now):
    """An import keeps every row; a check the rejected and updated ones, the rest can be computed again."""
    is_import = run.kind == ImportRun.Kind.IMPORT
    if is_import:
        bulk.insert_rows(
            ImportRow,
            ["run_id", "row_number", "outcome", "record_id", "written_at"],
            [[run.pk, row.number, row.outcome, row.record_id, now] for row in rows],
        )
    if run.kind == ImportRun.Kind.CHECK:
        bulk.insert(RowDouble, [double_of(run, row) for row in rows if row.doubles])
    told = [detail_of(run, row) for row in rows if row.outcome in (REJECTED, UPDATED)]
    bulk.insert(ImportRowDetail, told)


def double_of(run, row):
    records = [[double.pk, double.text, double.columns] for double in row.doubles]
    return {"run_id": run.pk, "row_number": row.number, "cells": row.cells, "records": records}


def detail_of(run, row):
    is_update = row.outcome == UPDATED
    return {
        "run_id": run.pk,
        "row_number": row.number,
        "outcome": row.outcome,
        "problems": [problem.to_json() for problem in row.problems],
        "cells": row.cells,
        "changes": row.changes,
        "before": row.stored["changed_at"] if is_update else None,
        "children": {w.name: [w.record["id"], before(w)] for w in row.children} if is_update else {},
        "stale": False,
    }


def before(write):
    """When a child was last changed, to the microsecond, which JSON would round off."""
    return write.stored and write.stored["changed_at"].isoformat()


def count_rows(run, rows, seconds):
    """Add a batch to the run's counters and its summary by cause."""
    outcomes = [row.outcome for row in rows]
    counts = {name: outcomes.count(name) for name in run.counts}
    content = sum(row.has_content_problem for row in rows if row.outcome == REJECTED)
    summarise(run.summary, rows)
    count_spread(run.summary, ((row.number, row.outcome) for row in rows))
    counted = {name: F(name) + count for name, count in counts.items() if count}
    ImportRun.objects.filter(pk=run.pk).update(
        rows_done=F("rows_done") + len(rows),
        rejected_for_content=F("rejected_for_content") + content,
        seconds=F("seconds") + seconds,
        summary=run.summary,
        attempts=0,
        **counted,
    )
    run.rows_done += len(rows)
    run.rejected_for_content += content
    for name, count in counts.items():
        setattr(run, name, getattr(run, name) + count)


def summarise(summary, rows):
    """Count the rows by cause and by generated name; {"problems": {key: cause}, "look_ups": {key: name}}.
    A cause counts its first distinct values, a name is called what its first row calls it."""
    causes = summary.setdefault("problems", {})
    names = summary.setdefault("look_ups", {})
    changed = summary.setdefault("changed", {})
    if doubles := sum(bool(row.doubles) for row in rows):
        summary["doubles"] = summary.get("doubles", 0) + doubles
    for row in rows:
        count_problems(causes, row.number, row.problems)
        for column, found in row.generates:
            key = f"{column.key}|{found.key}"
            if key in names:
                name = names[key]
                name["count"] += 1
                if row.number < name["row"]:
                    name |= {"name": found.name, "row": row.number}
            elif len(names) < REMEMBERED_NAMES or found.data:  # later rows must agree with its data
                names[key] = _new_name(column, found, row)
            else:
                summary["more_look_ups"] = summary.get("more_look_ups", 0) + 1
        for key in row.changes if row.outcome == UPDATED else ():
            changed[key] = changed.get(key, 0) + 1


def count_spread(summary, outcomes, by=1):
    """Count [(row number, outcome)] per block of row numbers, so that a page finds the rows of an outcome
    without reading all: {"spread": {block: [created, updated, unchanged, rejected]}}. `by` -1 takes back."""
    blocks = summary.setdefault("spread", {})
    counted = Counter((number // BLOCK_ROWS, outcome) for number, outcome in outcomes)
    for (block, outcome), count in counted.items():
        counts = blocks.setdefault(str(block), [0] * len(COUNTED))
        counts[COUNTED.index(outcome)] += by * count


def count_problems(causes, number, problems):
    """Add what is wrong with a row to the causes."""
    for problem in problems:
        cause = causes.setdefault(f"{problem.code}|{problem.column}", _new_cause(problem, number))
        cause["count"] += 1
        values = cause["values"]
        if problem.value in values or (
            len(values) < REMEMBERED_VALUES and len(problem.value) <= LONGEST_VALUE
        ):
            values[problem.value] = values.get(problem.value, 0) + 1


def count_problems_anew(run):
    """Count the causes of a run from what is kept of its rows, so that their examples and values are of rows
    that still have them; returns how many rows have incorrect content."""
    causes, content = {}, 0
    rejected = run.details.filter(outcome=REJECTED).order_by("row_number")
    for number, stored in rejected.values_list("row_number", "problems").iterator(FETCHED_ROWS):
        problems = [Problem.from_json(problem) for problem in stored]
        count_problems(causes, number, problems)
        content += any(problem.kind == CONTENT for problem in problems)
    run.summary["problems"] = causes
    return content


def _new_cause(problem, number):
    return {
        "code": problem.code,
        "kind": problem.kind,
        "column": problem.column,
        "count": 0,
        "example_row": number,
        "example": problem.to_json(),
        "values": {},
    }


def _new_name(column, found, row):
    return {
        "key": column.key,
        "column": column.name,
        "name": found.name,
        "name_key": found.key,
        "data": list(found.data),
        "row": row.number,
        "count": 1,
    }
