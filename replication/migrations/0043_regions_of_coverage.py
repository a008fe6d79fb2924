from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("replication", "0042_indexes_of_pages"),
    ]

    operations = [
        migrations.AddField(
            model_name="coverage",
            name="locations",
            field=models.JSONField(null=True),
        ),
    ]
