"""The mapping step's part on remembered mappings and on files of another entity type."""

from django import forms
from django.contrib import messages
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import drafts, execution, remembering
from .headers import headers
from .importers import importers
from .looking_over import find_ambiguous_date
from .noticed import findings, is_unanswered
from .steps import is_mapped
from .suggestions import names_found

MANY = 5
LEAST_FITTING, FITTING_SHARE = 3, 0.6


class SaveForm(forms.Form):
    """Save this mapping as …; without a name nothing is saved."""

    mapping_name = forms.CharField(label=gettext_lazy("Name"), max_length=80, required=False)
    mapping_shared = forms.BooleanField(
        label=gettext_lazy("Share it with everybody who imports"), required=False
    )


class RememberedActions:
    """The buttons that use and keep mappings, and what the page says of them. Part of MappingStep."""

    def do_use(self):
        """Map as a remembered mapping says, as far as its headers are there."""
        chosen = self.request.POST.get("remembered") or "0"
        usable = remembering.usable(self.job)
        remembered = get_object_or_404(usable, pk=chosen if chosen.isdecimal() else 0)
        drafts.use_remembered(self.job, remembered)
        messages.success(self.request, _("The mapping “%(name)s” is used.") % {"name": remembered})
        return self.again()

    def do_remember(self):
        if not self.save_form.is_valid() or not self.save_form.cleaned_data["mapping_name"].strip():
            self.save_form.add_error("mapping_name", _("The mapping has no name. Give it one."))
            return self.page()
        if not self.form.mapping.columns:
            return self.page()
        self.save()
        name = self.keep_named()
        messages.success(self.request, _("The mapping is saved as “%(name)s”.") % {"name": name})
        return self.again()

    def keep_named(self):
        name = self.save_form.cleaned_data["mapping_name"].strip()
        remembering.save_as(self.job, name, self.save_form.cleaned_data["mapping_shared"])
        return name

    def do_switch(self):
        """Make the draft one of the entity type that its headers fit; the file stays."""
        slug = self.request.POST.get("entity_type")
        importer = next((importer for importer in importers() if importer.slug == slug), None)
        if importer is None or importer is self.job.importer:
            return self.again()
        execution.stop_runs(self.job)
        drafts.change_entity_type(self.job, importer)
        messages.success(
            self.request, _("The rows are %(types)s now; the file is kept.") % {"types": _(importer.title)}
        )
        return self.again()

    def remembered_context(self):
        gone, new = remembering.drift(self.job)
        return {
            "save_form": self.save_form,
            "usable_mappings": list(remembering.usable(self.job)[: remembering.LOOKED_AT]),
            "gone": gone[:MANY],
            "new": new[:MANY],
            "more_gone": max(len(gone) - MANY, 0),
            "more_new": max(len(new) - MANY, 0),
            "remembered": self.job.remembered,
            # Failed rows are of the type of their import.
            "better_type": None if self.job.repairs_id else better_type(self.job.importer, self.headers),
        }


def is_settled(job):
    """Whether a draft is mapped as files with the same headers were, and nothing is left to be asked."""
    if not is_mapped(job) or not remembering.is_as_remembered(job):
        return False
    options, mapping = job.get_options(), job.get_mapping()
    found = findings(job.get_reading(), job.importer, headers(job), mapping, options)
    if any(is_unanswered(finding, options) for finding in found):
        return False
    return bool(options.date_order) or not find_ambiguous_date(job, mapping)


def known_mapping(job, user):
    """What the preview says of a mapping that was taken over, or None."""
    if job.repairs_id or not remembering.is_as_remembered(job):
        return None
    mapped = set(job.remembered.columns.values())
    return {
        "remembered": job.remembered,
        "is_own": job.remembered.owner_id == user.pk,
        "left_out": [header for header in job.remembered.headers if header not in mapped],
        "updates": job.get_options().update and job.importer.updates,
    }


def better_type(importer, headers):
    """{importer, fitting, all} of another entity type that most headers fit while few fit this one, or None."""
    fitting = {other: names_found(other, headers) for other in importers()}
    best = max(fitting, key=fitting.get)
    is_clear = fitting[best] >= max(LEAST_FITTING, FITTING_SHARE * len(headers), 2 * fitting[importer])
    if best is importer or not is_clear:
        return None
    return {"importer": best, "fitting": fitting[best], "all": len(headers)}
