from django.db import migrations, models


class Migration(migrations.Migration):
    """The next step to be sent is found without sorting a run's ten thousand."""

    dependencies = [("replication", "0015_runs_without_draft")]

    operations = [
        migrations.AddIndex(
            model_name="step",
            index=models.Index(fields=["run", "state", "stage", "position", "id"], name="step_order"),
        ),
    ]
