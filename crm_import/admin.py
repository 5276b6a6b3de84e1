"""Accounts in the theme's look; the queue and the log-in attempts for superusers, to look at and to delete."""

from axes.models import AccessAttempt, AccessFailureLog
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

for model in (User, Group, Failure, OrmQ, Schedule, Success):
    admin.site.unregister(model)


@admin.register(User)
class CrmUserAdmin(UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class CrmGroupAdmin(GroupAdmin, ModelAdmin):
    pass


class SuperuserOnlyAdmin(ModelAdmin):
    """Records that the product writes itself. A schedule runs any function it names, so nobody adds one here."""

    def has_module_permission(self, request):
        return request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_delete_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Success, Failure)
class TaskAdmin(SuperuserOnlyAdmin):
    list_display = ("name", "func", "started", "stopped", "attempt_count")
    search_fields = ("name", "func")

    def get_queryset(self, request):
        return super().get_queryset(request).filter(success=self.model is Success)


@admin.register(OrmQ)
class QueueAdmin(SuperuserOnlyAdmin):
    list_display = ("id", "key", "name", "func", "lock")


@admin.register(Schedule)
class ScheduleAdmin(SuperuserOnlyAdmin):
    list_display = ("id", "name", "func", "schedule_type", "next_run")
    search_fields = ("name", "func")


@admin.register(AccessAttempt)
class AccessAttemptAdmin(SuperuserOnlyAdmin):
    list_display = ("attempt_time", "username", "ip_address", "failures_since_start")
    search_fields = ("username", "ip_address")


@admin.register(AccessFailureLog)
class AccessFailureLogAdmin(SuperuserOnlyAdmin):
    list_display = ("attempt_time", "username", "ip_address", "locked_out")
    search_fields = ("username", "ip_address")
