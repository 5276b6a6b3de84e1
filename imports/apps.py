from django.apps import AppConfig

from . import importers


class ImportsConfig(AppConfig):
    name = "imports"
    verbose_name = "Import Data"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        importers.discover()
