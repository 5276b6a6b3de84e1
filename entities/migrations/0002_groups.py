"""The two groups that come with the product."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

ENTITIES = (
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
)
GROUPS = {
    "Business admin": {
        "imports": {
            "importjob": ("add", "change", "delete", "view"),
            "importevent": ("view",),
        },
        "entities": dict.fromkeys(ENTITIES, ("add", "change", "delete", "view")),
    },
    "Support": {
        "imports": {"importjob": ("view",)},
        "entities": dict.fromkeys(ENTITIES, ("view",)),
    },
}


def create_groups(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    using = schema_editor.connection.alias
    for label in ("imports", "entities"):
        # Django makes permissions after all migrations, which is too late here.
        create_permissions(installed.get_app_config(label), verbosity=0, using=using)
    for name, rights in GROUPS.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        for label, models in rights.items():
            for model, actions in models.items():
                codenames = [f"{action}_{model}" for action in actions]
                found = Permission.objects.using(using).filter(
                    content_type__app_label=label, codename__in=codenames
                )
                group.permissions.add(*found)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("entities", "0001_initial"),
        ("imports", "0001_initial"),
    ]

    operations = [migrations.RunPython(create_groups, migrations.RunPython.noop)]
