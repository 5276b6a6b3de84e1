"""The admin site: the theme's, with this product's name."""

from unfold.sites import UnfoldAdminSite


class CrmAdminSite(UnfoldAdminSite):
    site_title = site_header = "CRM"
    index_title = "CRM"
