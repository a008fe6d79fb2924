from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('replication', '0039_notices_of_the_console'),
    ]

    operations = [
        migrations.AddField(
            model_name='historyframe',
            name='target',
            field=models.IntegerField(default=1800),  # what held for everybody until now
            preserve_default=False,
        ),
    ]
