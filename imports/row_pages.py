"""The page of one row of an import, and the way there by the row's number."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from .access import may_see, may_see_records, page_context
from .explain import explain
from .models import ImportJob
from .rows import capital_row_name, row_number


def started_imports():
    return ImportJob.objects.exclude(state=ImportJob.State.DRAFT).select_related("created_by", "repairs")


@may_see
@require_GET
def find_row(request, pk):
    """Lead to the page of the row whose number was typed."""
    job = get_object_or_404(started_imports(), pk=pk)
    asked = request.GET.get("row", "").strip()
    number = row_number(asked, job.row_sheets)
    if number is None or explain(job, number) is None:
        messages.warning(request, _("The file has no data row “%(row)s”.") % {"row": asked[:40]})
        return redirect(job)
    return redirect("imports:row", job.pk, number)


@may_see
@require_GET
def row(request, pk, number):
    job = get_object_or_404(started_imports(), pk=pk)
    explained = explain(job, number)
    if explained is None:
        raise Http404
    sees_records = may_see_records(request, job.importer.model)
    title = _("%(row)s of %(file)s") % {
        "row": capital_row_name(number, job.row_sheets),
        "file": job.file_name,
    }
    context = page_context(
        request,
        (_("Import %(number)s") % {"number": job.pk}, job.get_absolute_url()),
        (title, None),
        title=title,
        job=job,
        row=explained,
        record=record_link(job.importer, explained) if sees_records else None,
        # A failed row is on the import's page for all who see imports; what else it holds is the record's.
        shows_values=sees_records or explained.is_rejected_only,
    )
    return render(request, "imports/row.html", context)


def record_link(importer, explained):
    """{"record", "url"} of the row's record; "record" is None when it is no longer there. None without one."""
    if not explained.record_id:
        return None
    model = importer.model
    record = model._default_manager.filter(pk=explained.record_id).first()
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return {"record": record, "url": reverse(name, args=[record.pk]) if record else ""}
