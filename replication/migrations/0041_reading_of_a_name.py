from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('replication', '0040_frame_target'),
    ]

    operations = [
        migrations.AlterField(
            model_name='reading',
            name='kind',
            field=models.CharField(choices=[('vaults', 'Vaults and inventory'), ('inventory', 'Inventory'), ('items', 'Replicated items'), ('machines', 'Chosen machines'), ('recovery_points', 'Recovery points'), ('checks', 'Checks before a run'), ('name', 'Name in the world')], max_length=30),
        ),
    ]
