from django.db import migrations, models


def told_apart(rows):
    """(id, vault, name) of webhooks, the oldest first -> {id: new name}: all of one name in a vault but the first get a number."""
    taken, seen, new = {row[1:] for row in rows}, set(), {}
    for pk, vault, old in rows:
        name, number = old, 1
        while (vault, name) in (taken if number > 1 else seen):
            number += 1
            end = f" ({number})"
            name = old[: 100 - len(end)] + end
        seen.add((vault, name))
        if name != old:
            taken.add((vault, name))
            new[pk] = name
    return new


def tell_apart(apps, schema_editor):
    webhooks = apps.get_model("replication", "Webhook").objects
    rows = list(webhooks.order_by("created_at", "id").values_list("id", "vault_id", "name"))
    for pk, name in told_apart(rows).items():
        webhooks.filter(pk=pk).update(name=name)


class Migration(migrations.Migration):
    dependencies = [
        ('replication', '0037_item_in_order'),
    ]

    operations = [
        migrations.RunPython(tell_apart, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.UniqueConstraint(fields=('vault', 'name'), name='webhook_name'),
        ),
    ]
