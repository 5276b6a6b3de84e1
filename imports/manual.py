"""The manual page's contents, made from the entity types' declarations and the problem catalogues."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext

from .fields import LookUp, Reference
from .importers import importers
from .parts import MAX_COLUMNS, MAX_ROWS
from .problems import CATALOGUE, CHOSEN, CONTENT, DONE, FORMAT, KEPT
from .readers_problems import FILE_PROBLEMS

SAMPLE_FORMATS = ("csv", "xlsx", "xls")
XLS_ROWS = 65_536


@dataclass(frozen=True)
class Chapter:
    """What the manual says of one entity type."""

    importer: object
    look_ups: list
    refers_to: list
    alike: list

    @classmethod
    def of(cls, importer):
        alike = [importer.by_key[key] for key in importer.alike]
        return cls(importer, importer.look_ups, references(importer), alike)


def references(importer):
    """The columns whose records an import never generates."""
    return [c for c in importer.columns if isinstance(c.field, Reference) and not isinstance(c.field, LookUp)]


def models_of_records():
    """The models that imports write or refer to, in the order in which data moves from another system."""
    models = [
        model for one in importers() for model in (*(c.field.model for c in references(one)), one.model)
    ]
    return list(dict.fromkeys(models))


class Blanks(dict):
    """Stands for the details of a problem that has not happened."""

    def __missing__(self, name):
        return "…"


def filled(sentence):
    """A sentence of the catalogues with “…” for what would be named, once for several together."""
    return gettext(sentence).format_map(Blanks()).replace("… …", "…")


def contents():
    return {
        "chapters": [Chapter.of(importer) for importer in importers()],
        "formats": SAMPLE_FORMATS,
        "largest_file": settings.IMPORT_MAX_UPLOAD_BYTES,
        "row_limit": MAX_ROWS,
        "xls_row_limit": XLS_ROWS,
        "column_limit": MAX_COLUMNS,
        "format_problems": problems(FORMAT),
        "content_problems": problems(CONTENT),
        "done_problems": problems(DONE),
        "kept_problems": problems(KEPT),
        "retention_days": settings.IMPORT_RETENTION_DAYS,
        "chosen_problems": problems(CHOSEN),
        "file_problems": [file_problem(sentence) for sentence in FILE_PROBLEMS.values()],
    }


def problems(kind):
    """[(what it says, what to do)] of the catalogue's problems of one kind."""
    causes = (cause for cause in CATALOGUE.values() if cause.kind == kind)
    return [(sentence_case(filled(cause.sentence)), filled(cause.advice)) for cause in causes]


def file_problem(sentence):
    """(what it says, what to do) of a sentence that says both, one after the other."""
    said, _, advice = filled(sentence).partition(". ")
    return f"{said.removesuffix('.')}.", advice


def sentence_case(text):
    return text[:1].upper() + text[1:]
