"""Correcting a draft's rows in place, from the preview: by cause, row by row, and taking it back.

Each page is a form that works without JavaScript; a refused one comes back with what was typed.
"""

from functools import wraps

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from . import asked, correcting
from .causes import RowsOf
from .correcting_rows import RowsForm
from .correcting_section import CauseForm, forms
from .steps import is_mapped, render_step, step_of_draft
from .wizard import lacking_rights, render_preview
from .worker import Worker

ROWS_PER_PAGE = 20
# What is worked within the request, so that the preview comes back finished.
MOST_ROWS_AT_ONCE = 2000
LARGEST_FILE_AT_ONCE = 50_000


def of_finished_check(view):
    """A page that corrects what a finished check has found; else back to the preview, which checks."""

    @wraps(view)
    def page(request, job):
        if not is_mapped(job) or lacking_rights(request.user, job):
            return redirect("imports:preview", job.pk)
        run = correcting.finished_check(job)
        if run is None:
            return to_preview(request, job, is_outdated=True)
        try:
            return view(request, job, run)
        except correcting.CheckChanged:
            return to_preview(request, job, is_outdated=True)

    return page


def to_preview(request, job, is_outdated=False):
    if is_outdated:
        messages.warning(
            request, _("The preview had changed meanwhile. Look at it and make the correction again.")
        )
    return redirect("imports:preview", job.pk)


def do(job, action):
    """Correct, and decide the rows concerned within the request when they are few."""
    run = correcting.correct(job, action)
    is_small = job.get_reading().rows <= LARGEST_FILE_AT_ONCE
    if run and is_small and run.summary["again"]["rows"] <= MOST_ROWS_AT_ONCE:
        Worker().work(run.pk)
    return run


# By cause


@step_of_draft
@require_POST
@of_finished_check
def correct(request, job, run):
    form = cause_form(request, job, run)
    if form is None:
        return to_preview(request, job, is_outdated=True)
    act = ACTIONS.get(request.POST.get("action"))
    if act is None:
        raise Http404
    action, form.errors = act(form)
    if form.errors:
        return render_preview(request, job, tried=form)
    do(job, action)
    job.log(gettext_noop("corrected"), request.user, cause=form.cause.key, action=request.POST["action"])
    messages.success(request, told(form, request.POST["action"]))
    return to_preview(request, job)


def cause_form(request, job, run):
    form = forms(job, run).get(request.POST.get("cause"))
    return form and CauseForm(form.cause, request.POST)


def told(form, action):
    if action == "option":
        return _("The whole file is read that way now, and checked again.")
    column = form.cause.column.label
    if action == "leave_out":
        return _("The bad cells of %(column)s are left out; the rest of their rows is imported.") % {
            "column": column
        }
    return _("The rows of %(column)s are corrected.") % {"column": column}


def use_values(form):
    chosen, instead, errors = {}, {}, {}
    for line in form.lines:
        if form.data.get(f"text-{line.index}", line.text) != line.text:
            raise correcting.CheckChanged
        typed = asked.typed(form.data.get(f"value-{line.index}", ""))
        if f"leave-{line.index}" in form.data and form.leaves_out_cells:
            chosen[line.text] = None
        elif typed and typed != line.text:
            chosen[line.text] = typed
            errors[f"value-{line.index}"] = correcting.refusal(form.cause.job, form.asked_column, typed)
        elif form.for_each and line.match and line.is_used_instead:
            instead[line.text] = line.match.text
    errors = {name: sentence for name, sentence in errors.items() if sentence}
    if not (chosen or instead):
        errors["value-0"] = _("Nothing was chosen. Give at least one value another one.")
    if not form.for_each:
        return correcting.use_values(form.cause, chosen), errors
    return correcting.apply_remedy(form.cause, chosen, form.named_column, instead), errors


def leave_out(form):
    if not form.cause.left_out:
        raise Http404
    return correcting.leave_out(form.cause), {}


def apply_remedy(form):
    if not form.for_all:
        raise Http404
    typed = asked.typed(form.answer)
    sentence = _("Nothing was chosen. Give a value for all these rows.")
    if typed:
        sentence = correcting.refusal(form.cause.job, form.remedy_column, typed)
    return correcting.apply_remedy(form.cause, {None: typed}), {"answer": sentence} if sentence else {}


def set_option(form):
    if form.data.get("order") not in dict(form.orders):
        raise Http404
    return correcting.set_option(form.cause.option, form.data["order"]), {}


ACTIONS = {"values": use_values, "leave_out": leave_out, "remedy": apply_remedy, "option": set_option}


# Row by row


@step_of_draft
@require_http_methods(["GET", "POST"])
@of_finished_check
def correct_rows(request, job, run):
    """A small table of a cause's rows; after saving, the same rows with what is still wrong."""
    form = forms(job, run).get(request.GET.get("cause"))
    if form is None and "saved" not in request.GET:
        return to_preview(request, job)
    rows = RowsOf(form and form.cause, run)
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    if request.method == "POST":
        return save_rows(request, job, run, form, page)
    saved = saved_numbers(request)
    shown = RowsForm(job, run, saved or page.object_list)
    done = len(saved) - len(shown.rows) if saved else 0
    return render_rows(request, job, form, page, shown, done=done, is_saved=bool(saved))


def saved_numbers(request):
    return sorted(numbers_of(request.GET.get("saved", "").split("-")))


def numbers_of(texts):
    found = [asked.number(text) for text in texts[:ROWS_PER_PAGE]]
    return [number for number in found if number is not None]


def save_rows(request, job, run, form, page):
    posted = numbers_of(request.POST.getlist("row"))
    shown = RowsForm(job, run, posted, request.POST)
    cells = shown.changed()
    if shown.error_list:
        return render_rows(request, job, form, page, shown)
    if not cells:
        messages.info(request, _("Nothing was changed."))
        return redirect(request.get_full_path())
    do(job, correcting.correct_rows(cells))
    job.log(gettext_noop("corrected"), request.user, rows=sorted(cells))
    job.refresh_from_db()
    if correcting.finished_check(job) is None:
        messages.success(request, _("The corrections are saved, and the rows are checked again."))
        return to_preview(request, job)
    query = request.GET.copy()
    query["saved"] = "-".join(map(str, posted))
    return redirect(f"{request.path}?{query.urlencode()}")


def render_rows(request, job, form, page, shown, done=0, is_saved=False):
    if is_saved and not shown.rows:
        messages.success(
            request,
            ngettext("The %(count)d row is correct now.", "The %(count)d rows are correct now.", done)
            % {"count": done},
        )
        left = form is not None
        address = f"{request.path}?cause={request.GET.get('cause', '')}" if left else ""
        return redirect(address) if left else to_preview(request, job)
    return render_step(
        request,
        "preview",
        job,
        template="correct_rows",
        importer=job.importer,
        form=form,
        page=page,
        shown=shown,
        done=done,
        is_saved=is_saved,
        errors=shown.error_list,
    )


# Taking back


@step_of_draft
@require_POST
@of_finished_check
def take_back(request, job, run):
    column = job.importer.by_key.get(request.POST.get("column"))
    if column is None:
        raise Http404
    text = request.POST.get("text")
    take = correcting.take_back_cells(column.key)
    do(job, take if text is None else correcting.take_back_value(column.key, text))
    job.log(gettext_noop("correction taken back"), request.user, column=column.name)
    messages.success(request, _("The correction is taken back; the file's own cells count again."))
    return to_preview(request, job)
