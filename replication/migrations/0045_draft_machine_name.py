from django.db import migrations, models


def fill(apps, schema_editor):
    """Machines keep their names, so that those of now are those that the rows were made with."""
    named = apps.get_model("replication", "Machine").objects.filter(pk=models.OuterRef("machine_id")).values("name")
    apps.get_model("replication", "DraftMachine").objects.update(name=models.Subquery(named[:1]))


class Migration(migrations.Migration):

    dependencies = [
        ('replication', '0044_one_open_reading'),
    ]

    operations = [
        migrations.AddField(
            model_name='draftmachine',
            name='name',
            field=models.CharField(default='', max_length=100),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterModelOptions(
            name='draftmachine',
            options={'ordering': ['name', 'id']},
        ),
        migrations.AddConstraint(
            model_name='draftmachine',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='draft_machine_named'),
        ),
        migrations.AddIndex(
            model_name='draftmachine',
            index=models.Index(fields=['draft', 'name', 'id'], name='draft_machine_in_order'),
        ),
    ]
