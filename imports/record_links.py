"""Links from our pages to the admin's pages of records."""

from functools import cached_property

from django.contrib import admin
from django.urls import reverse


class RecordLinks:
    """The addresses of a model's records, for somebody who may see them."""

    def __init__(self, request, model):
        self.request, self.model = request, model

    @cached_property
    def may_open(self):
        site = admin.site
        return site.is_registered(self.model) and site.get_model_admin(self.model).has_view_permission(
            self.request
        )

    def url(self, pk):
        """The page of a record; "" for those who may not see it."""
        options = self.model._meta
        name = f"admin:{options.app_label}_{options.model_name}_change"
        return reverse(name, args=[pk]) if self.may_open else ""
