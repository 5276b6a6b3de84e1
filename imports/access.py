"""Who may enter Import Data's pages, and what every page of it needs to stand in the admin site."""

import logging
from functools import wraps

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _

log = logging.getLogger(__name__)

SEE = "imports.view_importjob"
CREATE = "imports.add_importjob"
ACTIONS = {
    "view": _("view %(noun)s"),
    "add": _("add %(noun)s"),
    "change": _("change %(noun)s"),
    "delete": _("delete %(noun)s"),
}


def may_see(view):
    """Only for those who see imports: the log-in page for the anonymous, 404 for everybody else."""
    return _only_with(SEE, view)


def may_create(view):
    """Only for those who create imports: the log-in page for the anonymous, 404 for everybody else."""
    return _only_with(CREATE, view)


def _only_with(permission, view):
    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        if not may_enter(request.user, permission):
            raise Http404
        try:
            response = view(request, *args, **kwargs)
        except FileNotFoundError as error:
            response = file_is_gone(request, error)
        add_never_cache_headers(response)  # what they show is not for who sits at the browser next
        return response

    return guarded


def file_is_gone(request, error):
    """Back to the import whose stored file a page asked for: it was there, and somebody else removed it."""
    log.warning("a stored file is gone: %s", error)
    match = request.resolver_match
    if "pk" not in match.kwargs or match.view_name == "imports:detail":
        raise Http404 from error
    messages.warning(request, _("The file is no longer stored. Tell the person who runs this system."))
    return redirect("imports:detail", match.kwargs["pk"])


def may_enter(user, permission):
    return user.is_active and user.is_staff and user.has_perm(permission)


def may_see_records(request, model):
    """Whether the user may see a model's records in the admin."""
    return admin.site.is_registered(model) and admin.site.get_model_admin(model).has_view_permission(request)


def lacking(user, rights):
    """The names of those of the rights ("app.codename") that the user does not have, such as "add contact"."""
    return [name_of(right) for right in rights if not user.has_perm(right)]


def name_of(right):
    app, codename = right.split(".")
    action, model = codename.split("_", 1)
    return ACTIONS[action] % {"noun": apps.get_model(app, model)._meta.verbose_name}


def page_context(request, *trail, title="", **context):
    """What the templates below imports/base.html need.

    `trail` are the breadcrumbs behind Import Data: [(title, address or None)].
    """
    request.current_app = admin.site.name
    crumbs = [
        (_("Settings"), None),
        (_("Platform"), None),
        (_("Bulk Data Operations"), None),
        (_("Import Data"), reverse("imports:list") if trail else None),
        *trail,
    ]
    return {
        **admin.site.each_context(request),
        "title": title or _("Import Data"),
        "crumbs": [{"title": name, "url": url} for name, url in crumbs],
        "may_create": may_enter(request.user, CREATE),
        **context,
    }
