"""Products: goods and services with the types that classify them."""

from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from entities import models
from imports.fields import Choice, Code, Currency, LookUp, Number, Text
from imports.importers import Column, Importer, Remedy, register
from imports.names import Vocabulary
from imports.problems import CONTENT, Cause

from .names import names_for

CLASSIFICATIONS = (
    ("TRACEABLE_PHYSICAL_GOOD", gettext_lazy("goods with serial numbers, needed for devices")),
    ("NON_TRACEABLE_PHYSICAL_GOOD", gettext_lazy("goods without serial numbers")),
    ("TERMED_SERVICE", gettext_lazy("services that run for a time, such as a subscription")),
    ("USAGE_SERVICE", gettext_lazy("services charged by use, such as calls or data")),
    ("ONE_TIME_SERVICE", gettext_lazy("services done once, such as an installation")),
    ("EXPENSES_SERVICE", gettext_lazy("expenses that are charged on, such as travel")),
)


@register
class Products(Importer):
    slug = "products"
    title = _("Products")
    purpose = _("What you sell: goods and services with their types, families, brands and prices.")
    icon = "inventory_2"
    order = 10
    model = models.Product
    fetch = ("type__classification", "type__name")
    key = "code"
    vocabulary = Vocabulary(**names_for(slug))
    causes = {
        "classification_differs": Cause(
            CONTENT,
            _("“{value}” differs from {stored}, the classification of {type}"),
            _("Use one classification per product type."),
        ),
        "new_type_unclassified": Cause(
            CONTENT,
            _("the value is missing; the product type “{value}” would be new"),
            _("Say what products of this type are, or correct the name of the type."),
        ),
    }
    remedies = {
        "new_type_unclassified": Remedy(
            gettext_lazy("What are products of this type?"),
            "classification",
            blames="type",
            for_each=True,
            choices=CLASSIFICATIONS,
        )
    }
    columns = (
        Column(
            _("Product Code"),
            Code(),
            "code",
            ("FREDESPR001", "DEC-4K", "FIBRE-100"),
            required=True,
            unique="code_key",
            help=_("The product's unique code (SKU)."),
            synonyms=(
                "SKU",
                "Code",
                "Item Code",
                "Product ID",
                "Article Number",
                "Κωδικός",
                "Κωδικός Προϊόντος",
                "Κωδικός Είδους",
            ),
        ),
        Column(
            _("Name"),
            Text(),
            "name",
            ("Freddo Espresso", "Decoder 4K", "Fibre 100"),
            required=True,
            synonyms=(
                "Product Name",
                "Title",
                "Item Name",
                "Product",
                "Όνομα",
                "Ονομασία",
                "Όνομα Προϊόντος",
                "Είδος",
            ),
        ),
        Column(
            _("Description"),
            Text(),
            "description",
            ("Double shot, iced", "", "Internet at 100 Mbps"),
            synonyms=("Product Description", "Details", "Περιγραφή"),
        ),
        Column(
            _("Product Type"),
            LookUp(models.ProductType, needs={"classification": "classification"}, fetch=("classification",)),
            "type",
            ("Coffee", "Decoder", "Internet plan"),
            required=True,
            synonyms=("Type", "Item Type", "Τύπος", "Τύπος Προϊόντος", "Είδος Προϊόντος"),
        ),
        Column(
            _("Classification"),
            Choice(models.ProductType.Classification),
            "classification",
            ("NON_TRACEABLE_PHYSICAL_GOOD", "TRACEABLE_PHYSICAL_GOOD", "TERMED_SERVICE"),
            stored=False,
            help=_("Needed only for a product type that does not exist yet and is to be generated."),
            synonyms=(
                "Product Classification",
                "Product Type Classification",
                "Ταξινόμηση",
                "Κατηγοριοποίηση",
            ),
        ),
        Column(
            _("Product Family"),
            LookUp(models.ProductFamily),
            "family",
            ("Beverages", "Equipment", "Internet"),
            synonyms=(
                "Family",
                "Category",
                "Product Category",
                "Οικογένεια",
                "Οικογένεια Προϊόντος",
                "Κατηγορία",
            ),
        ),
        Column(
            _("Brand"),
            LookUp(models.Brand),
            "brand",
            ("Own label", "", ""),
            synonyms=("Manufacturer", "Vendor", "Make", "Μάρκα", "Κατασκευαστής"),
        ),
        Column(
            _("Price"),
            Number(),
            "price",
            ("3.20", "89.00", "24.90"),
            help=_("0 or more; it needs a Currency."),
            synonyms=("Unit Price", "List Price", "Sales Price", "Τιμή", "Τιμή Μονάδας", "Τιμή Πώλησης"),
        ),
        Column(
            _("Currency"),
            Currency(),
            "currency",
            ("EUR", "EUR", "EUR"),
            help=_("Needed when a price is given."),
            synonyms=("Currency Code", "Price Currency", "Νόμισμα"),
        ),
        Column(
            _("State"),
            Choice(models.Product.State, {"ενεργό": "ACTIVE", "ανενεργό": "INACTIVE"}),
            "state",
            ("ACTIVE", "ACTIVE", "ACTIVE"),
            help=_("ACTIVE when it is left blank."),
            synonyms=("Status", "Product State", "Κατάσταση"),
        ),
    )

    def complete(self, row):
        if row.get("price") is not None and not row.get("currency") and not row.is_bad("Currency"):
            row.refuse("missing_for", "Currency", because=_("a price needs its currency"))
        product_type, classification = row.values.get("type"), row.values.get("classification")
        if row.is_bad("Classification") or row.is_bad("Product Type"):
            return
        if product_type is None:
            self.compare_with_stored(row, classification)
            return
        if product_type.is_new and not product_type.data:
            if classification is None:
                row.refuse("new_type_unclassified", "Classification", product_type.name)
            product_type.data = (classification,)
        elif classification and classification != product_type.data[0]:
            row.refuse(
                "classification_differs",
                "Classification",
                classification,
                stored=product_type.data[0],
                type=product_type.name,
            )

    def compare_with_stored(self, row, classification):
        """A classification without a type is that of the type the product has."""
        stored = row.stored and row.stored["type__classification"]
        if classification and stored and classification != stored:
            details = {"stored": stored, "type": row.stored["type__name"]}
            row.refuse("classification_differs", "Classification", classification, **details)
