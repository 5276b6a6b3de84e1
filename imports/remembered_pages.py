"""The page of remembered mappings: what there is, and what its owner may change."""

from functools import wraps

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from .access import may_create, page_context
from .events import ImportEvent
from .remembered import RememberedMapping

MAPPINGS_PER_PAGE = 25


class RenameForm(forms.ModelForm):
    class Meta:
        model = RememberedMapping
        fields = ("name", "shared")
        labels = {
            "name": gettext_lazy("Name"),
            "shared": gettext_lazy("Share it with everybody who imports"),
        }

    def clean(self):
        """Without a name there is one mapping per headers: the one that follows the imports."""
        name = self.cleaned_data.get("name", "")
        same = RememberedMapping.objects.filter(
            owner=self.instance.owner, entity_type=self.instance.entity_type, name=name
        )
        if name and same.exclude(pk=self.instance.pk).exists():
            self.add_error("name", _("You have a mapping with this name already. Choose another."))
        if not name and self.instance.name:
            self.add_error("name", _("The mapping has no name. Give it one."))
        if not name and not self.instance.name and self.cleaned_data.get("shared"):
            self.add_error("name", _("A mapping needs a name to be shared. Give it one."))


@may_create
@require_GET
def mappings(request):
    return render_mappings(request)


def render_mappings(request, form=None, status=200):
    found = RememberedMapping.objects.usable_by(request.user)
    page = Paginator(found, MAPPINGS_PER_PAGE).get_page(request.GET.get("page"))
    lines = [(mapping, form_of(mapping, form, request.user)) for mapping in page]
    context = page_context(
        request,
        (_("Remembered mappings"), None),
        title=_("Remembered mappings"),
        page=page,
        lines=lines,
        errors=bool(form),
    )
    return render(request, "imports/mappings.html", context, status=status)


def form_of(mapping, form, user):
    """The owner's form: the one that was sent, or a fresh one; None for others."""
    if mapping.owner_id != user.pk:
        return None
    return (
        form if form and form.instance.pk == mapping.pk else RenameForm(instance=mapping, prefix=mapping.pk)
    )


def of_own_mapping(view):
    """A change to a mapping, which is its owner's alone."""

    @may_create
    @wraps(view)
    def page(request, pk):
        return view(request, get_object_or_404(RememberedMapping, pk=pk, owner=request.user))

    return page


@of_own_mapping
@require_POST
def change(request, mapping):
    form = RenameForm(request.POST, instance=mapping, prefix=mapping.pk)
    if not form.is_valid():
        return render_mappings(request, form, status=422)
    form.save()
    note(request, gettext_noop("mapping changed"), mapping)
    messages.success(request, _("The mapping “%(name)s” is saved.") % {"name": mapping})
    return redirect("imports:mappings")


@of_own_mapping
@require_POST
def delete(request, mapping):
    mapping.delete()
    note(request, gettext_noop("mapping deleted"), mapping)
    messages.success(request, _("The mapping “%(name)s” is deleted.") % {"name": mapping})
    return redirect("imports:mappings")


def note(request, event, mapping):
    details = {"name": str(mapping), "shared": mapping.shared, "entity_type": mapping.entity_type}
    ImportEvent.objects.create(event=event, user=request.user, details=details)
