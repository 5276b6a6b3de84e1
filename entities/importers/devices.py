"""Devices: what has a serial number."""

from django.utils.translation import gettext_noop as _

from entities import models
from imports.fields import Code, LookUp, Reference
from imports.importers import Column, Importer, register
from imports.names import Vocabulary
from imports.problems import CONTENT, Cause

from .names import names_for


@register
class Devices(Importer):
    slug = "devices"
    title = _("Devices")
    purpose = _("Equipment with serial numbers: which product each is, where it is and who has it.")
    icon = "router"
    order = 30
    model = models.Device
    key = "serial_number"
    vocabulary = Vocabulary(**names_for(slug))
    causes = {
        "product_cannot_change": Cause(
            CONTENT,
            _("“{value}” is not the product that the device has, which cannot change"),
            _("Leave the cell blank, or correct the Serial Number."),
        ),
    }
    columns = (
        Column(
            _("Serial Number"),
            Code(),
            "serial_number",
            ("STB3332222111", "0012", "STB3332222113"),
            required=True,
            unique="serial_key",
            help=_("Unique, whatever its case; zeros in front are kept."),
            synonyms=(
                "Serial",
                "Serial No",
                "S/N",
                "SN",
                "Device Serial Number",
                "Σειριακός Αριθμός",
                "Αριθμός Σειράς",
            ),
        ),
        Column(
            _("Product Code"),
            Reference(
                models.Product,
                by=("code_key",),
                fetch=("type__classification",),
                refuse=lambda classification: (
                    None
                    if classification == models.ProductType.Classification.TRACEABLE_PHYSICAL_GOOD
                    else _("its product type is not a traceable physical good")
                ),
                text_field="code",
            ),
            "product",
            ("DEC-4K", "DEC-4K", "DEC-4K"),
            required=True,
            changes=False,
            help=_("The code of an existing product whose type is a traceable physical good."),
            synonyms=("Product", "SKU", "Model", "Model Number", "Κωδικός Προϊόντος", "Προϊόν", "Μοντέλο"),
        ),
        Column(
            _("Electronic ID"),
            Code(),
            "electronic_id",
            ("512f-6a78-4ccbd180bdad", "", ""),
            unique="electronic_id_key",
            help=_("Unique if it is given."),
            synonyms=("MAC", "MAC Address", "Electronic Identifier", "IMEI", "Ηλεκτρονική Ταυτότητα"),
        ),
        Column(
            _("Device Location"),
            LookUp(models.DeviceLocation),
            "location",
            ("Main warehouse", "Main warehouse", ""),
            synonyms=("Location", "Warehouse", "Site", "Τοποθεσία", "Αποθήκη"),
        ),
        Column(
            _("Contact"),
            Reference(models.Contact, by=("pk", "code_key"), text_field="code"),
            "contact",
            help=_("The owner: the identifier or the code of an existing contact."),
            synonyms=(
                "Contact Code",
                "Owner",
                "Customer",
                "Customer Code",
                "Assigned To",
                "Επαφή",
                "Πελάτης",
                "Κωδικός Πελάτη",
                "Κάτοχος",
            ),
        ),
    )

    def complete(self, row):
        product = row.values.get("product")
        if row.stored is not None and product is not None and product.pk != row.stored["product_id"]:
            row.refuse("product_cannot_change", "Product Code", product.name)
