"""The door to the database gives what Django gives, only sooner."""

import datetime
from decimal import Decimal

import pytest

from entities.models import Contact
from imports import bulk
from imports.importers import importer_for
from tests import factories

MADE = {
    "contacts": (factories.ContactFactory, {"birth_date": datetime.date(1984, 2, 29), "sms_opt_out": True}),
    "products": (factories.ProductFactory, {"price": Decimal("12.50"), "currency": "EUR"}),
    "devices": (factories.DeviceFactory, {}),
    "reward-scheme-codes": (factories.RewardSchemeCodeFactory, {}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("slug", MADE)
def test_what_is_fetched_is_what_django_gives(slug):
    factory, some_values = MADE[slug]
    factory(**some_values)
    factory()
    importer = importer_for(slug)
    names = [field.attname for field in importer.model._meta.concrete_fields] + list(importer.fetch)
    records = importer.model.objects.order_by("pk").select_for_update(of=("self",))
    as_django_gives = list(records.values(*names))
    fetched = bulk.fetch(records, names)
    assert fetched == as_django_gives
    assert [list(map(type, one.values())) for one in fetched] == [
        list(map(type, one.values())) for one in as_django_gives
    ]
    assert len(fetched) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("nothing", [{"code_key__among": ["no", "such"]}, {"pk__among": []}, {"pk__in": []}])
def test_nothing_is_fetched_when_there_is_nothing(nothing):
    factories.ContactFactory()
    assert bulk.fetch(Contact.objects.filter(**nothing), ["id", "code"]) == []
