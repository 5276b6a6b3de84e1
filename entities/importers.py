"""The entity types that files may hold: columns, examples and the rules across columns."""

import secrets

from imports.fields import (
    Choice,
    Code,
    Country,
    Currency,
    Date,
    Email,
    Language,
    LookUp,
    Number,
    Phone,
    Reference,
    Text,
    YesNo,
)
from imports.importers import Child, Column, Importer, register

from . import models
from .phones import PhoneOfOtherCountry, to_e164

PERSON, COMPANY = models.Contact.Type.PERSON, models.Contact.Type.COMPANY


@register
class Products(Importer):
    slug = "products"
    title = "Products"
    purpose = "What you sell: goods and services with their types, families, brands and prices."
    icon = "inventory_2"
    order = 10
    model = models.Product
    key = "code"
    columns = (
        Column(
            "Product Code",
            Code(),
            "code",
            ("FREDESPR001", "DEC-4K", "FIBRE-100"),
            required=True,
            unique="code_key",
            help="The product's unique code (SKU).",
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
            "Name",
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
            "Description",
            Text(),
            "description",
            ("Double shot, iced", "", "Internet at 100 Mbps"),
            synonyms=("Product Description", "Details", "Περιγραφή"),
        ),
        Column(
            "Product Type",
            LookUp(models.ProductType, needs={"classification": "classification"}, fetch=("classification",)),
            "type",
            ("Coffee", "Decoder", "Internet plan"),
            required=True,
            synonyms=("Type", "Item Type", "Τύπος", "Τύπος Προϊόντος", "Είδος Προϊόντος"),
        ),
        Column(
            "Classification",
            Choice(models.ProductType.Classification),
            "classification",
            ("NON_TRACEABLE_PHYSICAL_GOOD", "TRACEABLE_PHYSICAL_GOOD", "TERMED_SERVICE"),
            stored=False,
            help="Needed only for a product type that does not exist yet and is to be generated.",
            synonyms=(
                "Product Classification",
                "Product Type Classification",
                "Ταξινόμηση",
                "Κατηγοριοποίηση",
            ),
        ),
        Column(
            "Product Family",
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
            "Brand",
            LookUp(models.Brand),
            "brand",
            ("Own label", "", ""),
            synonyms=("Manufacturer", "Vendor", "Make", "Μάρκα", "Κατασκευαστής"),
        ),
        Column(
            "Price",
            Number(),
            "price",
            ("3.20", "89.00", "24.90"),
            help="0 or more; it needs a Currency.",
            synonyms=("Unit Price", "List Price", "Sales Price", "Τιμή", "Τιμή Μονάδας", "Τιμή Πώλησης"),
        ),
        Column(
            "Currency",
            Currency(),
            "currency",
            ("EUR", "EUR", "EUR"),
            help="Needed when a price is given.",
            synonyms=("Currency Code", "Price Currency", "Νόμισμα"),
        ),
        Column(
            "State",
            Choice(models.Product.State, {"ενεργό": "ACTIVE", "ανενεργό": "INACTIVE"}),
            "state",
            ("ACTIVE", "ACTIVE", "ACTIVE"),
            help="ACTIVE when it is left blank.",
            synonyms=("Status", "Product State", "Κατάσταση"),
        ),
    )

    def complete(self, row):
        if row.get("price") is not None and not row.get("currency") and not row.is_bad("Currency"):
            row.refuse("missing_for", "Currency", because="a price needs its currency")
        product_type, classification = row.values.get("type"), row.values.get("classification")
        if product_type is None or row.is_bad("Classification"):
            return
        if product_type.is_new and not product_type.data:
            if classification is None:
                row.refuse(
                    "missing_for",
                    "Classification",
                    because=f"the product type {product_type.name} would be new",
                )
            product_type.data = (classification,)
        elif classification and classification != product_type.data[0]:
            row.refuse(
                "classification_differs",
                "Classification",
                classification,
                stored=product_type.data[0],
                type=product_type.name,
            )


@register
class Contacts(Importer):
    slug = "contacts"
    title = "Contacts"
    purpose = "People and companies with their codes, e-mails, phones and addresses."
    icon = "group"
    order = 20
    model = models.Contact
    key = "code"
    children = {
        "address": Child(
            models.Address,
            parent="contact",
            key=("type", "name"),
            defaults={"type": models.Address.Type.HOME},
            required=("line_1",),
        )
    }
    columns = (
        Column(
            "Contact Type",
            Choice(
                models.Contact.Type,
                {"άτομο": "PERSON", "φυσικό πρόσωπο": "PERSON", "εταιρεία": "COMPANY", "εταιρία": "COMPANY"},
            ),
            "type",
            ("PERSON", "COMPANY", "PERSON"),
            help="When no header feeds it: COMPANY if only a company name is given, else PERSON. "
            "It cannot change when a contact is updated.",
            synonyms=("Type", "Customer Type", "Τύπος Επαφής", "Τύπος", "Τύπος Πελάτη"),
        ),
        Column(
            "First Name",
            Text(),
            "first_name",
            ("John", "", "Μαρία"),
            needed_unless="company_name",
            help="Required for a person.",
            synonyms=("Firstname", "Given Name", "Forename", "Όνομα", "Μικρό Όνομα"),
        ),
        Column(
            "Middle Name",
            Text(),
            "middle_name",
            ("C", "", ""),
            synonyms=("Additional Name", "Middle Initial", "Πατρώνυμο", "Μεσαίο Όνομα"),
        ),
        Column(
            "Last Name",
            Text(),
            "last_name",
            ("Smith", "", "Δείγμα"),
            needed_unless="company_name",
            help="Required for a person.",
            synonyms=("Lastname", "Surname", "Family Name", "Επώνυμο", "Επίθετο"),
        ),
        Column(
            "Company Name",
            Text(),
            "company_name",
            ("", "Sample Ltd.", ""),
            help="Required for a company.",
            synonyms=(
                "Company",
                "Organization Name",
                "Account Name",
                "Business Name",
                "Εταιρεία",
                "Εταιρία",
                "Επωνυμία",
                "Επωνυμία Εταιρείας",
            ),
        ),
        Column(
            "Contact Code",
            Code(),
            "code",
            ("ABC12345", "ABC12346", "ABC12347"),
            unique="code_key",
            help="Unique; a blank cell gives the contact a random code of 16 digits. It never changes.",
            synonyms=(
                "Code",
                "Customer Code",
                "Customer ID",
                "Contact ID",
                "Customer Number",
                "Account Number",
                "Κωδικός",
                "Κωδικός Επαφής",
                "Κωδικός Πελάτη",
                "Αριθμός Πελάτη",
            ),
        ),
        Column(
            "Contact Email",
            Email(),
            "email",
            ("j.c.smith@example.com", "office@example.com", "maria@example.com"),
            synonyms=(
                "Email",
                "E-mail",
                "Email 1",
                "E-mail 1",
                "Email Address",
                "E-mail Address",
                "Ηλεκτρονικό Ταχυδρομείο",
                "Ηλεκτρονική Διεύθυνση",
                "Διεύθυνση Email",
            ),
        ),
        Column(
            "Contact Phone Country",
            Country(),
            "phone_country",
            ("CYP", "CYP", "GRC"),
            help="Required if a phone number is given, unless the number begins with +.",
            synonyms=("Phone Country", "Phone Country Code", "Χώρα Τηλεφώνου"),
        ),
        Column(
            "Contact Phone Number",
            Phone(),
            "phone",
            ("99123456", "22123456", "6971234567"),
            help="The national number without the country code, or the whole number beginning with +.",
            synonyms=(
                "Phone",
                "Phone Number",
                "Mobile",
                "Mobile Phone",
                "Cell",
                "Cell Phone",
                "Telephone",
                "Tel",
                "Contact Phone",
                "Τηλέφωνο",
                "Κινητό",
                "Κινητό Τηλέφωνο",
                "Αριθμός Τηλεφώνου",
                "Τηλ",
            ),
        ),
        Column(
            "Address Type",
            Choice(
                models.Address.Type,
                {"σπίτι": "HOME", "οικία": "HOME", "εργασία": "BUSINESS", "work": "BUSINESS"},
            ),
            "type",
            ("HOME", "BUSINESS", ""),
            record="address",
            help="HOME when it is left blank and another address cell is filled.",
            synonyms=("Τύπος Διεύθυνσης",),
        ),
        Column(
            "Address Name",
            Text(),
            "name",
            ("", "Head office", ""),
            record="address",
            help="Tells several addresses of one type apart.",
            synonyms=("Όνομα Διεύθυνσης",),
        ),
        Column(
            "Address Line 1",
            Text(),
            "line_1",
            ("21 Elia Papakyriakou", "1 Sample Street", ""),
            record="address",
            help="Required when another address cell is filled.",
            synonyms=(
                "Address",
                "Street",
                "Street Address",
                "Address 1",
                "Address1",
                "Διεύθυνση",
                "Διεύθυνση 1",
                "Οδός",
                "Οδός και Αριθμός",
            ),
        ),
        Column(
            "Address Line 2",
            Text(),
            "line_2",
            ("7 Stars Tower", "", ""),
            record="address",
            synonyms=("Address 2", "Address2", "Street 2", "Διεύθυνση 2"),
        ),
        Column(
            "State/Province/County",
            Text(),
            "state",
            ("Egkomi", "", ""),
            record="address",
            synonyms=("State", "Province", "County", "Region", "Νομός", "Περιφέρεια", "Επαρχία"),
        ),
        Column(
            "Town/City",
            Text(),
            "town",
            ("Nicosia", "Limassol", ""),
            record="address",
            synonyms=("City", "Town", "Πόλη", "Δήμος"),
        ),
        Column(
            "Postal Code",
            Code(),
            "postal_code",
            ("2415", "0300", ""),
            record="address",
            help="Text: zeros in front are kept.",
            synonyms=(
                "Zip",
                "Zip Code",
                "Postcode",
                "Post Code",
                "Postal/Zip Code",
                "Ταχυδρομικός Κώδικας",
                "ΤΚ",
                "Τ.Κ.",
            ),
        ),
        Column(
            "Address Country",
            Country(),
            "country",
            ("CYP", "CYP", ""),
            record="address",
            synonyms=("Country", "Country/Region", "Χώρα"),
        ),
        Column(
            "Contact Classification",
            LookUp(models.ContactClassification),
            "classification",
            ("VIP", "", "Regular"),
            synonyms=(
                "Classification",
                "Customer Group",
                "Group",
                "Segment",
                "Κατηγορία",
                "Κατηγορία Πελάτη",
                "Ομάδα",
            ),
        ),
        Column(
            "Date of Birth",
            Date(past=True),
            "birth_date",
            ("1984-03-09", "", "1990-12-31"),
            help="Not in the future.",
            synonyms=(
                "Birthday",
                "Birth Date",
                "Birthdate",
                "DOB",
                "Ημερομηνία Γέννησης",
                "Γενέθλια",
                "Ημ. Γέννησης",
            ),
        ),
        Column(
            "Gender",
            Choice(
                models.Contact.Gender,
                {
                    "γυναίκα": "FEMALE",
                    "θήλυ": "FEMALE",
                    "F": "FEMALE",
                    "άνδρας": "MALE",
                    "άντρας": "MALE",
                    "άρρεν": "MALE",
                    "M": "MALE",
                    "άλλο": "OTHER",
                },
            ),
            "gender",
            ("MALE", "", "FEMALE"),
            synonyms=("Sex", "Φύλο"),
        ),
        Column(
            "Language",
            Language(),
            "language",
            ("en", "el", "el"),
            synonyms=("Preferred Language", "Language Code", "Γλώσσα"),
        ),
        Column(
            "SMS Opt Out",
            YesNo(),
            "sms_opt_out",
            ("no", "yes", "no"),
            help="yes: this contact gets no SMS.",
            synonyms=("No SMS", "Άρνηση SMS"),
        ),
        Column(
            "Email Opt Out",
            YesNo(),
            "email_opt_out",
            ("no", "no", "yes"),
            help="yes: this contact gets no e-mail.",
            synonyms=("E-mail Opt Out", "Unsubscribed", "No Email", "Άρνηση Email"),
        ),
        Column(
            "Organisation",
            Reference(models.Organisation),
            "organisation",
            help="The identifier of an existing organisation, as “copy identifier” on its record gives it.",
            synonyms=(
                "Organisation ID",
                "Organization ID",
                "Organization",
                "Οργανισμός",
                "Κωδικός Οργανισμού",
            ),
        ),
    )

    def new_key(self):
        return f"{secrets.randbelow(10**16):016d}"

    def complete(self, row):
        self.complete_type(row)
        self.complete_name(row)
        self.complete_phone(row)

    def complete_type(self, row):
        given = row.values.get("type")
        if row.stored is not None:
            if given and given != row.stored["type"]:
                row.refuse("type_cannot_change", "Contact Type", given, stored=row.stored["type"])
        elif given is None and not row.is_bad("Contact Type"):
            person = row.values.get("first_name") or row.values.get("last_name")
            row.values["type"] = COMPANY if row.values.get("company_name") and not person else PERSON

    def complete_name(self, row):
        if row.is_bad("Contact Type"):
            return
        kind, needed = (
            ("person", ("First Name", "Last Name"))
            if row.get("type") == PERSON
            else ("company", ("Company Name",))
        )
        for name in needed:
            column = self.by_name[name.casefold()]
            if not row.get(column.key) and not row.is_bad(name):
                row.refuse("missing_for", name, because=f"a {kind} needs it")

    def complete_phone(self, row):
        if row.is_bad("Contact Phone Country") or row.is_bad("Contact Phone Number"):
            return
        number = row.get("phone") if row.values.get("phone_country") else row.values.get("phone")
        if not number:
            return
        country = row.get("phone_country") or ""
        if not country and not number.startswith("+"):
            row.refuse("phone_country_missing", "Contact Phone Country", number)
            return
        try:
            e164 = to_e164(number, country)
        except PhoneOfOtherCountry:
            row.refuse("phone_country_differs", "Contact Phone Number", number, country=country)
            return
        if e164:
            row.values["phone"] = e164
        elif country:
            row.refuse("not_a_phone", "Contact Phone Number", number, country=country)
        else:
            row.refuse("not_an_international_phone", "Contact Phone Number", number)


@register
class Devices(Importer):
    slug = "devices"
    title = "Devices"
    purpose = "Equipment with serial numbers: which product each is, where it is and who has it."
    icon = "router"
    order = 30
    model = models.Device
    key = "serial_number"
    columns = (
        Column(
            "Serial Number",
            Code(),
            "serial_number",
            ("STB3332222111", "0012", "STB3332222113"),
            required=True,
            unique="serial_key",
            help="Unique, whatever its case; zeros in front are kept.",
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
            "Product Code",
            Reference(
                models.Product,
                by=("code_key",),
                fetch=("type__classification",),
                refuse=lambda classification: (
                    None
                    if classification == models.ProductType.Classification.TRACEABLE_PHYSICAL_GOOD
                    else "its product type is not a traceable physical good"
                ),
                text_field="code",
            ),
            "product",
            ("DEC-4K", "DEC-4K", "DEC-4K"),
            required=True,
            help="The code of an existing product whose type is a traceable physical good.",
            synonyms=("Product", "SKU", "Model", "Model Number", "Κωδικός Προϊόντος", "Προϊόν", "Μοντέλο"),
        ),
        Column(
            "Electronic ID",
            Code(),
            "electronic_id",
            ("512f-6a78-4ccbd180bdad", "", ""),
            unique="electronic_id_key",
            help="Unique if it is given.",
            synonyms=("MAC", "MAC Address", "Electronic Identifier", "IMEI", "Ηλεκτρονική Ταυτότητα"),
        ),
        Column(
            "Device Location",
            LookUp(models.DeviceLocation),
            "location",
            ("Main warehouse", "Main warehouse", ""),
            synonyms=("Location", "Warehouse", "Site", "Τοποθεσία", "Αποθήκη"),
        ),
        Column(
            "Contact",
            Reference(models.Contact, by=("pk", "code_key"), text_field="code"),
            "contact",
            help="The owner: the identifier or the code of an existing contact.",
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


def why_no_codes(sign_up, method):
    """What keeps a reward scheme from taking codes, or None."""
    takes_codes = (models.RewardScheme.SignUp.CLOSED_LOOP, models.RewardScheme.Method.CODE)
    return (
        None
        if (sign_up, method) == takes_codes
        else "the reward scheme is not closed loop with sign-up by code"
    )


@register
class RewardSchemeCodes(Importer):
    slug = "reward-scheme-codes"
    title = "Reward Scheme Codes"
    purpose = "Codes with which contacts sign up to a closed-loop reward scheme; each is used once."
    icon = "redeem"
    order = 40
    model = models.RewardSchemeCode
    key = "code"
    updates = False
    columns = (
        Column(
            "Reward Scheme",
            Reference(
                models.RewardScheme,
                by=("pk", "name_key"),
                fetch=("sign_up", "closed_loop_method"),
                refuse=why_no_codes,
            ),
            "scheme",
            ("Student Club", "Student Club", "Student Club"),
            required=True,
            help="The name or identifier of an existing scheme that is closed loop with sign-up by code.",
            synonyms=(
                "Scheme",
                "Scheme Name",
                "Reward Scheme Name",
                "Loyalty Scheme",
                "Σχήμα Επιβράβευσης",
                "Πρόγραμμα Επιβράβευσης",
            ),
        ),
        Column(
            "Code",
            Code(),
            "code",
            ("ABCTKN123456798VGP2020", "ABCTKN123456799VGP2020", "ABCTKN123456800VGP2020"),
            required=True,
            unique="code_key",
            help="Unique in the business. A code that the same scheme has already is left as it is.",
            synonyms=(
                "Reward Scheme Code",
                "Sign Up Code",
                "Token",
                "Voucher",
                "Voucher Code",
                "Κωδικός",
                "Κουπόνι",
            ),
        ),
    )

    def already_there(self, row):
        scheme = row.values.get("scheme")
        if not (row.is_bad("Reward Scheme") or (scheme and scheme.pk == row.stored["scheme_id"])):
            row.refuse("code_of_another_scheme", "Code", row.values["code"])
