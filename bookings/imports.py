"""Tables of a DATEV client from CSV and XLSX: a preview first, then all rows or none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import tablib
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_noop as _
from import_export import fields, resources, widgets
from import_export.results import Result, RowResult

from bookings.models import Account, CostCenter, DatevClient, Partner, TaxKey
from bookings.table_files import Column, Row, read
from connections import audit
from connections.errors import RejectedError
from connections.messages import DataFault, Message, say

YES = frozenset({"1", "x", "ja", "j", "yes", "y", "true", "wahr"})
NO = frozenset({"", "0", "nein", "n", "no", "false", "falsch", "-"})
DIRECTIONS = {
    "": TaxKey.TaxDirection.BOTH,
    **dict.fromkeys(("both", "beide", "beides"), TaxKey.TaxDirection.BOTH),
    **dict.fromkeys(("sale", "verkauf", "umsatzsteuer", "ust", "ausgang"), TaxKey.TaxDirection.SALE),
    **dict.fromkeys(("purchase", "einkauf", "vorsteuer", "vst", "eingang"), TaxKey.TaxDirection.PURCHASE),
}


@dataclass(frozen=True)
class RowFault:
    """`row` is the number that the spreadsheet shows."""

    row: int
    fault: DataFault

    def as_data_fault(self) -> DataFault:
        rule = say("Row %(row)s: %(rule)s", row=self.row, rule=self.fault.rule)
        return DataFault(self.fault.field, self.fault.value, rule, self.fault.remedy)


@dataclass(frozen=True)
class Report:
    """What an import does, or would do. With faults it does nothing."""

    rows: int
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    faults: Sequence[RowFault] = field(default_factory=tuple)


class NumberWidget(widgets.CharWidget):  # type: ignore[misc]
    """An account number: digits without leading zeros, which DATEV's files don't have either."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = str(value or "").replace(" ", "")
        if not re.fullmatch(r"[0-9]+", text) or not text.strip("0"):
            raise ValueError(_("Digits only, for example 4400 or 70001."))
        return text.lstrip("0")


class YesNoWidget(widgets.Widget):  # type: ignore[misc]
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        text = str(value or "").lower()
        if text not in YES | NO:
            raise ValueError(_("Write yes or no (ja, nein, x, 1, 0)."))
        return text in YES

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "1" if value else "0"


class RateWidget(widgets.Widget):  # type: ignore[misc]
    """A tax rate: 19, 19 %, 19,00 or 0,19 is 0.19; empty = none."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        text = str(value or "").replace("%", " ").strip().replace(",", ".")
        if not text:
            return None
        try:
            rate = Decimal(text)
        except InvalidOperation:
            raise ValueError(_("Write the rate as 19, 19 % or 0,19.")) from None
        if not rate.is_finite() or not 0 <= rate <= 100:
            raise ValueError(_("A tax rate lies between 0 and 100 %."))
        is_percent = "%" in str(value) or rate >= 1
        return (rate / 100 if is_percent else rate).quantize(Decimal("0.0001"))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


class DirectionWidget(widgets.CharWidget):  # type: ignore[misc]
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        try:
            return DIRECTIONS[str(value or "").lower()]
        except KeyError:
            raise ValueError(_("Write sale, purchase or both (Umsatzsteuer, Vorsteuer).")) from None


class TableResource(resources.ModelResource):  # type: ignore[misc]
    """Rows of one client, matched by their number."""

    def __init__(self, client: DatevClient, by: Any = None, reason: str = "") -> None:
        super().__init__()
        self.client = client
        self.by = by
        self.reason = reason

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(client=self.client)

    def init_instance(self, row: Any = None) -> Any:
        return self._meta.model(client=self.client)

    def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        instance._history_user = self.by
        instance._change_reason = self.reason[:100]


class AccountResource(TableResource):
    number = fields.Field("number", "number", NumberWidget())
    is_automatic = fields.Field("is_automatic", "is_automatic", YesNoWidget())
    is_collective = fields.Field("is_collective", "is_collective", YesNoWidget())
    is_blocked = fields.Field("is_blocked", "is_blocked", YesNoWidget())

    class Meta:
        model = Account
        fields = ("number", "name", "is_automatic", "is_collective", "is_blocked")
        import_id_fields = ("number",)
        skip_unchanged = report_skipped = clean_model_instances = True


class PartnerResource(TableResource):
    number = fields.Field("number", "number", NumberWidget())
    is_blocked = fields.Field("is_blocked", "is_blocked", YesNoWidget())

    class Meta:
        model = Partner
        fields = ("number", "name", "city", "vat_id", "is_blocked")
        import_id_fields = ("number",)
        skip_unchanged = report_skipped = clean_model_instances = True


class CostCenterResource(TableResource):
    is_blocked = fields.Field("is_blocked", "is_blocked", YesNoWidget())

    class Meta:
        model = CostCenter
        fields = ("number", "name", "is_blocked")
        import_id_fields = ("number",)
        skip_unchanged = report_skipped = clean_model_instances = True


class TaxKeyResource(TableResource):
    """A new key, and one that an import changes, waits for its confirmation."""

    bu_key = fields.Field("bu_key", "bu_key", NumberWidget())
    rate = fields.Field("rate", "rate", RateWidget())
    direction = fields.Field("direction", "direction", DirectionWidget())
    needs_vat_id = fields.Field("needs_vat_id", "needs_vat_id", YesNoWidget())
    needs_country = fields.Field("needs_country", "needs_country", YesNoWidget())

    class Meta:
        model = TaxKey
        fields = ("bu_key", "meaning", "rate", "direction", "needs_vat_id", "needs_country", "reversal_key")
        import_id_fields = ("bu_key",)
        skip_unchanged = report_skipped = clean_model_instances = True

    def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        instance.is_confirmed = False
        super().before_save_instance(instance, row, **kwargs)


@dataclass(frozen=True)
class Table:
    key: str
    label: str
    resource: type[TableResource]
    columns: tuple[Column, ...]

    @property
    def id_field(self) -> str:
        return str(self.resource._meta.import_id_fields[0])


NAME = Column(
    "name",
    ("bezeichnung", "name", "beschriftung", "kontenbeschriftung", "kontobezeichnung", "unternehmen"),
)
BLOCKED = Column("is_blocked", ("gesperrt", "blocked", "locked"))
TABLES: Mapping[str, Table] = {
    table.key: table
    for table in (
        Table(
            "accounts",
            _("accounts"),
            AccountResource,
            (
                Column("number", ("konto", "account", "kontonummer", "sachkonto", "account number"), True),
                NAME,
                Column("is_automatic", ("automatikkonto", "automatik", "automatic account", "automatic")),
                Column("is_collective", ("sammelkonto", "collective account", "collective")),
                BLOCKED,
            ),
        ),
        Table(
            "partners",
            _("creditors and debtors"),
            PartnerResource,
            (
                Column(
                    "number",
                    ("konto", "personenkonto", "account", "kontonummer", "kreditor", "debitor", "number"),
                    True,
                ),
                Column("name", ("name", "firma", "unternehmen", "bezeichnung", "company"), True),
                Column("city", ("ort", "stadt", "city")),
                Column(
                    "vat_id", ("ust-idnr.", "ust-idnr", "ust-id", "ustid", "eu-ustid", "vat id", "vat number")
                ),
                BLOCKED,
            ),
        ),
        Table(
            "cost_centers",
            _("cost centers"),
            CostCenterResource,
            (
                Column("number", ("kostenstelle", "kost", "cost center", "nummer", "number"), True),
                NAME,
                BLOCKED,
            ),
        ),
        Table(
            "tax_keys",
            _("tax keys"),
            TaxKeyResource,
            (
                Column(
                    "bu_key",
                    ("bu-schlüssel", "bu", "steuerschlüssel", "schlüssel", "bu key", "tax key"),
                    True,
                ),
                Column("meaning", ("bedeutung", "bezeichnung", "meaning", "description"), True),
                Column("rate", ("steuersatz", "satz", "rate", "tax rate")),
                Column("direction", ("richtung", "art", "direction")),
                Column("needs_vat_id", ("braucht ust-id", "ust-id nötig", "needs vat id")),
                Column("needs_country", ("braucht land", "land nötig", "needs country")),
                Column("reversal_key", ("stornoschlüssel", "reversal key")),
            ),
        ),
    )
}


def preview(client: DatevClient, table: str, filename: str, content: bytes) -> Report:
    """What `apply` would do with this file; nothing is stored. Raises RejectedError if it is unreadable."""
    return _run(TABLES[table], client, filename, content, dry_run=True)


def apply(client: DatevClient, table: str, filename: str, content: bytes, by: Any = None) -> Report:
    """Store all rows of the file, updating those whose number is there; rows that the file lacks stay.

    Raises RejectedError with the faults of all bad rows, and nothing is stored, if there is one.
    `by` is the user who does it.
    """
    report = _run(TABLES[table], client, filename, content, dry_run=False, by=by)
    if report.faults:
        raise RejectedError(
            say(
                "Nothing was imported: %(count)s faults in '%(name)s'. Correct the rows and import again.",
                count=len(report.faults),
                name=filename,
            ),
            faults=[row.as_data_fault() for row in report.faults],
        )
    audit.record(
        "table.imported",
        f"datev_client:{client.pk}",
        say("'%(name)s' was imported.", name=filename),
        actor=str(by or ""),
        table=table,
        new=report.new,
        updated=report.updated,
        unchanged=report.unchanged,
    )
    return report


@dataclass(frozen=True)
class ValueRow:
    """A row of a two-column table: what stands at the source, how it is shown, what it becomes."""

    source: str
    label: str
    target: str


VALUE_COLUMNS = (
    Column("source", ("quelle", "wert", "quellwert", "source", "value", "source value", "von"), True),
    Column("label", ("anzeige", "bezeichnung", "label", "shown as")),
    Column("target", ("ziel", "zielwert", "target", "target value", "nach"), True),
)


def read_values(filename: str, content: bytes) -> list[ValueRow]:
    """A table of values with the columns source, label (may be missing) and target.

    Raises RejectedError with the faults of all bad rows.
    """
    rows = read(filename, content, VALUE_COLUMNS)
    faults = [
        RowFault(row.number, DataFault(name, "", say("The value is missing."), say("Fill it in.")))
        for row in rows
        for name in ("source", "target")
        if not row.values.get(name)
    ]
    faults += _doubled(rows, "source")
    if faults:
        raise RejectedError(
            say("Nothing was imported: correct the rows that are listed."),
            faults=[fault.as_data_fault() for fault in faults],
        )
    return [ValueRow(row.values["source"], row.values.get("label", ""), row.values["target"]) for row in rows]


def _run(
    table: Table, client: DatevClient, filename: str, content: bytes, *, dry_run: bool, by: Any = None
) -> Report:
    rows = read(filename, content, table.columns)
    doubled = _doubled(rows, table.id_field)
    given = [column.field for column in table.columns if any(column.field in row.values for row in rows)]
    dataset = tablib.Dataset(headers=given)
    for row in rows:
        dataset.append([row.values.get(name, "") for name in given])
    resource = table.resource(client, by, f"Import: {filename}")
    result: Result = resource.import_data(
        dataset,
        dry_run=dry_run or bool(doubled),
        use_transactions=True,
        rollback_on_validation_errors=True,
        raise_errors=False,
    )
    faults = sorted([*doubled, *_faults(result, rows, table.id_field)], key=lambda fault: fault.row)
    totals = result.totals
    return Report(
        rows=len(rows),
        new=totals[RowResult.IMPORT_TYPE_NEW],
        updated=totals[RowResult.IMPORT_TYPE_UPDATE],
        unchanged=totals[RowResult.IMPORT_TYPE_SKIP],
        faults=faults,
    )


def _doubled(rows: Sequence[Row], name: str) -> list[RowFault]:
    """Each row whose number stands in an earlier row too; leading zeros make no other number."""
    seen: Counter[str] = Counter()
    faults = []
    for row in rows:
        value = row.values.get(name, "")
        seen[value.lstrip("0")] += 1
        if value and seen[value.lstrip("0")] > 1:
            faults.append(
                RowFault(
                    row.number,
                    DataFault(name, value, say("This is in the file twice."), say("Remove one of the rows.")),
                )
            )
    return faults


def _faults(result: Result, rows: Sequence[Row], id_field: str) -> list[RowFault]:
    faults = [
        RowFault(rows[invalid.number - 1].number, fault)
        for invalid in result.invalid_rows
        for fault in _of_validation(invalid.error, rows[invalid.number - 1])
    ]
    for number, errors in result.row_errors():
        row = rows[number - 1]
        # Only the number by which a row is found fails here; other values fail in the validation.
        value = row.values.get(id_field, "")
        faults += [RowFault(row.number, DataFault(id_field, value, Message(str(e.error)))) for e in errors]
    faults += [RowFault(0, DataFault("", "", Message(str(error.error)))) for error in result.base_errors]
    return faults


def _of_validation(error: ValidationError, row: Row) -> list[DataFault]:
    if not hasattr(error, "error_dict"):
        return [DataFault("", "", Message(text)) for text in error.messages]
    return [
        DataFault(name if name != "__all__" else "", row.values.get(name, ""), Message(text))
        for name, texts in error.message_dict.items()
        for text in texts
    ]
