"""The four steps from a file to a started import. The session carries the way; the draft holds the rest."""

from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import Permission
from django.db.models import Q
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import drafts, execution, uploads
from . import preview as previews
from .access import may_create, page_context
from .fields import Date
from .forms import EntityTypeForm, MappingForm, ReadingForm, StartForm, UploadForm, fixed_name, header_name
from .importers import importer_for, importers
from .mapping import suggest, suggested_mapping
from .models import ImportJob, ImportRun, file_storage
from .parts import MAX_ROWS, TimeIsUp, first_rows
from .readers_encoding import ENCODINGS
from .readers_problems import FILE_PROBLEMS, UnreadableFile

SESSION = "imports"
STEPS = ("create", "upload", "mapping", "preview")
TITLES = {
    "create": "Select entity type",
    "upload": "Upload file",
    "mapping": "Data mapping",
    "preview": "Preview",
}
DRAFTS_TO_CONTINUE = 3
HEADER_ROWS = 20
DELIMITER_NAMES = {",": "“,”", ";": "“;”", "\t": "tabs", "|": "“|”"}
UNFINISHED = (ImportRun.State.WAITING, ImportRun.State.RUNNING)


def step_of_draft(view):
    """A step of the user's own draft. Whoever comes to one that was started is sent to its page."""

    @may_create
    @never_cache
    @wraps(view)
    def step(request, pk):
        job = get_object_or_404(
            ImportJob.objects.select_related("created_by"), pk=pk, created_by=request.user
        )
        return view(request, job) if job.is_draft else redirect(job)

    return step


# The session: {"last": number of the last draft, "drafts": {its number: {"type", "step"}}}.


def remember(request, job, step):
    """Note in the session that the draft has come to this step."""
    known = request.session.get(SESSION, {"last": None, "drafts": {}})
    reached = known["drafts"].get(str(job.pk), {}).get("step", 0)
    known["drafts"][str(job.pk)] = {"type": job.entity_type, "step": max(reached, STEPS.index(step))}
    request.session[SESSION] = known | {"last": job.pk}


def forget(request, job):
    known = request.session.get(SESSION, {"last": None, "drafts": {}})
    known["drafts"].pop(str(job.pk), None)
    request.session[SESSION] = known | {"last": None}


def reached_step(request, job):
    """The name of the furthest step that the draft has come to and can still stand on."""
    known = request.session.get(SESSION, {}).get("drafts", {}).get(str(job.pk), {})
    if not job.file:
        return "upload"
    if known.get("step") == STEPS.index("preview") and is_mapped(job):
        return "preview"
    return "mapping" if job.reading or is_being_read(job) else "upload"


def is_mapped(job):
    if not job.reading or is_being_read(job):
        return False
    mapping = job.get_mapping()
    return bool(mapping.columns) and not mapping.missing(job.importer, job.get_options().update)


def is_being_read(job):
    return job.runs.filter(kind=ImportRun.Kind.READ, state__in=UNFINISHED).exists()


def render_step(request, step, job=None, status=200, **context):
    """A page of the wizard with its step list."""
    page = page_context(
        request,
        ("Create Import", None),
        title=TITLES[step],
        step=step,
        step_number=STEPS.index(step) + 1,
        steps=step_list(request, step, job),
        job=job,
        **context,
    )
    return render(request, f"imports/wizard/{step}.html", page, status=status)


def step_list(request, step, job):
    reached = STEPS.index(reached_step(request, job)) if job else 0
    present = STEPS.index(step)
    return [
        {
            "number": number + 1,
            "title": TITLES[name],
            "state": "current" if number == present else "completed" if number < present else "not yet",
            "url": address(name, job)
            if job and number != present and number <= max(reached, present)
            else "",
        }
        for number, name in enumerate(STEPS)
    ]


def address(step, job):
    return (
        f"{reverse('imports:create')}?draft={job.pk}"
        if step == "create"
        else reverse(f"imports:{step}", args=[job.pk])
    )


# 1 Select entity type


@may_create
@never_cache
@require_http_methods(["GET", "POST"])
def create(request):
    job = draft_of_address(request)
    form = EntityTypeForm(request.POST or None, initial={"entity_type": job.entity_type if job else None})
    if request.method == "POST" and form.is_valid():
        job = choose_entity_type(request, job, importer_for(form.cleaned_data["entity_type"]))
        remember(request, job, "upload")
        return redirect("imports:upload", job.pk)
    if request.method == "POST":
        form = EntityTypeForm(request.POST) if request.POST else EntityTypeForm({})
    chosen = form["entity_type"].value()
    return render_step(
        request,
        "create",
        job,
        form=form,
        importers=importers(),
        chosen=chosen,
        errors=errors_of(form, {"entity_type": f"entity-type-{importers()[0].slug}"}),
        unfinished=() if job else unfinished_drafts(request),
    )


def draft_of_address(request):
    """The draft that ?draft= names, or None."""
    number = request.GET.get("draft") or ""
    if not number.isdecimal():
        return None
    return ImportJob.objects.filter(pk=number, created_by=request.user, state=ImportJob.State.DRAFT).first()


def choose_entity_type(request, job, importer):
    if job is None:
        return drafts.create(request.user, importer)
    if job.entity_type != importer.slug:
        was_being_read = is_being_read(job)
        execution.stop_runs(job)
        drafts.change_entity_type(job, importer)
        if was_being_read:
            execution.begin_reading(job)
    return job


def unfinished_drafts(request):
    """The user's drafts with a file: [(draft, address of the step it has come to)], the last one first."""
    own = ImportJob.objects.filter(created_by=request.user, state=ImportJob.State.DRAFT).exclude(file="")
    last = request.session.get(SESSION, {}).get("last")
    found = sorted(own.order_by("-touched_at")[:DRAFTS_TO_CONTINUE], key=lambda draft: draft.pk != last)
    return [(draft, address(reached_step(request, draft), draft)) for draft in found]


@step_of_draft
@require_POST
def delete_draft(request, job):
    name = job.file_name
    forget(request, job)
    execution.stop_runs(job)
    if drafts.delete(job):
        messages.success(request, f"The draft {f'of {name} ' if name else ''}is deleted with its file.")
    return redirect("imports:list")


# 2 Upload file


@step_of_draft
@require_http_methods(["GET", "POST"])
def upload(request, job):
    remember(request, job, "upload")
    if request.method == "GET":
        return render_upload(request, job, job.reading_problem if not job.reading else "")
    problem, form = getattr(request, "upload_problem", None), UploadForm(request.POST, request.FILES)
    if problem:
        return refuse_upload(request, job, uploads.sentence(problem))
    if form.is_valid():
        return take_upload(request, job, form.cleaned_data["file"])
    if job.reading and not wants_json(request):
        return redirect("imports:mapping", job.pk)
    return refuse_upload(request, job, *form.errors["file"])


def take_upload(request, job, file):
    """Keep and read the file; on with it, or back with the sentence that says why not."""
    execution.stop_runs(job)
    try:
        drafts.keep_file(job, file, file.name)
        job.log(uploads.UPLOADED, request.user, file=job.file_name, size=job.file_size, sha256=job.sha256)
        drafts.read(job, in_request=True)
    except TimeIsUp:
        execution.begin_reading(job)
    except UnreadableFile as error:
        drafts.forget_file(job)
        return refuse_upload(request, job, error.sentence)
    except OSError as error:
        if not uploads.is_no_room(error):
            raise
        drafts.forget_file(job)
        return refuse_upload(request, job, uploads.sentence("no_room"))
    if job.reading and not drafts.data_rows(job):
        drafts.forget_file(job)
        return refuse_upload(request, job, FILE_PROBLEMS["header_only"])
    remember(request, job, "mapping")
    target = reverse("imports:mapping", args=[job.pk])
    return JsonResponse({"next": target}) if wants_json(request) else redirect(target)


def refuse_upload(request, job, sentence):
    if wants_json(request):
        return JsonResponse({"problem": sentence}, status=422)
    return render_upload(request, job, sentence)


def render_upload(request, job, problem):
    return render_step(
        request,
        "upload",
        job,
        form=UploadForm(),
        importer=job.importer,
        formats=[label.lstrip(".") for label in ImportJob.Format.labels],
        max_bytes=settings.IMPORT_MAX_UPLOAD_BYTES,
        max_size=uploads.limit_in_words(),
        too_big=uploads.sentence("too_big"),
        not_chosen=uploads.sentence("not_chosen"),
        max_rows=MAX_ROWS,
        errors=[("id_file", problem)] if problem else [],
    )


def wants_json(request):
    return request.headers.get("Accept") == "application/json"


# 3 Data mapping


@step_of_draft
@require_http_methods(["GET", "POST"])
def mapping(request, job):
    if is_being_read(job):
        return render_reading(request, job)
    if "reading" in request.GET or not job.reading:
        return redirect("imports:mapping" if job.reading else "imports:upload", job.pk)
    remember(request, job, "mapping")
    step = MappingStep(request, job)
    return step.answer() if request.method == "POST" else step.page()


def render_reading(request, job):
    run = job.runs.filter(kind=ImportRun.Kind.READ).order_by("-id").first()
    page = page_context(
        request,
        ("Create Import", None),
        title=TITLES["mapping"],
        step="mapping",
        step_number=3,
        steps=step_list(request, "mapping", job),
        job=job,
        run=run,
    )
    return render(request, "imports/wizard/reading.html", page)


class MappingStep:
    """One request to the mapping page. Each button of its form is a method `do_<action>`."""

    def __init__(self, request, job):
        self.request, self.job = request, job
        self.first_rows = list(first_rows(file_storage(), job.get_reading(), HEADER_ROWS))
        self.headers = drafts.headers(job)
        data = request.POST or None
        self.ambiguous_date = self.find_ambiguous_date(job.get_mapping())
        self.reading_form = ReadingForm(
            data, job=job, first_rows=self.first_rows, asks_dates=bool(self.ambiguous_date)
        )
        self.reading_form.is_valid()
        header_row = self.reading_form.chosen("header_row") if data else None
        self.form = MappingForm(
            data,
            job=job,
            headers=self.headers,
            header_row=header_row,
            find_ambiguous_date=self.find_ambiguous_date,
        )

    def find_ambiguous_date(self, mapping):
        """A date of the mapped columns that can be read in two ways when none of them decides, or None."""
        texts = drafts.texts_of(self.job, mapping, drafts.first_data_rows(self.job, 5000), Date)
        if drafts.date_order(texts):
            return None
        return next((text for text in texts if is_ambiguous(text)), None)

    def answer(self):
        actions = {
            "previous": self.do_previous,
            "reset": self.do_reset,
            "apply": self.do_apply,
        }
        self.is_complete = self.form.is_valid()
        self.ambiguous_date = self.form.ambiguous_date
        if not self.reading_form.is_valid():
            return self.page()
        return actions.get(self.request.POST.get("action"), self.do_next)()

    def do_previous(self):
        self.save()
        return redirect("imports:upload", self.job.pk)

    def do_reset(self):
        self.job.mapping = suggested_mapping(self.job.importer, self.headers).to_json()
        self.job.save(update_fields=["mapping", "touched_at"])
        messages.success(self.request, "The mapping is what the headers suggest again.")
        return self.again()

    def do_next(self):
        if self.is_changed_reading():
            return self.do_apply()
        if not drafts.data_rows(self.job):
            self.reading_form.add_error(None, FILE_PROBLEMS["header_only"])
        if not self.is_complete or self.reading_form.errors:
            return self.page()
        self.save()
        return redirect("imports:preview", self.job.pk)

    def is_changed_reading(self):
        form = self.reading_form
        return form.reads_anew() or form.chosen("header_row") != form.initial["header_row"]

    def do_apply(self):
        """Read the file as the person says, or find its headers where they say; then suggest anew."""
        self.save()
        if how := self.reading_form.reads_anew():
            return self.read_anew(how)
        if self.is_changed_reading():
            self.job.options["header_row"] = self.reading_form.chosen("header_row")
            self.job.mapping = suggested_mapping(self.job.importer, drafts.headers(self.job)).to_json()
            drafts.detect_writing(self.job)
            self.job.save(update_fields=["options", "mapping", "touched_at"])
        return self.again()

    def read_anew(self, how):
        execution.stop_runs(self.job)
        try:
            drafts.read(self.job, in_request=True, **how)
        except TimeIsUp:
            execution.begin_reading(self.job, **how)
        except UnreadableFile as error:
            self.reading_form.add_error(None, error.sentence)
            return self.page()
        messages.success(self.request, "The file was read again; the mapping is what its headers suggest.")
        return self.again()

    def again(self):
        return redirect("imports:mapping", self.job.pk)

    def save(self):
        options = {**self.form.options.to_json(), **self.reading_form.writes(), "leave_out": None}
        self.job.mapping, self.job.options = self.form.mapping.to_json(), options
        self.job.save(update_fields=["mapping", "options", "touched_at"])

    def page(self):
        job, importer = self.job, self.job.importer
        option = self.form.options
        missing = self.form.mapping.missing(importer, option.update)
        return render_step(
            self.request,
            "mapping",
            job,
            importer=importer,
            form=self.form,
            reading=job.get_reading(),
            reading_form=self.reading_form,
            other_sheets=self.other_sheets(),
            reading_problem=job.reading_problem,
            rows=drafts.data_rows(job),
            header_row=option.header_row,
            header_rows=self.header_rows(),
            fixed_rows=self.fixed_rows(),
            is_fixed_open=self.is_fixed_open(),
            encoding_name=ENCODINGS.get(job.get_reading().encoding, job.get_reading().encoding),
            delimiter_name=DELIMITER_NAMES.get(job.get_reading().delimiter, job.get_reading().delimiter),
            needed=importer.needed(option.update),
            missing=missing,
            mapped_count=len(importer.needed(option.update)) - len(missing),
            ambiguous_date=self.ambiguous_date,
            date_samples=date_samples(self.ambiguous_date),
            imported_before=drafts.imported_before(job),
            errors=errors_of(self.form) + errors_of(self.reading_form),
        )

    def other_sheets(self):
        return [
            sheet for sheet in self.job.get_reading().sheets if not sheet["selected"] and sheet["rows"] != 0
        ]

    def header_rows(self):
        """A line per header: its field, its first values, and how its match came about."""
        suggestions = suggest(self.job.importer, self.headers)
        samples = drafts.samples(self.job, len(self.headers))
        return [
            {
                "field": self.form[header_name(index)],
                "samples": samples[index],
                "suggested": suggestion.column.key if suggestion else "",
                "suggestion": match_words(suggestion),
                "match": match_of(self.form[header_name(index)].value() or "", suggestion),
            }
            for index, suggestion in enumerate(suggestions)
        ]

    def fixed_rows(self):
        """A line per column that can take a value for all rows; those that a header feeds are hidden."""
        fed = {self.form[header_name(index)].value() for index in range(len(self.headers))}
        required = {column.key for column in self.job.importer.required}
        return [
            {
                "field": self.form[fixed_name(column)],
                "column": column,
                "is_fed": column.key in fed,
                "is_required": column.key in required,
                "is_key": column.key == self.job.importer.key,
            }
            for column in sorted(self.job.importer.columns, key=lambda column: column.key not in required)
        ]

    def is_fixed_open(self):
        fields = [self.form[fixed_name(column)] for column in self.job.importer.columns]
        missing = self.form.mapping.missing(self.job.importer, self.form.options.update)
        return bool(missing) or any(field.errors or field.value() for field in fields)


def match_words(suggestion):
    """(state, word, reason) of a suggestion that is taken."""
    if suggestion is None:
        return ("unmapped", "not imported", "")
    if suggestion.reason == "same name":
        return ("matched", "matched", suggestion.reason)
    return ("suggested", "suggested", suggestion.reason)


def match_of(chosen, suggestion):
    if not chosen:
        return match_words(None)
    if suggestion and suggestion.column.key == chosen:
        return match_words(suggestion)
    return ("chosen", "chosen", "by you")


def is_ambiguous(text):
    found = Date.WRITTEN.fullmatch(text)
    if not found or len(found[3]) == 2:
        return False
    first, second = int(found[1]), int(found[2])
    return first != second and 1 <= first <= 12 and 1 <= second <= 12


def date_samples(text):
    """{order: the date that `text` is then}."""
    if not text:
        return {}
    field = Date()
    return {order: field.from_text(text, order) for order in ("dmy", "mdy")}


def errors_of(form, anchors=()):
    """[(id of the field, sentence)] for the error summary."""
    anchors = dict(anchors)
    return [
        (anchors.get(name) or (f"id_{name}" if name != "__all__" else "how-read"), sentence)
        for name, sentences in form.errors.items()
        for sentence in sentences
    ]


# 4 Preview


@step_of_draft
@require_GET
def preview(request, job):
    if not is_mapped(job):
        return redirect(f"imports:{before_preview(job)}", job.pk)
    remember(request, job, "preview")
    return render_preview(request, job)


def before_preview(job):
    """The step that an unmapped draft has to go back to."""
    return "mapping" if job.reading or is_being_read(job) else "upload"


def render_preview(request, job, form=None, status=200):
    lacking = lacking_rights(request.user, job)
    form = form or StartForm(initial={"start_key": job.start_key})
    columns, records = previews.records(job)
    context = check_context(job, None if lacking else execution.check(job))
    return render_step(
        request,
        "preview",
        job,
        status=status,
        form=form,
        importer=job.importer,
        columns=columns,
        records=records,
        row_count=drafts.data_rows(job),
        lacking=lacking,
        others=imports_in_progress(job),
        email=request.user.email,
        errors=errors_of(form),
        **context,
    )


@step_of_draft
@require_GET
def preview_check(request, job):
    """The part of the preview that changes while the check runs."""
    run = job.runs.filter(kind=ImportRun.Kind.CHECK, digest=job.digest).order_by("-id").first()
    if run is None:
        return redirect("imports:preview", job.pk)
    form = StartForm(initial={"start_key": job.start_key})
    context = {
        "job": job,
        "importer": job.importer,
        "form": form,
        "is_fragment": True,
        **check_context(job, run),
    }
    return render(request, "imports/wizard/_check.html", context)


def check_context(job, run):
    if run is None:
        return {"run": None}
    return previews.findings(job, run)


def imports_in_progress(job):
    """Other imports of the same entity type that are under way."""
    same_type = ImportJob.objects.filter(entity_type=job.entity_type, state=ImportJob.State.IN_PROGRESS)
    return same_type.exclude(pk=job.pk).select_related("created_by")


def lacking_rights(user, job):
    """The names of the rights that this import takes and the user does not have, such as "add contact"."""
    lacking = [right for right in execution.rights(job) if not user.has_perm(right)]
    if not lacking:
        return []
    wanted = Q()
    for right in lacking:
        app, _, codename = right.partition(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    names = Permission.objects.filter(wanted).values_list("name", flat=True)
    return [name.removeprefix("Can ") for name in names]


@may_create
@never_cache
@require_POST
def start(request, pk):
    """Start the import once; whoever comes later finds it started."""
    job = get_object_or_404(ImportJob, pk=pk, created_by=request.user)
    if not job.is_draft:
        return redirect(job)
    if not is_mapped(job):
        return redirect("imports:mapping", job.pk)
    if lacking_rights(request.user, job):
        return render_preview(request, job, status=403)
    form = StartForm(request.POST)
    if not form.is_valid():
        raise Http404
    answer = form.cleaned_data["leave_out"]
    execution.start(job, request.user, start_key=form.cleaned_data["start_key"], leave_out=answer)
    job.refresh_from_db()
    if job.is_draft:
        messages.warning(
            request, "The preview had changed meanwhile. Look at it and press Start Import again."
        )
        return redirect("imports:preview", job.pk)
    forget(request, job)
    return redirect(job)
