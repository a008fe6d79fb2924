from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('replication', '0045_draft_machine_name'),
    ]

    operations = [
        migrations.AddField(
            model_name='draftmachine',
            name='customized',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(overrides={}, then=False), default=True), output_field=models.BooleanField()),
        ),
        migrations.AddIndex(
            model_name='draftmachine',
            index=models.Index(condition=models.Q(('customized', True)), fields=['draft', 'name', 'id'], name='draft_machine_customized'),
        ),
    ]
