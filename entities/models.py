"""The CRM's records: contacts, devices, products, reward schemes and what they refer to."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from imports.erased import Erased
from imports.keys import exact_key, folded_key, uuid7


class Record(models.Model):
    """A record that files refer to by its identifier.

    `keys` names the comparable form of a text field: {key field: (text field, key function)}.
    """

    keys = {}

    id = models.UUIDField(_("identifier"), primary_key=True, default=uuid7, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        self.set_keys()
        self.changed_at = timezone.now()
        super().save(*args, **kwargs)

    def clean(self):
        self.set_keys()

    def set_keys(self):
        for key_field, (text_field, key) in self.keys.items():
            text = getattr(self, text_field)
            setattr(self, key_field, key(text) if text else None)


class LookUp(Record):
    """A name that records choose from; an import may generate missing ones."""

    keys = {"name_key": ("name", folded_key)}

    name = models.CharField(_("name"), max_length=100)
    name_key = models.CharField(max_length=300, editable=False)  # a letter can fold into three

    class Meta:
        abstract = True
        ordering = ["name_key"]
        constraints = [models.UniqueConstraint(fields=["name_key"], name="%(class)s_name_is_unique")]

    def __str__(self):
        return self.name


class Organisation(Record):
    name = models.CharField(_("name"), max_length=200)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]

    def __str__(self):
        return self.name


class ContactClassification(LookUp):
    class Meta(LookUp.Meta):
        verbose_name = _("contact classification")
        verbose_name_plural = _("contact classifications")


class DeviceLocation(LookUp):
    class Meta(LookUp.Meta):
        verbose_name = _("device location")
        verbose_name_plural = _("device locations")


class ProductFamily(LookUp):
    class Meta(LookUp.Meta):
        verbose_name = _("product family")
        verbose_name_plural = _("product families")


class Brand(LookUp):
    class Meta(LookUp.Meta):
        verbose_name = _("brand")
        verbose_name_plural = _("brands")


class ProductType(LookUp):
    class Classification(models.TextChoices):
        TERMED_SERVICE = "TERMED_SERVICE", _("Termed service")
        USAGE_SERVICE = "USAGE_SERVICE", _("Usage service")
        ONE_TIME_SERVICE = "ONE_TIME_SERVICE", _("One-time service")
        TRACEABLE_PHYSICAL_GOOD = "TRACEABLE_PHYSICAL_GOOD", _("Traceable physical good")
        NON_TRACEABLE_PHYSICAL_GOOD = "NON_TRACEABLE_PHYSICAL_GOOD", _("Non-traceable physical good")
        EXPENSES_SERVICE = "EXPENSES_SERVICE", _("Expenses service")

    classification = models.CharField(_("classification"), max_length=30, choices=Classification)

    class Meta(LookUp.Meta):
        verbose_name = _("product type")
        verbose_name_plural = _("product types")


class Contact(Erased, Record):
    class Type(models.TextChoices):
        PERSON = "PERSON", _("Person")
        COMPANY = "COMPANY", _("Company")

    class Gender(models.TextChoices):
        FEMALE = "FEMALE", _("Female")
        MALE = "MALE", _("Male")
        OTHER = "OTHER", _("Other")

    keys = {"code_key": ("code", exact_key), "email_key": ("email", folded_key)}

    type = models.CharField(_("type"), max_length=10, choices=Type, default=Type.PERSON)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    middle_name = models.CharField(_("middle name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    company_name = models.CharField(_("company name"), max_length=200, blank=True)
    code = models.CharField(_("contact code"), max_length=100)
    code_key = models.CharField(max_length=100, editable=False)
    email = models.EmailField(_("e-mail"), blank=True)
    email_key = models.CharField(max_length=762, null=True, editable=False)  # noqa: DJ001 blank is not alike
    phone_country = models.CharField(
        _("phone country"), max_length=3, blank=True, help_text=_("ISO 3166 alpha-3, such as CYP")
    )
    phone = models.CharField(
        _("phone number"), max_length=20, blank=True, help_text=_("E.164, such as +35799123456")
    )
    classification = models.ForeignKey(
        ContactClassification,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=pgettext_lazy("of a contact", "classification"),
    )
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    gender = models.CharField(_("gender"), max_length=10, choices=Gender, blank=True)
    language = models.CharField(_("language"), max_length=2, blank=True, help_text=_("ISO 639-1, such as en"))
    sms_opt_out = models.BooleanField(_("SMS opt out"), default=False)
    email_opt_out = models.BooleanField(_("e-mail opt out"), default=False)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name=_("organisation")
    )

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["email_key"], name="contact_by_email"),
            models.Index(fields=["phone"], name="contact_by_phone"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["code_key"],
                name="contact_code_is_unique",
                violation_error_message=_("Another contact has this code."),
            ),
            models.CheckConstraint(
                condition=Q(type="PERSON") & ~Q(first_name="") & ~Q(last_name="")
                | Q(type="COMPANY") & ~Q(company_name=""),
                name="contact_has_its_name",
                violation_error_message=_(
                    "A person needs a first and a last name, a company a company name."
                ),
            ),
        ]

    def __str__(self):
        return self.company_name if self.type == self.Type.COMPANY else f"{self.first_name} {self.last_name}"


class Address(Record):
    class Type(models.TextChoices):
        HOME = "HOME", _("Home")
        BUSINESS = "BUSINESS", _("Business")
        ALTERNATIVE = "ALTERNATIVE", _("Alternative")

    keys = {"name_key": ("name", folded_key)}

    contact = models.ForeignKey(
        Contact, models.CASCADE, related_name="addresses", db_index=False, verbose_name=_("contact")
    )
    type = models.CharField(_("type"), max_length=12, choices=Type, default=Type.HOME)
    name = models.CharField(_("name"), max_length=100, blank=True)
    name_key = models.CharField(max_length=300, editable=False, blank=True)
    line_1 = models.CharField(_("address line 1"), max_length=200)
    line_2 = models.CharField(_("address line 2"), max_length=200, blank=True)
    state = models.CharField(_("state/province/county"), max_length=100, blank=True)
    town = models.CharField(_("town/city"), max_length=100, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(
        _("country"), max_length=3, blank=True, help_text=_("ISO 3166 alpha-3, such as CYP")
    )

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ["type", "name_key"]
        constraints = [
            # Also the index that finds a contact's addresses.
            models.UniqueConstraint(
                fields=["contact", "type", "name_key"],
                name="address_is_one_of_its_type_and_name",
                violation_error_message=_("The contact has an address of this type and name."),
            )
        ]

    def __str__(self):
        return f"{self.get_type_display()}: {self.line_1}"

    def set_keys(self):
        self.name_key = folded_key(self.name)


class Product(Record):
    class State(models.TextChoices):
        ACTIVE = "ACTIVE", _("Active")
        INACTIVE = "INACTIVE", _("Inactive")

    keys = {"code_key": ("code", exact_key)}

    code = models.CharField(_("product code"), max_length=100)
    code_key = models.CharField(max_length=100, editable=False)
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), max_length=4000, blank=True)
    type = models.ForeignKey(ProductType, models.PROTECT, verbose_name=_("type"))
    family = models.ForeignKey(ProductFamily, models.PROTECT, null=True, blank=True, verbose_name=_("family"))
    brand = models.ForeignKey(Brand, models.PROTECT, null=True, blank=True, verbose_name=_("brand"))
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=4, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True, help_text=_("ISO 4217, such as EUR"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["code_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["code_key"],
                name="product_code_is_unique",
                violation_error_message=_("Another product has this code."),
            ),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0) & ~Q(currency=""),
                name="product_price_has_currency",
                violation_error_message=_("A price is 0 or more and needs a currency."),
            ),
        ]

    def __str__(self):
        return f"{self.code} {self.name}"


class Device(Record):
    keys = {"serial_key": ("serial_number", folded_key), "electronic_id_key": ("electronic_id", exact_key)}

    serial_number = models.CharField(_("serial number"), max_length=100)
    serial_key = models.CharField(max_length=300, editable=False)
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        verbose_name=_("product"),
        limit_choices_to={"type__classification": "TRACEABLE_PHYSICAL_GOOD"},
    )
    electronic_id = models.CharField(_("electronic ID"), max_length=100, blank=True)
    electronic_id_key = models.CharField(max_length=100, null=True, editable=False)  # noqa: DJ001 unique if given
    location = models.ForeignKey(
        DeviceLocation, models.PROTECT, null=True, blank=True, verbose_name=_("location")
    )
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, verbose_name=_("owner"))

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["serial_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["serial_key"],
                name="device_serial_number_is_unique",
                violation_error_message=_("Another device has this serial number."),
            ),
            models.UniqueConstraint(
                fields=["electronic_id_key"],
                name="device_electronic_id_is_unique",
                violation_error_message=_("Another device has this electronic ID."),
            ),
        ]

    def __str__(self):
        return self.serial_number


class RewardScheme(LookUp):
    class State(models.TextChoices):
        ACTIVE = "ACTIVE", _("Active")
        INACTIVE = "INACTIVE", _("Inactive")

    class SignUp(models.TextChoices):
        AUTO_SIGN_UP = "AUTO_SIGN_UP", _("Automatic sign-up")
        SELF_SIGN_UP = "SELF_SIGN_UP", _("Self sign-up")
        CLOSED_LOOP = "CLOSED_LOOP", _("Closed loop")

    class Method(models.TextChoices):
        EMAIL_DOMAIN = "EMAIL_DOMAIN", _("E-mail domain")
        CODE = "CODE", _("Code")

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    sign_up = models.CharField(_("sign-up option"), max_length=20, choices=SignUp)
    closed_loop_method = models.CharField(_("closed loop method"), max_length=20, choices=Method, blank=True)

    class Meta(LookUp.Meta):
        verbose_name = _("reward scheme")
        verbose_name_plural = _("reward schemes")
        constraints = [
            *LookUp.Meta.constraints,
            models.CheckConstraint(
                condition=Q(sign_up="CLOSED_LOOP") & ~Q(closed_loop_method="")
                | ~Q(sign_up="CLOSED_LOOP") & Q(closed_loop_method=""),
                name="reward_scheme_method_is_for_closed_loop",
                violation_error_message=_("A closed-loop scheme, and only such a one, needs a method."),
            ),
        ]


class RewardSchemeCode(Record):
    keys = {"code_key": ("code", exact_key)}

    scheme = models.ForeignKey(
        RewardScheme,
        models.PROTECT,
        verbose_name=_("reward scheme"),
        limit_choices_to={"sign_up": "CLOSED_LOOP", "closed_loop_method": "CODE"},
    )
    code = models.CharField(_("code"), max_length=100)
    code_key = models.CharField(max_length=100, editable=False)
    used = models.BooleanField(_("used"), default=False)
    used_by = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, verbose_name=_("used by"))
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("reward scheme code")
        verbose_name_plural = _("reward scheme codes")
        ordering = ["code_key"]
        constraints = [
            models.UniqueConstraint(
                fields=["code_key"],
                name="reward_scheme_code_is_unique",
                violation_error_message=_("This code exists already."),
            ),
            models.CheckConstraint(
                condition=Q(used=True, used_at__isnull=False)
                | Q(used=False, used_by__isnull=True, used_at__isnull=True),
                name="reward_scheme_code_use_is_whole",
                violation_error_message=_("Used and its time go together; an unused code has no user."),
            ),
        ]

    def __str__(self):
        return self.code
