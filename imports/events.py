"""The audit: who did what with imports, when and from where. Written once, never changed; retention alone
removes what is old enough."""

from contextvars import ContextVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from .keys import uuid7

came_from = ContextVar("came_from", default="")  # the address of the request that is being answered


class WrittenOnce(TypeError):
    """Somebody tried to change the audit, or to remove from it."""


class Events(models.QuerySet):
    def refuse(self, *args, **kwargs):
        raise WrittenOnce

    update = delete = bulk_update = update_or_create = refuse

    def remove_before(self, moment, at_most):
        """Remove some that are older; returns how many. For the retention."""
        old = list(self.filter(at__lt=moment).order_by("pk").values_list("pk", flat=True)[:at_most])
        self.filter(pk__in=old)._raw_delete(self.db)
        return len(old)


class ImportEvent(models.Model):
    """Who did what with an import, and when. Append-only; kept when the import is deleted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    job = models.ForeignKey(
        "imports.ImportJob", models.SET_NULL, null=True, related_name="events", verbose_name=_("import")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("user")
    )
    at = models.DateTimeField(_("time"), auto_now_add=True, db_index=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    event = models.CharField(_("event"), max_length=40)
    details = models.JSONField(_("details"), default=dict, encoder=DjangoJSONEncoder)

    objects = Events.as_manager()

    class Meta:
        verbose_name = _("import event")
        verbose_name_plural = _("import events")
        ordering = ["id"]

    def __str__(self):
        return self.event

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise WrittenOnce
        self.address = came_from.get()[:45]
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise WrittenOnce
