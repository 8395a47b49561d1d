"""A configuration file made true: every fault with its place, every difference, all or nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction

from connections import audit
from connections.messages import say
from connections.models import Connection
from mlconnector.config.exporting import plain
from mlconnector.config.kinds import BY_SECTION, KINDS, Kind, Rows
from pairs import actions
from pairs.models import Integration

REASON = "manage.py config apply"
SECRET_PREFIX = "env:"  # noqa: S105


@dataclass
class Report:
    """What a file would change or has changed, and everything that is wrong with it."""

    faults: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)


class Undo(Exception):
    """Ends the transaction of a mere check."""


def run(document: Mapping[str, Any], *, is_check: bool, by: str = "") -> Report:
    """Apply the document, or only find out what applying it would do. Nothing is stored with any fault."""
    work = Application()
    try:
        with transaction.atomic():
            for kind in KINDS:
                for position, wanted in enumerate(document.get(kind.section) or (), start=1):
                    work.thing(kind, wanted, position)
            work.check()
            if is_check or work.report.faults:
                raise Undo
            if work.report.changes:
                audit.record(
                    "config.applied",
                    "configuration",
                    say(
                        "A configuration file was applied: %(count)s changes.", count=len(work.report.changes)
                    ),
                    actor=by,
                    changes=work.report.changes,
                )
                actions.wake_after_change(Integration.objects.all(), by=by)
    except Undo:
        return work.report
    return work.report


class Application:
    """One run over a document, inside a transaction."""

    def __init__(self) -> None:
        self.report = Report()
        self.written: list[tuple[str, Kind, models.Model]] = []
        self.named: set[str] = set()

    def thing(self, kind: Kind, wanted: Mapping[str, Any], position: int) -> None:
        if not self._has_key(kind, wanted, f"{kind.section}[{position}]"):
            return
        key = {name: wanted[name] for name in kind.key}
        place = f"{kind.section} '{'-'.join(str(value) for value in key.values())}'"
        if place in self.named:
            self.report.faults.append(f"{place}: listed twice.")
        self.named.add(place)
        self._unknown(place, wanted, kind)
        stored = self._get(kind.model, key, place)
        if stored is None:
            return
        changed = self._set(kind, stored, wanted, place)
        if kind.has_secrets and isinstance(stored, Connection):
            changed += self._set_secrets(stored, wanted.get("secrets") or {}, place)
        if not self._save(stored, place, changed):
            return
        for rows in kind.rows:
            if rows.name in wanted:
                self._rows(rows, stored, wanted[rows.name] or (), f"{place} {rows.name}")
        self.written.append((place, kind, stored))

    def _has_key(self, kind: Kind | Rows, wanted: Any, place: str) -> bool:
        """Whether it is an entry with all that names it."""
        if not isinstance(wanted, dict):
            self.report.faults.append(f"{place}: fields such as '{kind.key[0]}: ...' are expected.")
            return False
        missing = [name for name in kind.key if wanted.get(name) in (None, "")]
        if missing:
            self.report.faults.append(f"{place}: {', '.join(missing)} is missing.")
        unfit = [name for name in kind.key if isinstance(wanted.get(name), dict | list | bool)]
        if unfit:
            self.report.faults.append(f"{place}: {', '.join(unfit)} must be one text or number.")
        return not (missing or unfit)

    def check(self) -> None:
        """The rules that look at things together, once all of them are there."""
        for place, kind, stored in self.written:
            fresh = kind.model._default_manager.get(pk=stored.pk)
            self.report.faults += [f"{place}: {fault}" for fault in kind.check(fresh)]

    def _unknown(self, place: str, wanted: Mapping[str, Any], kind: Kind | Rows) -> None:
        known = {*kind.key, *kind.fields}
        if isinstance(kind, Kind):
            known |= {rows.name for rows in kind.rows} | ({"secrets"} if kind.has_secrets else set())
        for name in wanted:
            if name not in known:
                self.report.faults.append(
                    f"{place}: there is no field '{name}'; known are {', '.join(sorted(known))}."
                )

    def _get(self, model: type[models.Model], key: Mapping[str, Any], place: str) -> models.Model | None:
        try:
            return model._default_manager.filter(**key).first() or model(**key)
        except (ValueError, TypeError, ValidationError) as error:
            self.report.faults.append(f"{place}: {_sentence(error)}")
            return None

    def _set(
        self, kind: Kind | Rows, stored: models.Model, wanted: Mapping[str, Any], place: str
    ) -> list[str]:
        """Assign what the file names; the names of the fields that became different, with both values."""
        changed = []
        for name in kind.fields:
            if name not in wanted:
                continue
            before = plain(kind, name, stored) if stored.pk else None
            try:
                setattr(stored, name, self._value(kind, name, wanted[name], f"{place} {name}"))
            except (ValidationError, ValueError) as error:
                self.report.faults.append(f"{place} {name}: {_sentence(error)}")
                continue
            after = plain(kind, name, stored)
            if before != after:
                changed.append(f"{name}: {before!r} -> {after!r}")
        return changed

    def _value(self, kind: Kind | Rows, name: str, value: Any, place: str) -> Any:
        """The value as the model wants it. Raises ValueError or ValidationError for one that does not fit."""
        if name in kind.references:
            return self._referred(kind.references[name], value, place)
        field = kind.model._meta.get_field(name)
        if isinstance(field, models.JSONField):
            if not isinstance(value, dict):
                raise ValueError("entries such as 'name: value' are expected.")
            return value
        if isinstance(value, dict | list):
            raise ValueError("one value is expected.")
        if isinstance(value, bool) and isinstance(field, models.CharField):
            raise ValueError("a text is expected; write it in quotes.")
        # An empty text is written as nothing at all by people and by YAML.
        if value is None and not field.null and field.empty_strings_allowed:
            value = ""
        return field.to_python(value)

    def _referred(self, section: str, key: Any, place: str) -> models.Model | None:
        if key in (None, ""):
            return None
        kind = BY_SECTION[section]
        found = kind.model._default_manager.filter(**dict(zip(kind.key, (key,), strict=True))).first()
        if found is None:
            self.report.faults.append(f"{place}: there is no '{key}' in {section}.")
        return found

    def _set_secrets(self, connection: Connection, wanted: Mapping[str, Any], place: str) -> list[str]:
        """Secrets come from the environment alone; of a change only its name is told."""
        secrets = dict(connection.secrets or {})
        changed: list[str] = []
        if not isinstance(wanted, dict):
            self.report.faults.append(f"{place} secrets: entries such as 'name: env:NAME' are expected.")
            return changed
        for key, reference in wanted.items():
            name = str(reference).removeprefix(SECRET_PREFIX)
            if not str(reference).startswith(SECRET_PREFIX) or not name:
                self.report.faults.append(
                    f"{place} secrets {key}: write env:NAME, the name of an environment variable; "
                    "a secret itself does not belong into a file."
                )
                continue
            value = os.environ.get(name, "")
            if not value:
                self.report.faults.append(
                    f"{place} secrets {key}: the environment variable {name} is not set."
                )
            elif secrets.get(key) != value:
                secrets[key] = value
                changed.append(f"secret {key}")
        connection.secrets = secrets
        return changed

    def _save(self, stored: models.Model, place: str, changed: list[str]) -> bool:
        is_new = stored.pk is None
        try:
            stored.full_clean()
        except ValidationError as error:
            self.report.faults.append(f"{place}: {_sentence(error)}")
            return self._is_kept_for_checks(stored)
        if is_new or changed:
            # Read by the history when it writes its row.
            stored._change_reason = REASON  # type: ignore[attr-defined]
            stored.save()
            self.report.changes.append(f"{place}: {'new' if is_new else '; '.join(changed)}")
        return True

    def _is_kept_for_checks(self, stored: models.Model) -> bool:
        """Whether the faulty thing can stand in the database until everything else of the file is checked."""
        try:
            with transaction.atomic():
                stored.save()
        except (DatabaseError, ValueError, TypeError, models.ObjectDoesNotExist):
            return False
        return True

    def _rows(self, rows: Rows, parent: models.Model, wanted: Any, place: str) -> None:
        kept = set()
        if not isinstance(wanted, list | tuple):
            self.report.faults.append(
                f"{place}: a list of entries is expected, each beginning with a hyphen."
            )
            return
        for position, row in enumerate(wanted, start=1):
            if not self._has_key(rows, row, f"{place}[{position}]"):
                continue
            at = f"{place} '{' '.join(str(row[name]) for name in rows.key)}'"
            self._unknown(at, row, rows)
            stored = self._get(
                rows.model, {rows.parent: parent, **{name: row[name] for name in rows.key}}, at
            )
            if stored is None:
                continue
            defaults = {name: rows.model._meta.get_field(name).get_default() for name in rows.fields}
            changed = self._set(rows, stored, {**defaults, **row}, at)
            if self._save(stored, at, changed):
                if stored.pk in kept:
                    self.report.faults.append(f"{at}: listed twice.")
                kept.add(stored.pk)
        for extra in rows.model._default_manager.filter(**{rows.parent: parent}).exclude(pk__in=kept):
            self.report.changes.append(f"{place}: '{extra}' removed")
            extra._change_reason = REASON
            extra.delete()


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        if hasattr(error, "error_dict"):
            return "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
        return " ".join(error.messages)
    return str(error)
