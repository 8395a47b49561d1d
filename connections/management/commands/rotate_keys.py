"""`manage.py rotate_keys`: encrypt everything stored with the newest key of FIELD_KEYS."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction
from django.db.models.functions import Cast

from connections.crypto import EncryptedJSONField, is_newest, reencrypt

SLICE = 200


class Command(BaseCommand):
    help = (
        "Encrypts every stored secret with the first key of FIELD_KEYS. Run it after a new key was put in "
        "front; when it reports nothing left, the old key may be removed. May be interrupted and repeated."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--slice", type=int, default=SLICE, help="rows for each transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        total = 0
        for model, field in encrypted_fields():
            rotated, kept = rotate(model, field, options["slice"])
            total += rotated
            self.stdout.write(f"{model._meta.label}.{field}: {rotated} encrypted anew, {kept} were already")
        self.stdout.write(f"{total} values encrypted anew. All values now use the newest key.")


def encrypted_fields() -> list[tuple[type[models.Model], str]]:
    """Every encrypted field of every model, whichever app it is in."""
    return [
        (model, field.attname)
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedJSONField)
    ]


def rotate(model: type[models.Model], field: str, slice_size: int) -> tuple[int, int]:
    """(values encrypted anew, values that already used the newest key); a short transaction a slice."""
    rotated = kept = last = 0
    while True:
        with transaction.atomic():
            # Cast to text shows the stored value as it is, encrypted.
            rows = list(
                model._default_manager.filter(pk__gt=last)
                .order_by("pk")
                .annotate(stored=Cast(field, models.TextField()))
                .values_list("pk", "stored")[:slice_size]
            )
            if not rows:
                return rotated, kept
            for pk, stored in rows:
                if not stored or is_newest(stored):
                    kept += bool(stored)
                    continue
                # Only if nobody has written meanwhile: what is written now uses the newest key anyway.
                rotated += _replace(model, field, pk, stored)
            last = rows[-1][0]


def _replace(model: type[models.Model], field: str, pk: int, stored: str) -> int:
    return (
        model._default_manager.annotate(stored=Cast(field, models.TextField()))
        .filter(pk=pk, stored=stored)
        .update(**{field: models.Value(reencrypt(stored), output_field=models.TextField())})
    )
