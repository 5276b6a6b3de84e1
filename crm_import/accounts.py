"""The pages of those who cannot log in: a forgotten password, too many wrong ones."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from unfold.widgets import BASE_INPUT_CLASSES


class ThemedForm:
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = " ".join(BASE_INPUT_CLASSES)


class ForgottenForm(ThemedForm, PasswordResetForm):
    pass


class NewPasswordForm(ThemedForm, SetPasswordForm):
    pass


class SitePage:
    """A page in the admin site's look."""

    def get_context_data(self, **kwargs):
        return {**admin.site.each_context(self.request), **super().get_context_data(**kwargs)}


class ForgottenPassword(SitePage, views.PasswordResetView):
    form_class = ForgottenForm
    title = _("Forgotten password")
    subject_template_name = "registration/password_reset_subject.txt"


class LinkSent(SitePage, views.PasswordResetDoneView):
    title = _("Look into your e-mail")


class NewPassword(SitePage, views.PasswordResetConfirmView):
    form_class = NewPasswordForm
    title = _("New password")


class PasswordSaved(SitePage, views.PasswordResetCompleteView):
    title = _("Password saved")


def locked_out(request, original_response=None, credentials=None):
    context = {
        **admin.site.each_context(request),
        "title": _("Too many attempts"),
        "failure_limit": settings.AXES_FAILURE_LIMIT,
        "minutes": settings.AXES_COOLOFF_TIME.seconds // 60,
    }
    return render(request, "registration/locked_out.html", context, status=429)
