"""The history of all imports, to look at: also what was refused, or is gone with its draft."""

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from .events import ImportEvent


@admin.register(ImportEvent)
class ImportEventAdmin(ModelAdmin):
    list_display = ("at", "what", "job", "user", "address")
    list_select_related = ("job", "user")
    list_filter = ("at",)
    search_fields = ("event", "user__username", "address", "=job__pk")
    search_help_text = _("Event, user name, address or number of an import")
    show_full_result_count = False
    ordering = ("-id",)

    @admin.display(description=_("event"), ordering="event")
    def what(self, event):
        return gettext(event.event)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
