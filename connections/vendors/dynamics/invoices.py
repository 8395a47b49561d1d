"""Invoices with their lines, customer, currency and order: what they say, and how they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connections.vendors.dynamics.customers import ACCOUNT_COLUMNS, CONTACT_COLUMNS, Address, Customer
from connections.vendors.dynamics.values import DateRules, Lookup, Row

# Source: Dataverse table references of invoice, invoicedetail, salesorder, currency (read 2026-11).
INVOICE_COLUMNS: Sequence[str] = (
    "invoicenumber",
    "name",
    "statecode",
    "statuscode",
    "_customerid_value",
    "_accountid_value",
    "_contactid_value",
    "_transactioncurrencyid_value",
    "_salesorderid_value",
    "_ownerid_value",
    "exchangerate",
    "totallineitemamount",
    "totallineitemdiscountamount",
    "discountamount",
    "discountpercentage",
    "totaldiscountamount",
    "totalamountlessfreight",
    "freightamount",
    "totaltax",
    "totalamount",
    "totalamount_base",
    "pricingerrorcode",
    "ispricelocked",
    "duedate",
    "datedelivered",
    "paymenttermscode",
    "lastbackofficesubmit",
    "description",
    *(
        f"{kind}_{part}"
        for kind in ("billto", "shipto")
        for part in (
            "name",
            "line1",
            "line2",
            "line3",
            "postalcode",
            "city",
            "stateorprovince",
            "country",
        )
    ),
    "createdon",
    "modifiedon",
    "_modifiedby_value",
)
LINE_COLUMNS: Sequence[str] = (
    "_invoiceid_value",
    "invoicedetailname",
    "lineitemnumber",
    "sequencenumber",
    "isproductoverridden",
    "productdescription",
    "productname",
    "_productid_value",
    "_uomid_value",
    "description",
    "quantity",
    "priceperunit",
    "volumediscountamount",
    "manualdiscountamount",
    "baseamount",
    "tax",
    "extendedamount",
    "actualdeliveryon",
    "producttypecode",
    "pricingerrorcode",
    "createdon",
    "modifiedon",
)
ORDER_COLUMNS: Sequence[str] = (
    "ordernumber",
    "name",
    "statecode",
    "statuscode",
    "datefulfilled",
    "modifiedon",
)
CURRENCY_COLUMNS: Sequence[str] = ("isocurrencycode", "currencyprecision", "currencyname", "exchangerate")

# Parts of a bundle normally have no price of their own. Source: invoicedetail.producttypecode (read 2026-11).
BUNDLE_PARTS = (3, 4)


@dataclass(frozen=True)
class Columns:
    """Further columns that a mapping reads, by their names in Dataverse (a look-up as `_name_value`)."""

    invoice: Sequence[str] = ()
    line: Sequence[str] = ()
    account: Sequence[str] = ()
    contact: Sequence[str] = ()
    order: Sequence[str] = ()

    @classmethod
    def chosen(cls, refs: Iterable[str]) -> Columns:
        """Of the references of the list "fields", such as "account:new_vatid"; others are left out."""
        found: dict[str, list[str]] = {name: [] for name in cls.__dataclass_fields__}
        for kind, _, column in (ref.partition(":") for ref in refs):
            if column and kind in found:
                found[kind].append(column)
        return cls(**found)


def invoice_query(columns: Columns) -> Mapping[str, str]:
    """Asks for one invoice with all that belongs to it; of the two customers one comes empty."""
    inner = {
        "invoice_details": (*LINE_COLUMNS, *columns.line),
        "customerid_account": (*ACCOUNT_COLUMNS, *columns.account),
        "customerid_contact": (*CONTACT_COLUMNS, *columns.contact),
        "transactioncurrencyid": CURRENCY_COLUMNS,
        "salesorderid": (*ORDER_COLUMNS, *columns.order),
    }
    expanded = (f"{name}($select={select(wanted)})" for name, wanted in inner.items())
    return {"$select": select((*INVOICE_COLUMNS, *columns.invoice)), "$expand": ",".join(expanded)}


def select(columns: Sequence[str]) -> str:
    """Each column once: asking twice for the same is refused."""
    return ",".join(dict.fromkeys(columns))


@dataclass(frozen=True)
class Currency:
    """`iso` is the code of ISO 4217; amounts are rounded to `precision` decimals."""

    iso: str
    precision: int
    name: str


@dataclass(frozen=True)
class SalesOrder:
    id: str
    number: str
    name: str
    fulfilled_on: date | None
    row: Row


@dataclass(frozen=True)
class InvoiceLine:
    """`gross` is what Dynamics calls the extended amount: base amount less discount plus tax.

    There is no tax rate in Dynamics, only the amount `tax`. None where a column is empty or may not be read.
    """

    id: str
    number: int | None
    text: str
    product: Lookup | None
    product_name: str
    quantity: Decimal | None
    unit_price: Decimal | None
    base_amount: Decimal | None
    volume_discount: Decimal | None
    discount: Decimal | None
    tax: Decimal | None
    gross: Decimal | None
    delivered_on: date | None
    product_type: int | None
    pricing_error: int
    row: Row

    @property
    def net(self) -> Decimal | None:
        """Without tax; None when Dynamics does not tell the gross amount."""
        return None if self.gross is None else self.gross - (self.tax or Decimal(0))

    @property
    def is_bundle_part(self) -> bool:
        return self.product_type in BUNDLE_PARTS

    @classmethod
    def from_row(cls, row: Row) -> InvoiceLine:
        return cls(
            id=row.guid("invoicedetailid"),
            number=row.whole("lineitemnumber"),
            text=row.text("productdescription" if row.flag("isproductoverridden") else "productname").strip()
            or row.text("invoicedetailname").strip(),
            product=row.lookup("productid"),
            product_name=row.text("productname").strip(),
            quantity=row.decimal("quantity"),
            unit_price=row.decimal("priceperunit"),
            base_amount=row.decimal("baseamount"),
            volume_discount=row.decimal("volumediscountamount"),
            discount=row.decimal("manualdiscountamount"),
            tax=row.decimal("tax"),
            gross=row.decimal("extendedamount"),
            delivered_on=row.day("actualdeliveryon"),
            product_type=row.whole("producttypecode"),
            pricing_error=row.whole("pricingerrorcode") or 0,
            row=row,
        )


@dataclass(frozen=True)
class Invoice:
    """An invoice as Dynamics has it at one moment; `version` is equal as long as the row is unchanged.

    Money is in `currency`, and None where a column is empty or may not be read. `lines` are in their order.
    `customer` is None when the customer's row may not be read. `total` is the authoritative gross amount:
    lines without tax, less discount, plus freight (which has no tax of its own), plus `total_tax`.
    `row.value("new_invoicedate")` reads a column chosen in the mapping.
    """

    id: str
    number: str
    name: str
    state: int
    status: int
    state_label: str
    status_label: str
    customer_ref: Lookup | None
    customer: Customer | None
    currency: Currency | None
    # Units of `currency` for one unit of the organisation's base currency.
    exchange_rate: Decimal | None
    lines_total: Decimal | None
    discount: Decimal | None
    discount_percentage: Decimal | None
    total_discount: Decimal | None
    total_before_freight: Decimal | None
    freight: Decimal | None
    total_tax: Decimal | None
    total: Decimal | None
    total_base: Decimal | None
    # 0: none; otherwise the price calculation failed and totals can't be trusted.
    pricing_error: int
    is_price_locked: bool
    due_on: date | None
    delivered_on: date | None
    payment_terms: int | None
    payment_terms_label: str
    billing: Address
    shipping: Address
    order: SalesOrder | None
    created_at: datetime | None
    modified_at: datetime | None
    modified_by: str
    lines: tuple[InvoiceLine, ...]
    row: Row

    @property
    def version(self) -> str:
        return self.row.version

    @classmethod
    def from_row(cls, row: Row, rules: Callable[[str], DateRules]) -> Invoice:
        """`rules(table)` says how the dates of an expanded table are read."""
        raw_lines: Sequence[Any] = row.raw.get("invoice_details") or ()
        order = row.inner("salesorderid", rules("salesorder"))
        currency = row.inner("transactioncurrencyid", rules("transactioncurrency"))
        modified_by = row.lookup("modifiedby")
        return cls(
            id=row.guid("invoiceid"),
            number=row.text("invoicenumber").strip(),
            name=row.text("name").strip(),
            state=_state(row, "statecode"),
            status=_state(row, "statuscode"),
            state_label=row.label("statecode"),
            status_label=row.label("statuscode"),
            customer_ref=_customer_ref(row),
            customer=_customer(row, rules),
            currency=_currency(currency) if currency else None,
            exchange_rate=row.decimal("exchangerate"),
            lines_total=row.decimal("totallineitemamount"),
            discount=row.decimal("discountamount"),
            discount_percentage=row.decimal("discountpercentage"),
            total_discount=row.decimal("totaldiscountamount"),
            total_before_freight=row.decimal("totalamountlessfreight"),
            freight=row.decimal("freightamount"),
            total_tax=row.decimal("totaltax"),
            total=row.decimal("totalamount"),
            total_base=row.decimal("totalamount_base"),
            pricing_error=row.whole("pricingerrorcode") or 0,
            is_price_locked=row.flag("ispricelocked") is True,
            due_on=row.day("duedate"),
            delivered_on=row.day("datedelivered"),
            payment_terms=row.whole("paymenttermscode"),
            payment_terms_label=row.label("paymenttermscode"),
            billing=Address.from_row(row, "billto"),
            shipping=Address.from_row(row, "shipto"),
            order=_order(order) if order else None,
            created_at=row.moment("createdon"),
            modified_at=row.moment("modifiedon"),
            modified_by=modified_by.id if modified_by else "",
            lines=in_order(InvoiceLine.from_row(Row(raw, rules("invoicedetail"))) for raw in raw_lines),
            row=row,
        )


def in_order(lines: Any) -> tuple[InvoiceLine, ...]:
    """Line numbers may be missing or repeated. Source: Dataverse table reference of invoicedetail."""

    def place(line: InvoiceLine) -> tuple[bool, int, int, datetime, str]:
        created_at = line.row.moment("createdon") or datetime.max.replace(tzinfo=UTC)
        sequence = line.row.whole("sequencenumber") or 0
        return line.number is None, line.number or 0, sequence, created_at, line.id

    return tuple(sorted(lines, key=place))


def _state(row: Row, column: str) -> int:
    """-1 where it may not be read: no rule then says that the invoice is final."""
    value = row.whole(column)
    return -1 if value is None else value


def _customer_ref(row: Row) -> Lookup | None:
    """Account or contact; without the annotation the read-only shadow look-ups tell which."""
    found = row.lookup("customerid")
    if found is None or found.table:
        return found
    for table in ("account", "contact"):
        shadow = row.lookup(f"{table}id")
        if shadow and shadow.id == found.id:
            return found._replace(table=table)
    return found


def _customer(row: Row, rules: Callable[[str], DateRules]) -> Customer | None:
    for table in ("account", "contact"):
        found = row.inner(f"customerid_{table}", rules(table))
        if found is not None:
            return Customer.from_row(found, table)
    return None


def _currency(row: Row) -> Currency:
    precision = row.whole("currencyprecision")
    return Currency(
        iso=row.text("isocurrencycode").strip().upper(),
        precision=2 if precision is None else precision,
        name=row.text("currencyname"),
    )


def _order(row: Row) -> SalesOrder:
    return SalesOrder(
        id=row.guid("salesorderid"),
        number=row.text("ordernumber").strip(),
        name=row.text("name").strip(),
        fulfilled_on=row.day("datefulfilled"),
        row=row,
    )
