"""The admin site: the theme's, with this product's name and its own records first."""

from unfold.sites import UnfoldAdminSite

APPS_IN_ORDER = ("imports", "entities", "auth")


class CrmAdminSite(UnfoldAdminSite):
    site_title = site_header = index_title = "CRM"

    def get_app_list(self, request, app_label=None):
        apps = super().get_app_list(request, app_label)
        return sorted(apps, key=lambda app: order(app["app_label"]))


def order(app_label):
    return APPS_IN_ORDER.index(app_label) if app_label in APPS_IN_ORDER else len(APPS_IN_ORDER)
