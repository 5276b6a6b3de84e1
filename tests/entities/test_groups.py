import pytest
from django.contrib.auth.models import Group

pytestmark = pytest.mark.django_db

RECORDS = {
    "address",
    "brand",
    "contact",
    "contactclassification",
    "device",
    "devicelocation",
    "organisation",
    "product",
    "productfamily",
    "producttype",
    "rewardscheme",
    "rewardschemecode",
}


def rights(name):
    permissions = Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in permissions}


def test_a_business_admin_imports_and_edits_every_record():
    actions = ("add", "change", "delete", "view")
    records = {f"entities.{action}_{record}" for action in actions for record in RECORDS}
    imports = {f"imports.{action}_importjob" for action in actions}
    assert rights("Business admin") == records | imports | {"imports.view_importevent"}


def test_support_sees_imports_and_records_and_changes_nothing():
    assert rights("Support") == {f"entities.view_{record}" for record in RECORDS} | {"imports.view_importjob"}


def test_a_business_admin_has_every_right_that_an_import_takes(business_admin):
    from imports.importers import importers

    for importer in importers():
        wanted = importer.permissions(update=True, generate=True, look_ups=importer.look_ups)
        assert business_admin.has_perms(wanted)
