"""Import Data, the password reset, the health check; everything else is the admin site."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path

from crm_import.health import health

urlpatterns = [
    path("healthz", health, name="health"),
    path("import-data/", include("imports.urls")),
    path("password-reset/", auth_views.PasswordResetView.as_view(), name="admin_password_reset"),
    path("password-reset/sent/", auth_views.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path(
        "password-reset/<uidb64>/<token>/",
        auth_views.PasswordResetConfirmView.as_view(),
        name="password_reset_confirm",
    ),
    path(
        "password-reset/done/", auth_views.PasswordResetCompleteView.as_view(), name="password_reset_complete"
    ),
    path("", admin.site.urls),
]
