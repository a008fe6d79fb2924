from django.db import migrations, models
from django.db.models import Exists, OuterRef


def ask_once(apps, schema_editor):
    """Of questions that were asked twice and are open, the first stays."""
    open_ = apps.get_model("replication", "Reading").objects.filter(answered_at=None).exclude(kind="checks")
    same = {name: OuterRef(name) for name in ("connection", "kind", "subject")}
    open_.filter(Exists(open_.filter(pk__lt=OuterRef("pk"), **same))).delete()


class Migration(migrations.Migration):
    dependencies = [
        ('replication', '0043_regions_of_coverage'),
    ]

    operations = [
        migrations.RunPython(ask_once, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='reading',
            constraint=models.UniqueConstraint(
                fields=('connection', 'kind', 'subject'),
                condition=models.Q(('answered_at', None), models.Q(('kind', 'checks'), _negated=True)),
                name='one_open_reading',
            ),
        ),
    ]
