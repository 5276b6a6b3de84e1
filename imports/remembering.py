"""Finding the remembered mapping that a new file is for, telling what changed, and keeping those of started imports."""

from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from .cells import shown_cell
from .headers import header_cells, headers
from .mapping import guess_header_row, headers_of
from .names import folded
from .remembered import RememberedMapping, key_of
from .suggestions import Remembered

CHOSEN, WRITTEN = ("generate", "update", "blanks"), ("date_order", "decimal_mark")
FEWEST_COMMON, COMMON_SHARE = 3, 0.6
LOOKED_AT = 50


def usable(job):
    """What the owner of a draft may use for it, the likeliest first."""
    if job.created_by is None or job.from_command_line:
        return RememberedMapping.objects.none()
    return RememberedMapping.objects.filter(entity_type=job.entity_type).usable_by(job.created_by)


def find(job, rows):
    """(RememberedMapping, row of its headers) for a file that begins with these rows [(number, cells)]: one
    for the same headers; else, without a row, one for most of them; else (None, None)."""
    candidates = usable(job)
    row_of = {key_of(written(cells)): number for number, cells in reversed(rows)}
    same = candidates.filter(headers_key__in=row_of).first()
    if same:
        return same, row_of[same.headers_key]
    guessed = guess_header_row(job.importer, rows)
    cells = next((cells for number, cells in rows if number == guessed), [])
    return nearest(candidates[:LOOKED_AT], written(cells)), None


def nearest(candidates, names):
    present = set(map(folded, names))
    own, common_most = None, 0
    for candidate in candidates:
        known = set(map(folded, candidate.headers))
        common = len(known & present)
        is_like = common >= FEWEST_COMMON and common >= COMMON_SHARE * max(len(known), len(present))
        if is_like and common > common_most:
            own, common_most = candidate, common
    return own


def written(cells):
    """The names of the headers that are not blank."""
    names = headers_of(cells, len(cells))
    return [name for name, cell in zip(names, cells, strict=True) if str(shown_cell(cell) or "").strip()]


def evidence(remembered):
    """What the suggestions need of it, or None."""
    return remembered and Remembered(remembered.columns, reason(remembered), tuple(remembered.headers))


def reason(remembered):
    if remembered.name:
        return _("as in “%(name)s”") % {"name": remembered.name}
    return _("as on %(date)s") % {"date": day(remembered)}


def day(remembered):
    return date_format(timezone.localtime(remembered.used_at), "j M Y")


def complete(mapping, remembered):
    """Add to the mapped headers what else was said then: values for all rows, matched and stored values."""
    columns = mapping.columns
    mapping.fixed = {key: text for key, text in remembered.fixed.items() if key not in columns}
    mapping.values = {key: values for key, values in remembered.values.items() if key in columns}
    mapping.stored = {key: policy for key, policy in remembered.stored.items() if key in mapping.fed()}
    return mapping


def options_of(remembered):
    return {name: remembered.options[name] for name in CHOSEN if name in remembered.options}


def fill_writing(options, remembered):
    """How dates and numbers are written, where the file itself does not decide it."""
    for name in WRITTEN:
        setattr(options, name, getattr(options, name) or remembered.options.get(name, ""))


# What changed since


def has_same_headers(job):
    return bool(job.remembered) and job.remembered.headers_key == key_of(written(header_cells(job)))


def is_as_remembered(job):
    """Whether a draft's headers and mapping are still those of its remembered mapping."""
    return has_same_headers(job) and same_mapping(job.remembered, contents(job))


def same_mapping(remembered, said):
    return all(getattr(remembered, name) == said[name] for name in ("columns", "fixed", "values", "stored"))


def drift(job):
    """(headers that are gone, headers that are new) since the remembered mapping; ((), ()) when none are."""
    if not job.remembered or has_same_headers(job):
        return (), ()
    before, now = job.remembered.headers, written(header_cells(job))
    known, present = set(map(folded, before)), set(map(folded, now))
    mapped = set(map(folded, job.remembered.columns.values()))
    gone = [header for header in before if folded(header) not in present]
    new = [header for header in now if folded(header) not in known]
    return sorted(gone, key=lambda header: folded(header) not in mapped), new


# Keeping


def contents(job):
    """What is remembered of a draft or an import, by field."""
    mapping, options, names = job.get_mapping(), job.get_options(), headers(job)
    return {
        "columns": {key: names[index] for key, index in mapping.columns.items()},
        "fixed": mapping.fixed,
        "values": mapping.values,
        "stored": mapping.stored,
        "options": {name: getattr(options, name) for name in (*CHOSEN, *WRITTEN)},
        "headers": written(header_cells(job)),
        "headers_key": key_of(written(header_cells(job))),
        "file_name": job.file_name,
        "used_at": timezone.now(),
    }


def keep(job):
    """Remember the mapping of an import that was started in the browser: that of the same headers is replaced."""
    is_own_file = not (job.repairs_id or job.from_command_line) and job.created_by
    if not is_own_file or not job.get_options().header_row:
        return
    said = contents(job)
    if is_as_remembered(job):
        note_use(job.remembered, said)
        return
    RememberedMapping.objects.update_or_create(
        owner=job.created_by,
        entity_type=job.entity_type,
        headers_key=said.pop("headers_key"),
        name="",
        defaults=said | {"times": 1},
    )


def note_use(remembered, said):
    """The options of the latest import follow; those under a name stay until it is saved again."""
    latest = {} if remembered.name else {"options": said["options"], "file_name": said["file_name"]}
    kept = RememberedMapping.objects.filter(pk=remembered.pk)
    kept.update(used_at=said["used_at"], times=F("times") + 1, **latest)


def save_as(job, name, shared):
    """Give the draft's mapping a name; one of that name is replaced."""
    job.remembered, _created = RememberedMapping.objects.update_or_create(
        owner=job.created_by,
        entity_type=job.entity_type,
        name=name,
        defaults=contents(job) | {"shared": shared},
    )
    job.save_draft("remembered")
    job.log(gettext_noop("mapping saved"), job.created_by, name=name, shared=shared)
