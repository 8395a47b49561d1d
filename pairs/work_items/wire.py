"""From a document's values to what Asana's fields take: by the field's real type, or a fault.

Pure: definitions and people are given. Every fault is named at once, and nothing is written with one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from connections.messages import DataFault, Message, say
from connections.vendors.asana.fields import MAX_TEXT_LENGTH, CustomField
from pairs.base import FieldType

# The gid of a person by e-mail address, None where nobody has it.
FindPerson = Callable[[str], str | None]
PERCENT_DIGITS = 2


@dataclass(frozen=True)
class FieldRow:
    """One mapping row: the value `key` of a document goes into the custom field `ref`."""

    key: str
    label: str
    ref: str
    type: FieldType
    mode: str = "always"
    table: Mapping[str, str] | None = None
    table_name: str = ""


@dataclass
class Wired:
    """Values by the fields' gids; `faults` of the document's values, `gone` of the configuration."""

    values: dict[str, Any] = field(default_factory=dict)
    faults: list[DataFault] = field(default_factory=list)
    gone: list[DataFault] = field(default_factory=list)


class Unwritable(Exception):
    """A value that the field can't take."""

    def __init__(self, rule: Message, remedy: Message) -> None:
        super().__init__(rule.pattern)
        self.rule = rule
        self.remedy = remedy


def to_wire(
    rows: Sequence[FieldRow],
    values: Mapping[str, Any],
    fields: Mapping[str, CustomField],
    *,
    find_person: FindPerson,
    language: str,
    zone: ZoneInfo,
    currency: str = "",
) -> Wired:
    """The values of those rows whose key the document has. `fields` are those of the project by gid.

    `currency` is that of the amounts: one in another currency is not written into a field that shows euros.
    """
    wired = Wired()
    writer = _Writer(find_person, language, zone, currency)
    for row in rows:
        if row.key not in values:
            continue
        custom = fields.get(row.ref)
        if custom is None or custom.is_read_only:
            wired.gone.append(_unusable(row, custom))
            continue
        try:
            wired.values[row.ref] = writer.written(row, custom, values[row.key])
        except Unwritable as error:
            shown = writer.text(values[row.key])
            wired.faults.append(DataFault(row.label, shown, error.rule, error.remedy))
    return wired


@dataclass(frozen=True)
class _Writer:
    find_person: FindPerson
    language: str
    zone: ZoneInfo
    currency: str

    def written(self, row: FieldRow, custom: CustomField, value: Any) -> Any:
        if value is None or value == "" or value == []:
            return None
        if row.table is not None:
            value = self._from_table(row, value)
            if value == "":
                return None
        write = {
            "text": self._text,
            "number": self._number,
            "date": self._date,
            "enum": self._option,
            "multi_enum": self._options,
            "people": self._people,
        }.get(custom.kind)
        if write is None:
            raise Unwritable(
                say("The Asana field '%(field)s' has a type that is not written.", field=custom.name),
                say("Map a field of another type: text, number, date, choice or people."),
            )
        return write(row, custom, value)

    def text(self, value: Any) -> str:
        """A value as people of this language read it."""
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if isinstance(value, Decimal):
            plain = f"{value:f}"
            return plain.replace(".", ",") if self.language == "de" else plain
        if isinstance(value, datetime):
            value = value.astimezone(self.zone).date()
        if isinstance(value, date):
            return f"{value:%d.%m.%Y}" if self.language == "de" else value.isoformat()
        if isinstance(value, list | tuple):
            return ", ".join(self.text(one) for one in value)
        return "" if value is None else str(value)

    def _from_table(self, row: FieldRow, value: Any) -> str:
        table = row.table or {}
        for key in (str(value), self.text(value)):
            if key in table:
                return table[key]
        raise Unwritable(
            say("This value is not in the value table '%(table)s'.", table=row.table_name),
            say("Add a row for it to the table."),
        )

    def _text(self, row: FieldRow, custom: CustomField, value: Any) -> str:
        text = self.text(value)
        if len(text) > MAX_TEXT_LENGTH:
            raise Unwritable(
                say(
                    "The text has %(length)s characters; Asana takes %(limit)s.",
                    length=len(text),
                    limit=MAX_TEXT_LENGTH,
                ),
                say("Shorten it at the source, or remove the row from the mapping."),
            )
        return text

    def _number(self, row: FieldRow, custom: CustomField, value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise Unwritable(
                say("The Asana field '%(field)s' takes numbers only.", field=custom.name),
                say("Map a text field."),
            )
        number = Decimal(value)
        self._refuse_rounding(custom, number)
        self._refuse_other_currency(row, custom)
        return number

    def _refuse_rounding(self, custom: CustomField, number: Decimal) -> None:
        if custom.precision is None:
            return
        kept = custom.precision + (PERCENT_DIGITS if custom.format == "percentage" else 0)
        if number != round(number, kept):
            raise Unwritable(
                say(
                    "The Asana field '%(field)s' keeps %(digits)s decimals and would round this.",
                    field=custom.name,
                    digits=kept,
                ),
                say("Give the field more decimals in Asana."),
            )

    def _refuse_other_currency(self, row: FieldRow, custom: CustomField) -> None:
        if row.type != FieldType.AMOUNT or not (self.currency and custom.currency_code):
            return
        if custom.currency_code != self.currency:
            raise Unwritable(
                say(
                    "The Asana field '%(field)s' shows %(shown)s, and the document is in %(currency)s.",
                    field=custom.name,
                    shown=custom.currency_code,
                    currency=self.currency,
                ),
                say("Map a number field without a currency, and the currency into a field of its own."),
            )

    def _date(self, row: FieldRow, custom: CustomField, value: Any) -> date:
        if isinstance(value, datetime):
            return value.astimezone(self.zone).date()
        if isinstance(value, date):
            return value
        raise Unwritable(
            say("The Asana field '%(field)s' takes dates only.", field=custom.name), say("Map a text field.")
        )

    def _option(self, row: FieldRow, custom: CustomField, value: Any) -> str:
        """The gid of the enabled option of that id or name."""
        text = self.text(value).strip()
        usable = [option for option in custom.options if option.enabled]
        found = [option.gid for option in usable if option.gid == text]
        found = found or [option.gid for option in usable if option.name == text]
        found = found or [option.gid for option in usable if option.name.casefold() == text.casefold()]
        if found:
            return found[0]
        raise Unwritable(
            say("The Asana field '%(field)s' has no such option (or it is switched off).", field=custom.name),
            say("Add the option in Asana, or map it by a value table."),
        )

    def _options(self, row: FieldRow, custom: CustomField, value: Any) -> list[str]:
        wanted = value if isinstance(value, list | tuple) else [value]
        return sorted({self._option(row, custom, one) for one in wanted})

    def _people(self, row: FieldRow, custom: CustomField, value: Any) -> list[str]:
        wanted = value if isinstance(value, list | tuple) else [value]
        return sorted({person(self.find_person, str(one)) for one in wanted})


def person(find_person: FindPerson, given: str) -> str:
    """The gid of a person given by e-mail address or gid. Raises Unwritable."""
    if given.isdigit():
        return given
    found = find_person(given.strip())
    if found is None:
        raise Unwritable(
            say("Nobody in the Asana workspace has this e-mail address."),
            say("Invite the person in Asana, or correct the address at the source."),
        )
    return found


def _unusable(row: FieldRow, custom: CustomField | None) -> DataFault:
    if custom is None:
        return DataFault(
            row.label,
            row.ref,
            say("The mapped custom field is not part of the Asana project."),
            say("Add the field to the project in Asana, or choose another one in the mapping."),
        )
    return DataFault(
        row.label,
        custom.name,
        say("Asana computes this field itself; it can't be written."),
        say("Choose another field in the mapping of the integration."),
    )
