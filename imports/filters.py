"""The summary list's filters: state, entity type, person, dates, and search by file name."""

import datetime
from functools import cached_property

from django import forms
from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from .importers import importers
from .models import ImportJob
from .progress import STATES
from .said import TRIED


class DateInput(UnfoldAdminTextInputWidget):
    input_type = "date"

    def format_value(self, value):
        return value.isoformat() if isinstance(value, datetime.date) else value


class SearchInput(UnfoldAdminTextInputWidget):
    input_type = "search"


class Filter(forms.Form):
    """What the address of the list asks for; an unusable value filters nothing and is said."""

    q = forms.CharField(label=_("File name"), required=False, max_length=255, widget=SearchInput)
    state = forms.ChoiceField(label=_("State"), required=False, widget=UnfoldAdminSelectWidget)
    type = forms.ChoiceField(label=_("Entity type"), required=False, widget=UnfoldAdminSelectWidget)
    person = forms.ModelChoiceField(
        None, label=_("Started by"), required=False, empty_label=_("Anybody"), widget=UnfoldAdminSelectWidget
    )
    since = forms.DateField(label=_("Started from"), required=False, widget=DateInput)
    until = forms.DateField(label=_("Started until"), required=False, widget=DateInput)

    def __init__(self, data):
        super().__init__(data, use_required_attribute=False, auto_id="filter-%s", label_suffix="")
        self.fields["state"].choices = [
            ("", _("Any state")),
            *((name, words) for name, (words, icon) in STATES.items()),
        ]
        self.fields["type"].choices = [("", _("Any type")), *((one.slug, one.title) for one in importers())]
        starters = ImportJob.objects.exclude(state=ImportJob.State.DRAFT).values("created_by")
        self.fields["person"].queryset = get_user_model().objects.filter(pk__in=starters).order_by("username")

    @cached_property
    def chosen(self):
        """{name: value} of what was asked for."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def apply(self, imports):
        for name, value in self.chosen.items():
            imports = self.LOOK_UPS[name](imports, value)
        return imports

    def by_state(imports, state):
        if state == "with_rejected":
            return imports.filter(state=ImportJob.State.COMPLETED, rejected__gt=0)
        if state == ImportJob.State.COMPLETED:
            return imports.filter(state=state, rejected=0)
        tried = {"state": ImportJob.State.CANCELLED, "reason__startswith": f'["{TRIED}"'}
        if state == "tried":
            return imports.filter(**tried)
        if state == ImportJob.State.CANCELLED:
            return imports.filter(state=state).exclude(**tried)
        return imports.filter(state=state)

    LOOK_UPS = {
        "q": lambda imports, text: imports.filter(file_name__icontains=text),
        "state": by_state,
        "type": lambda imports, slug: imports.filter(entity_type=slug),
        "person": lambda imports, user: imports.filter(created_by=user),
        "since": lambda imports, day: imports.filter(started_at__gte=midnight(day)),
        "until": lambda imports, day: imports.filter(
            started_at__lt=midnight(day + datetime.timedelta(days=1))
        ),
    }


def midnight(day):
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
