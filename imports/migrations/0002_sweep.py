from django.db import migrations


def schedule(apps, schema_editor):
    """Once a minute: runs whose worker died are queued again, e-mails that failed are sent."""
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name="Import Data: sweep",
        defaults={"func": "imports.execution.sweep", "schedule_type": "I", "minutes": 1, "repeats": -1},
    )


def unschedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name="Import Data: sweep").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("imports", "0001_initial"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [migrations.RunPython(schedule, unschedule)]
