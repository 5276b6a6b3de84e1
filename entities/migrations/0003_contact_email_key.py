"""E-mails and phone numbers of contacts are found by index; e-mails whatever their case."""

from django.db import migrations, models

from imports.keys import folded_key

AT_ONCE = 1000


def set_email_keys(apps, schema_editor):
    contacts = apps.get_model("entities", "Contact").objects.using(schema_editor.connection.alias)
    batch = []
    for contact in contacts.exclude(email="").only("email").order_by("pk").iterator(AT_ONCE):
        contact.email_key = folded_key(contact.email)
        batch.append(contact)
        if len(batch) == AT_ONCE:
            contacts.bulk_update(batch, ["email_key"])
            batch = []
    contacts.bulk_update(batch, ["email_key"])


class Migration(migrations.Migration):
    dependencies = [("entities", "0002_groups")]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="email_key",
            field=models.CharField(editable=False, max_length=762, null=True),
        ),
        migrations.AddIndex(
            model_name="contact", index=models.Index(fields=["email_key"], name="contact_by_email")
        ),
        migrations.AddIndex(
            model_name="contact", index=models.Index(fields=["phone"], name="contact_by_phone")
        ),
        migrations.RunPython(set_email_keys, migrations.RunPython.noop),
    ]
