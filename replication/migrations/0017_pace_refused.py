from django.db import migrations, models


class Migration(migrations.Migration):
    """How often Azure refused a write for its number, as the run's page tells it."""

    dependencies = [("replication", "0016_run_order")]

    operations = [
        migrations.AddField(model_name="pace", name="refused", field=models.BigIntegerField(default=0)),
    ]
