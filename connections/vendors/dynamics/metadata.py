"""What the organisation offers to choose from: columns by type, states, currencies, templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, gettext, gettext_noop

from connections.base import Option
from connections.vendors.dynamics.client import Client
from connections.vendors.dynamics.values import Row, unreadable

if TYPE_CHECKING:
    from connections.models import Connection

# Attribute types as the mapping knows them; others hold nothing that can be mapped.
# Source: Dataverse "Column data types", AttributeTypeCode (read 2026-11).
KINDS: Mapping[str, str] = {
    "String": "text",
    "Memo": "text",
    "Money": "number",
    "Decimal": "number",
    "Double": "number",
    "Integer": "number",
    "BigInt": "number",
    "DateTime": "date",
    "Boolean": "boolean",
    "Picklist": "enum",
    "State": "enum",
    "Status": "enum",
    "Lookup": "text",
    "Customer": "text",
    "Owner": "text",
}
LOOKUPS = ("Lookup", "Customer", "Owner")
LANGUAGES = {"de": 1031, "en": 1033}
# The kinds of `Columns`, their tables, and what people call them.
PLACES: Mapping[str, tuple[str, str]] = {
    "invoice": ("invoice", gettext_noop("Invoice")),
    "line": ("invoicedetail", gettext_noop("Invoice line")),
    "account": ("account", gettext_noop("Account")),
    "contact": ("contact", gettext_noop("Contact")),
    "order": ("salesorder", gettext_noop("Order")),
}
WORD_TEMPLATE = 2


def columns(client: Client, table: str, *, only_writable: bool = False) -> list[Option]:
    """The columns of a table with type and options; a look-up is read as `_name_value`."""
    attributes = f"/EntityDefinitions(LogicalName='{table}')/Attributes"
    options = {"$select": "LogicalName", "$expand": "OptionSet"}
    kinds = ("Picklist", "State", "Status")
    answers = client.batch(
        [
            client.part(
                attributes,
                {
                    "$select": "LogicalName,DisplayName,AttributeType,AttributeOf,"
                    "IsValidForRead,IsValidForUpdate"
                },
            ),
            *(
                client.part(f"{attributes}/Microsoft.Dynamics.CRM.{kind}AttributeMetadata", options)
                for kind in kinds
            ),
        ]
    )
    choices: dict[str, tuple[Option, ...]] = {}
    for answer in answers[1:]:
        for raw in client.listing_of(answer).rows:
            choices[Row(raw).text("LogicalName")] = tuple(_options(raw))
    found = [
        _column(Row(raw), choices) for raw in client.listing_of(answers[0]).rows if _fits(raw, only_writable)
    ]
    return sorted(found, key=lambda option: option.label.casefold())


def _fits(raw: Mapping[str, Any], only_writable: bool) -> bool:
    """Not a part of another column, and readable; no look-up is written."""
    row = Row(raw)
    kind = row.text("AttributeType")
    if row.text("AttributeOf") or kind not in KINDS or row.flag("IsValidForRead") is False:
        return False
    return not only_writable or (row.flag("IsValidForUpdate") is True and kind not in LOOKUPS)


def _column(row: Row, choices: Mapping[str, tuple[Option, ...]]) -> Option:
    name, kind = row.text("LogicalName"), row.text("AttributeType")
    if not name:
        raise unreadable()
    ref = f"_{name}_value" if kind in LOOKUPS else name
    label = label_of(row.raw.get("DisplayName"))
    return Option(ref, f"{label} ({name})" if label else name, KINDS[kind], choices.get(name, ()))


def statuses(client: Client) -> tuple[list[Option], list[Option]]:
    """States and statuses of invoices by their numbers, labelled in the reader's language.

    A status belongs to one state, whose name stands behind it.
    """
    attributes = "/EntityDefinitions(LogicalName='invoice')/Attributes/Microsoft.Dynamics.CRM."
    query = {"$select": "LogicalName", "$expand": "OptionSet"}
    answers = client.batch(
        [client.part(f"{attributes}{kind}AttributeMetadata", query) for kind in ("State", "Status")]
    )
    states = [option for raw in client.listing_of(answers[0]).rows for option in _options(raw)]
    names = {option.ref: option.label for option in states}
    found = []
    for raw in client.listing_of(answers[1]).rows:
        for item, option in zip(_raw_options(raw), _options(raw), strict=True):
            state = names.get(str(item.get("State")), "")
            found.append(Option(option.ref, f"{option.label} ({state})" if state else option.label, "option"))
    if not states or not found:
        raise unreadable()
    return states, found


def currencies(client: Client) -> list[Option]:
    """By ISO code."""
    rows = client.everything(
        "/transactioncurrencies", {"$select": "isocurrencycode,currencyname", "$filter": "statecode eq 0"}
    )
    return [_currency(Row(raw)) for raw in rows]


def _currency(row: Row) -> Option:
    iso = row.text("isocurrencycode")
    if not iso:
        raise unreadable()
    return Option(iso, f"{iso} ({row.text('currencyname')})", "currency")


def templates(client: Client) -> list[Option]:
    """Word templates for invoices, by id."""
    rows = client.everything(
        "/documenttemplates",
        {
            "$select": "documenttemplateid,name",
            "$filter": f"associatedentitytypecode eq 'invoice' and documenttype eq {WORD_TEMPLATE}",
        },
    )
    return [Option(Row(raw).guid("documenttemplateid"), Row(raw).text("name"), "template") for raw in rows]


def label_of(value: Any) -> str:
    """A label in the reader's language, else in that of the application user, else any."""
    row = value if isinstance(value, Mapping) else {}
    own = row.get("UserLocalizedLabel")
    known = [item for item in row.get("LocalizedLabels") or () if isinstance(item, Mapping)]
    wanted = LANGUAGES.get((get_language() or "en")[:2])
    fitting = [item for item in known if item.get("LanguageCode") == wanted]
    for item in (*fitting, own, *known):
        if isinstance(item, Mapping) and isinstance(item.get("Label"), str) and item["Label"]:
            return str(item["Label"])
    return ""


def _raw_options(raw: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    option_set = raw.get("OptionSet")
    found = option_set.get("Options") if isinstance(option_set, Mapping) else None
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def _options(raw: Mapping[str, Any]) -> list[Option]:
    return [
        Option(Row(item).text("Value"), label_of(item.get("Label")) or Row(item).text("Value"), "option")
        for item in _raw_options(raw)
    ]


# --- lists for the admin ----------------------------------------------------------------------------------


def list_fields(connection: Connection, parent: str) -> list[Option]:
    """Everything that a mapping may read, as "invoice:duedate", "line:...", "account:...", ..."""
    client = Client(connection)
    return [
        Option(f"{kind}:{option.ref}", f"{gettext(label)}: {option.label}", option.kind, option.options)
        for kind, (table, label) in PLACES.items()
        for option in columns(client, table)
    ]


def list_writable_fields(connection: Connection, parent: str) -> list[Option]:
    """Columns of the invoice that a result may be written to, as "invoice:..."."""
    found = columns(Client(connection), "invoice", only_writable=True)
    return [Option(f"invoice:{option.ref}", option.label, option.kind, option.options) for option in found]


def list_invoice_columns(connection: Connection, parent: str) -> list[Option]:
    return columns(Client(connection), "invoice")


def list_writable_invoice_columns(connection: Connection, parent: str) -> list[Option]:
    return columns(Client(connection), "invoice", only_writable=True)


def list_line_columns(connection: Connection, parent: str) -> list[Option]:
    return columns(Client(connection), "invoicedetail")


def list_account_columns(connection: Connection, parent: str) -> list[Option]:
    return columns(Client(connection), "account")


def list_contact_columns(connection: Connection, parent: str) -> list[Option]:
    return columns(Client(connection), "contact")


def list_invoice_states(connection: Connection, parent: str) -> list[Option]:
    return statuses(Client(connection))[0]


def list_invoice_statuses(connection: Connection, parent: str) -> list[Option]:
    return statuses(Client(connection))[1]


def list_currencies(connection: Connection, parent: str) -> list[Option]:
    return currencies(Client(connection))


def list_templates(connection: Connection, parent: str) -> list[Option]:
    return templates(Client(connection))
