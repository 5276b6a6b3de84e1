from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class CrmImportConfig(AppConfig):
    name = "crm_import"
    verbose_name = "CRM"
    default = True


class CrmAdminConfig(admin_apps.AdminConfig):
    default_site = "crm_import.site.CrmAdminSite"
    default = False
