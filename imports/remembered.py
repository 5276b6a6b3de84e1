"""Remembered mappings: how a file with the same headers was imported before, by the names of its headers."""

import hashlib

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, When

from .importers import importer_for
from .names import folded


def key_of(headers):
    """The same for the same headers, in whatever order, case and spacing."""
    return hashlib.sha256("\n".join(sorted(map(folded, headers))).encode()).hexdigest()


class RememberedMappings(models.QuerySet):
    def usable_by(self, user):
        """A person's own and what others share, the own ones first, then the latest used."""
        is_others = Case(When(owner=user, then=0), default=1)
        usable = self.filter(Q(owner=user) | Q(shared=True)).select_related("owner")
        return usable.order_by(is_others, "-used_at", "-pk")


class RememberedMapping(models.Model):
    """One mapping of one person. That of the latest import of some headers is kept without a name and
    follows the next import; one that was given a name changes only when it is saved again."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="remembered_mappings")
    entity_type = models.CharField(max_length=50)
    name = models.CharField(max_length=80, blank=True)
    shared = models.BooleanField(default=False)
    file_name = models.CharField(max_length=255, blank=True, help_text="of the file it was last saved with")
    headers = models.JSONField()
    headers_key = models.CharField(max_length=64)
    columns = models.JSONField(help_text="{column key: header}")
    fixed = models.JSONField(default=dict, blank=True)
    values = models.JSONField(default=dict, blank=True)
    stored = models.JSONField(default=dict, blank=True)
    options = models.JSONField(default=dict, blank=True)
    times = models.PositiveIntegerField(default=0)
    used_at = models.DateTimeField()

    objects = RememberedMappings.as_manager()

    class Meta:
        indexes = [models.Index(fields=["entity_type", "headers_key"], name="remembered_by_headers")]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "entity_type", "headers_key"],
                condition=Q(name=""),
                name="latest_mapping_once_per_headers",
            ),
            models.UniqueConstraint(
                fields=["owner", "entity_type", "name"], condition=~Q(name=""), name="mapping_name_once"
            ),
        ]

    def __str__(self):
        return self.name or self.file_name

    @property
    def importer(self):
        return importer_for(self.entity_type)

    @property
    def pairs(self):
        """[(header, its column or None)] in the order of the file."""
        columns = {header: self.importer.by_key.get(key) for key, header in self.columns.items()}
        return [(header, columns.get(header)) for header in self.headers]
