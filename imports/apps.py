from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from . import importers


class ImportsConfig(AppConfig):
    name = "imports"
    verbose_name = _("Import Data")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from . import bulk  # noqa: F401, for its look-up `among`

        importers.discover()
