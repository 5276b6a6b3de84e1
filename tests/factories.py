"""Records and people for tests."""

from importlib import import_module
from types import SimpleNamespace

import factory
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from factory.django import DjangoModelFactory

from entities import models


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = models.Organisation

    name = factory.Sequence("Organisation {}".format)


class ContactClassificationFactory(DjangoModelFactory):
    class Meta:
        model = models.ContactClassification

    name = factory.Sequence("Classification {}".format)


class ContactFactory(DjangoModelFactory):
    class Meta:
        model = models.Contact

    first_name = "Maria"
    last_name = factory.Sequence("Sample {}".format)
    code = factory.Sequence("CONTACT-{}".format)


class CompanyFactory(ContactFactory):
    type = models.Contact.Type.COMPANY
    first_name = ""
    last_name = ""
    company_name = factory.Sequence("Sample Company {}".format)


class AddressFactory(DjangoModelFactory):
    class Meta:
        model = models.Address

    contact = factory.SubFactory(ContactFactory)
    name = factory.Sequence("Address {}".format)
    line_1 = "1 Sample Street"


class ProductTypeFactory(DjangoModelFactory):
    class Meta:
        model = models.ProductType

    name = factory.Sequence("Product type {}".format)
    classification = models.ProductType.Classification.TRACEABLE_PHYSICAL_GOOD


class ProductFamilyFactory(DjangoModelFactory):
    class Meta:
        model = models.ProductFamily

    name = factory.Sequence("Family {}".format)


class BrandFactory(DjangoModelFactory):
    class Meta:
        model = models.Brand

    name = factory.Sequence("Brand {}".format)


class ProductFactory(DjangoModelFactory):
    """A product that devices can be of."""

    class Meta:
        model = models.Product

    code = factory.Sequence("PRODUCT-{}".format)
    name = factory.Sequence("Product {}".format)
    type = factory.SubFactory(ProductTypeFactory)


class DeviceLocationFactory(DjangoModelFactory):
    class Meta:
        model = models.DeviceLocation

    name = factory.Sequence("Location {}".format)


class DeviceFactory(DjangoModelFactory):
    class Meta:
        model = models.Device

    serial_number = factory.Sequence("SERIAL-{}".format)
    product = factory.SubFactory(ProductFactory)


class RewardSchemeFactory(DjangoModelFactory):
    """A scheme that takes codes."""

    class Meta:
        model = models.RewardScheme

    name = factory.Sequence("Scheme {}".format)
    sign_up = models.RewardScheme.SignUp.CLOSED_LOOP
    closed_loop_method = models.RewardScheme.Method.CODE


class RewardSchemeCodeFactory(DjangoModelFactory):
    class Meta:
        model = models.RewardSchemeCode

    scheme = factory.SubFactory(RewardSchemeFactory)
    code = factory.Sequence("CODE-{}".format)


class UserFactory(DjangoModelFactory):
    """A person of the staff without any right."""

    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence("person{}".format)
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    is_staff = True

    @factory.post_generation
    def group(self, create, name):
        if name:
            self.groups.add(group_named(name))


class SuperuserFactory(UserFactory):
    is_superuser = True


def group_named(name):
    """A group of the migrations, made again when a test with real transactions has flushed it away."""
    if not Group.objects.filter(name=name).exists():
        migration = import_module("entities.migrations.0002_groups")
        migration.create_groups(apps, SimpleNamespace(connection=connection))
    return Group.objects.get(name=name)
