"""The admin pages of the CRM's records."""

import uuid

from django.contrib import admin
from django.forms import Script
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline

from imports.record_admin import ImportedRecordsMixin

from . import models
from .forms import AddressForm, AddressFormSet, ContactForm, ProductForm, RecordForm


class RecordAdmin(ModelAdmin):
    """What all records share: their identifier to copy, when they changed, and search by identifier."""

    form = RecordForm
    fieldsets_of_record = ()
    readonly_fields = ("identifier", "changed_at")
    list_per_page = 50
    show_full_result_count = False
    warn_unsaved_form = True

    class Media:
        js = (Script("entities/copy.js", type="module"),)

    @admin.display(description=_("identifier"))
    def identifier(self, record):
        return format_html(
            '<span class="font-mono select-all">{}</span> '
            '<button type="button" hidden data-copy="{}" data-copied="{}" class="{}">{}</button>',
            record.pk,
            record.pk,
            _("copied"),
            "border border-base-200 cursor-pointer ml-2 px-2 py-1 rounded-default dark:border-base-700",
            _("copy identifier"),
        )

    def get_fieldsets(self, request, record=None):
        names = [name for name in self.get_fields(request, record) if name not in self.readonly_fields]
        fieldsets = self.fieldsets_of_record or [(None, {"fields": names})]
        known = [(_("Record"), {"fields": self.readonly_fields})] if record else []
        return [*fieldsets, *known]

    def get_search_results(self, request, queryset, search_term):
        """A pasted identifier finds its record, whatever else may be searched."""
        try:
            return queryset.filter(pk=uuid.UUID(search_term.strip())), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)


class LookUpAdmin(RecordAdmin):
    list_display = ("name", "changed_at")
    search_fields = ("name",)
    search_help_text = _("Name or identifier")


@admin.register(models.Organisation)
class OrganisationAdmin(LookUpAdmin):
    pass


@admin.register(models.ContactClassification)
class ContactClassificationAdmin(LookUpAdmin):
    pass


@admin.register(models.DeviceLocation)
class DeviceLocationAdmin(LookUpAdmin):
    pass


@admin.register(models.ProductFamily)
class ProductFamilyAdmin(LookUpAdmin):
    pass


@admin.register(models.Brand)
class BrandAdmin(LookUpAdmin):
    pass


@admin.register(models.ProductType)
class ProductTypeAdmin(LookUpAdmin):
    list_display = ("name", "classification", "changed_at")
    list_filter = ("classification",)


class AddressInline(StackedInline):
    model = models.Address
    form = AddressForm
    formset = AddressFormSet
    extra = 0
    fields = (
        ("type", "name"),
        ("line_1", "line_2"),
        ("postal_code", "town"),
        ("state", "country"),
    )


@admin.register(models.Contact)
class ContactAdmin(ImportedRecordsMixin, RecordAdmin):
    form = ContactForm
    inlines = [AddressInline]
    list_display = ("__str__", "code", "type", "email", "phone", "classification", "changed_at")
    list_filter = ("type", "classification", "language", "sms_opt_out", "email_opt_out", "changed_at")
    list_select_related = ("classification",)
    autocomplete_fields = ("classification", "organisation")
    search_fields = ("code", "first_name", "last_name", "company_name", "email", "phone")
    search_help_text = _("Name, contact code, e-mail, phone number or identifier")
    fieldsets_of_record = (
        (
            None,
            {
                "fields": (
                    ("type", "code"),
                    ("first_name", "last_name"),
                    ("middle_name", "company_name"),
                    ("classification", "organisation"),
                )
            },
        ),
        (
            _("Reached by"),
            {"fields": ("email", ("phone_country", "phone"), ("sms_opt_out", "email_opt_out"))},
        ),
        (_("Person"), {"fields": (("birth_date", "gender"), "language")}),
    )


@admin.register(models.Product)
class ProductAdmin(ImportedRecordsMixin, RecordAdmin):
    form = ProductForm
    list_display = ("code", "name", "type", "family", "brand", "amount", "state", "changed_at")
    list_filter = ("state", "type__classification", "type", "family", "brand", "changed_at")
    list_select_related = ("type", "family", "brand")
    autocomplete_fields = ("type", "family", "brand")
    search_fields = ("code", "name", "description")
    search_help_text = _("Product code, name, description or identifier")
    fieldsets_of_record = (
        (None, {"fields": (("code", "name"), "description", "state")}),
        (_("Kind"), {"fields": ("type", ("family", "brand"))}),
        (_("Price"), {"fields": (("price", "currency"),)}),
    )

    @admin.display(description=_("price"), ordering="price", empty_value="-")
    def amount(self, product):
        """The price with at least two decimals, though four are stored."""
        if product.price is None:
            return None
        decimals = max(2, -product.price.normalize().as_tuple().exponent)
        return f"{number_format(product.price, decimals, force_grouping=True)} {product.currency}"


@admin.register(models.Device)
class DeviceAdmin(ImportedRecordsMixin, RecordAdmin):
    list_display = ("serial_number", "product", "electronic_id", "location", "contact", "changed_at")
    list_filter = ("location", "product__type", "changed_at")
    list_select_related = ("product", "location", "contact")
    autocomplete_fields = ("product", "location", "contact")
    search_fields = ("serial_number", "electronic_id", "product__code", "contact__code")
    search_help_text = _("Serial number, electronic ID, product code, contact code or identifier")


@admin.register(models.RewardScheme)
class RewardSchemeAdmin(LookUpAdmin):
    list_display = ("name", "sign_up", "closed_loop_method", "state", "changed_at")
    list_filter = ("state", "sign_up", "closed_loop_method")


@admin.register(models.RewardSchemeCode)
class RewardSchemeCodeAdmin(ImportedRecordsMixin, RecordAdmin):
    list_display = ("code", "scheme", "used", "used_by", "used_at", "changed_at")
    list_filter = ("scheme", "used", "used_at")
    list_select_related = ("scheme", "used_by")
    autocomplete_fields = ("scheme", "used_by")
    search_fields = ("code",)
    search_help_text = _("Code or identifier")
