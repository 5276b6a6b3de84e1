"""What the admin's pages of records that can be imported add: which imports made them what they are."""

from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator

from .access import SEE, may_enter
from .importers import importers
from .record_history import entries

ENTRIES_PER_PAGE = 100


class ImportedRecordsMixin:
    """For a ModelAdmin: a panel on the page of a record, and entries in its history, for who may see imports."""

    change_form_outer_after_template = "imports/record_imports.html"

    def change_view(self, request, object_id, form_url="", extra_context=None):
        context = {"import_entries": self.import_entries(request, object_id)[::-1], **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def history_view(self, request, object_id, extra_context=None):
        imported = self.import_entries(request, object_id)
        context = self.merged_history(request, object_id, imported) if imported else {}
        return super().history_view(request, object_id, {**context, **(extra_context or {})})

    def import_entries(self, request, object_id):
        importer = next((found for found in importers() if found.model is self.model), None)
        if importer is None or not may_enter(request.user, SEE):
            return []
        try:
            return entries(importer, self.model._meta.pk.to_python(unquote(object_id)))
        except ValidationError:
            return []

    def merged_history(self, request, object_id, imported):
        """The context in which the history shows the entries of imports among the admin's own, by time."""
        own = LogEntry.objects.filter(
            object_id=unquote(object_id), content_type=get_content_type_for_model(self.model)
        )
        every = sorted(
            [*own.select_related("user", "content_type"), *imported], key=lambda entry: entry.action_time
        )
        paginator = Paginator(every, ENTRIES_PER_PAGE)
        page = paginator.get_page(request.GET.get(PAGE_VAR, 1))
        return {
            "action_list": page,
            "page_range": paginator.get_elided_page_range(page.number),
            "pagination_required": paginator.num_pages > 1,
        }
