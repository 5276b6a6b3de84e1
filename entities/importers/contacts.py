"""Contacts: people and companies, with their addresses."""

import secrets
from contextlib import suppress

from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from entities import models
from entities.phones import PhoneOfOtherCountry, to_e164
from imports.fields import Choice, Code, Country, Date, Email, Language, LookUp, Phone, Reference, Text, YesNo
from imports.importers import Child, Column, Importer, Remedy, register
from imports.keys import folded_key
from imports.names import Vocabulary
from imports.problems import CONTENT, FORMAT, Cause

from .names import names_for

PERSON, COMPANY = models.Contact.Type.PERSON, models.Contact.Type.COMPANY
NEEDED_BY_PERSON = (_("a person needs it"), (("first_name", "First Name"), ("last_name", "Last Name")))
NEEDED_BY_COMPANY = (_("a company needs it"), (("company_name", "Company Name"),))


@register
class Contacts(Importer):
    slug = "contacts"
    title = _("Contacts")
    purpose = _("People and companies with their codes, e-mails, phones and addresses.")
    icon = "group"
    order = 20
    model = models.Contact
    key = "code"
    vocabulary = Vocabulary(**names_for(slug))
    alike = ("email", "phone")
    called = ("first_name", "last_name", "company_name")
    causes = {
        "not_a_phone": Cause(
            FORMAT,
            _("“{value}” is not a valid phone number in {country}"),
            _("Correct the number or its country, or leave the cell blank."),
        ),
        "not_an_international_phone": Cause(
            FORMAT,
            _("“{value}” is not a valid international phone number"),
            _("Correct the number: + and the country code come first, such as +35799123456."),
        ),
        "phone_country_missing": Cause(
            CONTENT,
            _("the country of “{value}” is not given"),
            _("Fill in Contact Phone Country, or begin the number with + and the country code."),
        ),
        "phone_country_differs": Cause(
            CONTENT, _("“{value}” is not a number of {country}"), _("Correct the number or its country.")
        ),
        "type_cannot_change": Cause(
            CONTENT,
            _("“{value}” differs from the stored {stored}, which cannot change"),
            _("Leave the cell blank, or use another Contact Code."),
        ),
    }
    remedies = {
        code: Remedy(gettext_lazy("Take these numbers as those of"), "phone_country", blames="phone")
        for code in ("phone_country_missing", "phone_country_differs", "not_a_phone")
    }
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
            _("Contact Type"),
            Choice(
                models.Contact.Type,
                {"άτομο": "PERSON", "φυσικό πρόσωπο": "PERSON", "εταιρεία": "COMPANY", "εταιρία": "COMPANY"},
            ),
            "type",
            ("PERSON", "COMPANY", "PERSON"),
            changes=False,
            help=_(
                "When no header feeds it: COMPANY if only a company name is given, else PERSON. "
                "It cannot change when a contact is updated."
            ),
            synonyms=("Type", "Customer Type", "Τύπος Επαφής", "Τύπος", "Τύπος Πελάτη"),
        ),
        Column(
            _("First Name"),
            Text(),
            "first_name",
            ("John", "", "Μαρία"),
            needed_unless="company_name",
            help=_("Required for a person."),
            synonyms=("Firstname", "Given Name", "Forename", "Όνομα", "Μικρό Όνομα"),
        ),
        Column(
            _("Middle Name"),
            Text(),
            "middle_name",
            ("C", "", ""),
            synonyms=("Additional Name", "Middle Initial", "Πατρώνυμο", "Μεσαίο Όνομα"),
        ),
        Column(
            _("Last Name"),
            Text(),
            "last_name",
            ("Smith", "", "Δείγμα"),
            needed_unless="company_name",
            help=_("Required for a person."),
            synonyms=("Lastname", "Surname", "Family Name", "Επώνυμο", "Επίθετο"),
        ),
        Column(
            _("Company Name"),
            Text(),
            "company_name",
            ("", "Sample Ltd.", ""),
            help=_("Required for a company."),
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
            _("Contact Code"),
            Code(),
            "code",
            ("ABC12345", "ABC12346", "ABC12347"),
            unique="code_key",
            help=_("Unique; a blank cell gives the contact a random code of 16 digits. It never changes."),
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
            _("Contact Email"),
            Email(),
            "email",
            ("j.c.smith@example.com", "office@example.com", "maria@example.com"),
            may_be_left_out=True,
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
            _("Contact Phone Country"),
            Country(),
            "phone_country",
            ("CYP", "CYP", "GRC"),
            help=_("Required if a phone number is given, unless the number begins with +."),
            may_be_left_out=True,
            synonyms=("Phone Country", "Phone Country Code", "Χώρα Τηλεφώνου"),
        ),
        Column(
            _("Contact Phone Number"),
            Phone(),
            "phone",
            ("99123456", "22123456", "6971234567"),
            help=_("The national number without the country code, or the whole number beginning with +."),
            may_be_left_out=True,
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
            _("Address Type"),
            Choice(
                models.Address.Type,
                {"σπίτι": "HOME", "οικία": "HOME", "εργασία": "BUSINESS", "work": "BUSINESS"},
            ),
            "type",
            ("HOME", "BUSINESS", ""),
            record="address",
            help=_("HOME when it is left blank and another address cell is filled."),
            may_be_left_out=True,
            synonyms=("Τύπος Διεύθυνσης",),
        ),
        Column(
            _("Address Name"),
            Text(),
            "name",
            ("", "Head office", ""),
            record="address",
            help=_("Tells several addresses of one type apart."),
            may_be_left_out=True,
            synonyms=("Όνομα Διεύθυνσης",),
        ),
        Column(
            _("Address Line 1"),
            Text(),
            "line_1",
            ("21 Elia Papakyriakou", "1 Sample Street", ""),
            record="address",
            help=_("Required when another address cell is filled."),
            may_be_left_out=True,
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
            _("Address Line 2"),
            Text(),
            "line_2",
            ("7 Stars Tower", "", ""),
            record="address",
            may_be_left_out=True,
            synonyms=("Address 2", "Address2", "Street 2", "Διεύθυνση 2"),
        ),
        Column(
            _("State/Province/County"),
            Text(),
            "state",
            ("Egkomi", "", ""),
            record="address",
            may_be_left_out=True,
            synonyms=("State", "Province", "County", "Region", "Νομός", "Περιφέρεια", "Επαρχία"),
        ),
        Column(
            _("Town/City"),
            Text(),
            "town",
            ("Nicosia", "Limassol", ""),
            record="address",
            may_be_left_out=True,
            synonyms=("City", "Town", "Πόλη", "Δήμος"),
        ),
        Column(
            _("Postal Code"),
            Code(),
            "postal_code",
            ("2415", "0300", ""),
            record="address",
            help=_("Text: zeros in front are kept."),
            may_be_left_out=True,
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
            _("Address Country"),
            Country(),
            "country",
            ("CYP", "CYP", ""),
            record="address",
            may_be_left_out=True,
            synonyms=("Country", "Country/Region", "Χώρα"),
        ),
        Column(
            _("Contact Classification"),
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
            _("Date of Birth"),
            Date(past=True),
            "birth_date",
            ("1984-03-09", "", "1990-12-31"),
            help=_("Not in the future."),
            may_be_left_out=True,
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
            _("Gender"),
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
            may_be_left_out=True,
            synonyms=("Sex", "Φύλο"),
        ),
        Column(
            _("Language"),
            Language(),
            "language",
            ("en", "el", "el"),
            may_be_left_out=True,
            synonyms=("Preferred Language", "Language Code", "Γλώσσα"),
        ),
        Column(
            _("SMS Opt Out"),
            YesNo(),
            "sms_opt_out",
            ("no", "yes", "no"),
            help=_("yes: this contact gets no SMS."),
            synonyms=("No SMS", "Άρνηση SMS"),
        ),
        Column(
            _("Email Opt Out"),
            YesNo(),
            "email_opt_out",
            ("no", "no", "yes"),
            help=_("yes: this contact gets no e-mail."),
            synonyms=("E-mail Opt Out", "Unsubscribed", "No Email", "Άρνηση Email"),
        ),
        Column(
            _("Organisation"),
            Reference(models.Organisation),
            "organisation",
            help=_(
                "The identifier of an existing organisation, as “copy identifier” on its record gives it."
            ),
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

    def comparable(self, key, values):
        value = values.get(key)
        if not value or key == "email":
            return folded_key(value) if value else None
        with suppress(PhoneOfOtherCountry):
            return to_e164(value, values.get("phone_country") or "") or None

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
            if "type" in row.fed:
                row.refuse("missing", "Contact Type")
                return
            person = row.values.get("first_name") or row.values.get("last_name")
            row.values["type"] = COMPANY if row.values.get("company_name") and not person else PERSON

    def complete_name(self, row):
        if row.is_bad("Contact Type"):
            return
        because, needed = NEEDED_BY_PERSON if row.get("type") == PERSON else NEEDED_BY_COMPANY
        for key, name in needed:
            if not row.get(key) and not row.is_bad(name):
                row.refuse("missing_for", name, because=because)

    def complete_phone(self, row):
        if row.is_bad("Contact Phone Country") or row.is_bad("Contact Phone Number"):
            return
        is_other_country = row.values.get("phone_country") or "phone_country" in row.cleared
        number = row.get("phone") if is_other_country else row.values.get("phone")
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
