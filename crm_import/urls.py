"""Import Data, the password reset; everything else is the admin site."""

from django.contrib import admin
from django.urls import include, path

from crm_import import accounts
from crm_import.language import set_language

handler500 = "crm_import.busy.server_error"

urlpatterns = [
    path("language/", set_language, name="set_language"),
    path("import-data/", include("imports.urls")),
    path("password-reset/", accounts.ForgottenPassword.as_view(), name="admin_password_reset"),
    path("password-reset/sent/", accounts.LinkSent.as_view(), name="password_reset_done"),
    path("password-reset/saved/", accounts.PasswordSaved.as_view(), name="password_reset_complete"),
    path("password-reset/<uidb64>/<token>/", accounts.NewPassword.as_view(), name="password_reset_confirm"),
    path("", admin.site.urls),
]
