from django.db import migrations, models
from django.utils import timezone


def keep_due(apps, schema_editor):
    apps.get_model("imports", "ImportJob").objects.filter(mail_pending=True).update(mail_due=timezone.now())


def keep_pending(apps, schema_editor):
    apps.get_model("imports", "ImportJob").objects.exclude(mail_due=None).update(mail_pending=True)


class Migration(migrations.Migration):
    dependencies = [("imports", "0009_pause")]
    operations = [
        migrations.AddField(
            "ImportJob",
            "mail_due",
            models.DateTimeField(help_text="when to tell how it ended; None when that is done", null=True),
        ),
        migrations.RunPython(keep_due, keep_pending),
        migrations.RemoveField("ImportJob", "mail_pending"),
    ]
