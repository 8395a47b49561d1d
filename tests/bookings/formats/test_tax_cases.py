"""Tax cases and amounts in, posting rows out: the tables in tests/data/tax_cases, for SKR03 and SKR04."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings import starter
from bookings.entry import AccountInfo, Books, Entry, FiscalYear, PartnerInfo, Route, Side
from bookings.invoices import labels
from bookings.invoices.cases import TaxCaseInfo
from bookings.invoices.checking import check_case
from bookings.invoices.invoice import Customer, DueDate, Invoice, InvoiceLine, Rules, Spread
from bookings.invoices.rates import tax_of
from bookings.invoices.rows import InvoiceRows, rows_of
from bookings.invoices.situation import Seller, Supply, Treatment
from bookings.validation import check_entry
from bookings.validation import labels as booking_labels
from tests.bookings.formats.samples import DATA

DAY = date(2026, 7, 14)
ZERO = Decimal(0)
both_charts = pytest.mark.parametrize("chart", ["03", "04"])
# Not part of the starter tables: what a tax adviser would add for this client.
OWN_CASES = {
    "03": (
        ("discount_19", "discount", "0.19", "8720", "3"),
        ("discount_7", "discount", "0.07", "8710", "2"),
        ("discount_0", "discount", "0", "8700", ""),
        ("freight_19", "freight", "0.19", "8601", "3"),
        ("freight_0", "freight", "0", "8600", ""),
        ("rounding", "rounding", "0", "2660", ""),
    ),
    "04": (
        ("discount_19", "discount", "0.19", "4720", "3"),
        ("discount_7", "discount", "0.07", "4710", "2"),
        ("discount_0", "discount", "0", "4700", ""),
        ("freight_19", "freight", "0.19", "4831", "3"),
        ("freight_0", "freight", "0", "4830", ""),
        ("rounding", "rounding", "0", "4840", ""),
    ),
}


def client_books(chart: str, **changes: Any) -> Books:
    """A client with the starter tables, everything confirmed, and a few cases of its own."""
    own = [
        TaxCaseInfo(key, kind, Decimal(rate), account, bu_key)
        for key, kind, rate, account, bu_key in OWN_CASES[chart]
    ]
    accounts = [*starter.accounts(chart, 4), *(AccountInfo(case.account) for case in own)]
    return Books(
        consultant_number=29098,
        client_number=55003,
        chart=chart,
        account_length=4,
        fiscal_years=(FiscalYear(date(2026, 1, 1), date(2026, 12, 31)),),
        accounts={account.number: account for account in accounts},
        partners={"10001": PartnerInfo("10001", "Muster GmbH")},
        cost_centers={"100": "Vertrieb", "200": "Service"},
        tax_keys={key.bu_key: replace(key, is_confirmed=True) for key in starter.tax_keys()},
        tax_cases=tuple(replace(case, is_confirmed=True) for case in [*starter.tax_cases(chart, 4), *own]),
        **changes,
    )


def table(name: str) -> list[Any]:
    with (DATA / "tax_cases" / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    return [pytest.param(row, id=f"{row['nr']} {row['beschreibung']}") for row in rows]


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", ".")) if text else ZERO


def rate(text: str) -> Decimal | None:
    return None if text == "?" else Decimal(text) / 100


def invoice(*lines: InvoiceLine, **others: Any) -> Invoice:
    """An invoice whose totals follow from its lines, unless `others` say something else."""
    net = sum((line.net for line in lines), ZERO)
    tax = sum((line.tax or ZERO for line in lines), ZERO)
    values: dict[str, Any] = {
        "number": "AR-1",
        "document_date": DAY,
        "customer": Customer("10001", "DE", True, name="Muster GmbH", city="Musterstadt"),
        "lines": lines,
        "net_total": net,
        "tax_total": tax,
        "gross_total": net + tax,
    }
    return Invoice(**values | others)


def labels_of(result: InvoiceRows) -> set[str]:
    names = {
        value: name
        for module in (booking_labels, labels)
        for name, value in vars(module).items()
        if name.isupper()
    }
    return {names[fault.field] for fault in result.faults}


@both_charts
@pytest.mark.parametrize("row", table("zeilen.csv"))
def test_a_line_becomes_the_row_of_its_tax_case(row: dict[str, str], chart: str) -> None:
    line = InvoiceLine(
        "1",
        net=amount(row["netto"]),
        tax=amount(row["steuer"]),
        rate=rate(row["satz"]),
        supply=Supply(row["leistung"]) if row["leistung"] else None,
        treatment=Treatment(row["behandlung"] or "standard"),
    )
    is_business = {"ja": True, "nein": False, "": None}[row["unternehmer"]]
    found = rows_of(
        invoice(
            line,
            customer=Customer("10001", row["nach"], is_business, vat_id=row["ust_id"]),
            delivery_date=date.fromisoformat(row["leistungsdatum"]),
        ),
        Rules(),
        Seller(row["kleinunternehmer"] == "ja", row["oss"] == "ja"),
        client_books(chart),
    )

    if row["einwand"]:
        assert labels_of(found) == {row["einwand"]}
        assert found.rows == ()
        return
    assert found.faults == ()
    [made] = found.rows
    entry = made.entry
    assert made.case.key == row["fall"]
    assert (entry.account, entry.contra_account) == ("10001", row[f"skr{chart}"])
    assert (entry.bu_key, entry.side.value, entry.amount) == (row["bu"], row["seite"], amount(row["betrag"]))
    assert entry.eu_vat_id == row["eu_angabe"]
    assert entry.eu_tax_rate == (amount(row["eu_satz"]) if row["eu_satz"] else None)
    assert check_entry(entry, client_books(chart), route=Route.EXTF) == []


def lines_of(text: str) -> Iterator[InvoiceLine]:
    """'100,00@19@100' is 100,00 net at 19 % on cost center 100; the tax is rounded for each line."""
    for number, part in enumerate(text.split(), start=1):
        net, percent, *cost_center = part.split("@")
        tax = (amount(net) * Decimal(percent) / 100).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        yield InvoiceLine(
            str(number),
            net=amount(net),
            tax=tax,
            rate=Decimal(percent) / 100,
            cost_center_1="".join(cost_center),
        )


def shown(entry: Entry) -> str:
    """As the table writes it."""
    parts = [entry.contra_account, entry.bu_key, entry.side.value, f"{entry.amount}".replace(".", ",")]
    if entry.cost_center_1:
        parts.append(f"K{entry.cost_center_1}")
    if entry.base_amount is not None:
        parts.append(f"={entry.base_amount}".replace(".", ","))
    return " ".join(part for part in parts if part)


@both_charts
@pytest.mark.parametrize("row", table("rechnungen.csv"))
def test_an_invoice_becomes_rows_that_add_up_to_the_cent(row: dict[str, str], chart: str) -> None:
    told = Invoice(
        number="AR-1",
        document_date=DAY,
        customer=Customer("10001", "DE", True),
        lines=tuple(lines_of(row["zeilen"])),
        net_total=amount(row["netto"]),
        tax_total=amount(row["steuer"]),
        gross_total=amount(row["brutto"]),
        is_credit_note=row["gutschrift"] == "ja",
        discount=amount(row["rabatt"]),
        freight=amount(row["fracht"]),
        rounding=amount(row["rundung"]),
        currency=row["waehrung"],
        exchange_rate=amount(row["kurs"]) or None,
    )
    rules = Rules(
        discount=Spread(row["regel_rabatt"] or "refuse"),
        freight=Spread(row["regel_fracht"] or "refuse"),
        rounding=Spread(row["regel_rundung"] or "refuse"),
    )
    books = client_books(chart)

    found = rows_of(told, rules, Seller(), books)

    if row["einwand"]:
        names, difference = _expected_faults(row["einwand"])
        assert labels_of(found) == names
        assert found.rows == ()
        if difference:
            assert any(difference in str(fault) for fault in found.faults)
        return
    assert found.faults == ()
    wanted = [text.strip() for text in row["buchungen"].split("|") if text]
    at = ("03", "04").index(chart)
    wanted = [f"{text.split()[0].split('/')[at]} {' '.join(text.split()[1:])}" for text in wanted]
    assert [shown(entry) for entry in found.entries] == wanted
    signed = [entry.amount if entry.side is Side.DEBIT else -entry.amount for entry in found.entries]
    assert abs(sum(signed, ZERO)) == abs(told.gross_total)
    assert all(made.net + made.tax == made.entry.amount for made in found.rows)
    assert [fault for entry in found.entries for fault in check_entry(entry, books, route=Route.EXTF)] == []


def _expected_faults(text: str) -> tuple[set[str], str]:
    """'TAX_TOTAL 0,01': the labels, and the difference that must be told."""
    parts = text.split()
    difference = parts.pop() if "," in parts[-1] else ""
    return set(parts), difference


def test_all_faults_of_all_lines_are_listed_at_once() -> None:
    lines = (
        InvoiceLine("1", net=Decimal(100), tax=Decimal("12.34")),
        InvoiceLine("2", net=Decimal(100), tax=Decimal(0), rate=ZERO),
        InvoiceLine("3", net=Decimal(100), tax=Decimal(0), rate=ZERO),
    )

    found = rows_of(invoice(*lines, gross_total=Decimal(1)), Rules(), Seller(), client_books("03"))

    assert labels_of(found) == {"TAX_RATE", "GROSS_TOTAL"}
    told = [fault.value for fault in found.faults if fault.field == labels.TAX_RATE]
    # What two lines share is said once, with both.
    assert told == ["1", "0 % (2, 3)"]


def test_a_case_that_is_not_confirmed_or_not_in_force_is_not_used() -> None:
    books = client_books("03")
    line = InvoiceLine("1", net=Decimal(100), tax=Decimal(19), rate=Decimal("0.19"))
    open_cases = tuple(replace(case, is_confirmed=False) for case in books.tax_cases)
    ended = tuple(replace(case, valid_until=date(2025, 12, 31)) for case in books.tax_cases)
    twice = (*books.tax_cases, replace(books.tax_cases[0], key="another"))
    for cases in (open_cases, ended, twice):
        found = rows_of(invoice(line), Rules(), Seller(), replace(books, tax_cases=cases))
        assert labels_of(found) == {"TAX_CASE"}
        assert found.rows == ()


def test_a_revenue_group_has_an_account_of_its_own() -> None:
    books = client_books("03")
    group = replace(books.tax_cases[0], key="beratung", account="8401", revenue_group="Beratung")
    accounts = {**books.accounts, "8401": AccountInfo("8401", is_automatic=True)}
    books = replace(books, tax_cases=(*books.tax_cases, group), accounts=accounts)
    lines = [
        InvoiceLine("1", Decimal(100), Decimal(19), Decimal("0.19"), revenue_group=name)
        for name in ("", "Beratung", "Anderes")
    ]

    assert [e.contra_account for e in rows_of(invoice(*lines[:2]), Rules(), Seller(), books).entries] == [
        "8400",
        "8401",
    ]
    assert labels_of(rows_of(invoice(*lines), Rules(), Seller(), books)) == {"TAX_CASE"}


def test_a_discount_without_tax_needs_no_case_with_tax() -> None:
    books = client_books("03")
    books = replace(books, tax_cases=tuple(c for c in books.tax_cases if c.key != "discount_19"))
    line = InvoiceLine("1", Decimal(100), Decimal(19), Decimal("0.19"))
    own = Rules(discount=Spread.OWN_ACCOUNT)
    before = invoice(line, discount=Decimal(10), net_total=Decimal(90), gross_total=Decimal(109))
    after = replace(before, tax_total=Decimal("17.10"), gross_total=Decimal("107.10"))

    assert [shown(e) for e in rows_of(before, own, Seller(), books).entries] == ["8400 S 119", "8700 H 10"]
    assert labels_of(rows_of(after, own, Seller(), books)) == {"TAX_CASE"}


def test_dates_texts_and_documents_reach_every_row() -> None:
    line = InvoiceLine("1", Decimal(100), Decimal(19), Decimal("0.19"))
    told = invoice(
        line, due_date=date(2026, 8, 13), delivery_date=date(2026, 7, 1), notes=(("Auftrag", "A-1"),)
    )
    books = client_books("03")

    [entry] = rows_of(told, Rules(due_date=DueDate.BOTH), Seller(), books).entries

    assert (entry.due_date, entry.document_field_2) == (date(2026, 8, 13), "130826")
    assert entry.delivery_date == entry.tax_period_date == date(2026, 7, 1)
    assert (entry.posting_text, entry.partner_city) == ("Muster GmbH", "Musterstadt")
    assert entry.notes == (("Auftrag", "A-1"),)
    [entry] = rows_of(
        told, Rules(due_date=DueDate.FIELD_2, with_delivery_date=False), Seller(), books
    ).entries
    assert (entry.due_date, entry.document_field_2, entry.delivery_date) == (None, "130826", None)


@pytest.mark.parametrize(
    ("base", "is_right"), [("110.19", True), ("110.20", True), ("110.50", False), ("128.52", False)]
)
def test_the_total_in_euro_must_fit_the_rate(base: str, is_right: bool) -> None:
    """128,52 is what a rate the wrong way round gives."""
    line = InvoiceLine("1", Decimal(100), Decimal(19), Decimal("0.19"))
    told = invoice(line, currency="USD", exchange_rate=Decimal("1.08"), base_gross_total=Decimal(base))

    found = rows_of(told, Rules(), Seller(), client_books("03"))

    assert labels_of(found) == (set() if is_right else {"BASE_AMOUNT"})


@both_charts
def test_every_starter_case_can_bear_its_tax(chart: str) -> None:
    books = client_books(chart)
    assert [fault for case in books.tax_cases for fault in check_case(case, books)] == []
    assert not any(case.is_confirmed for case in starter.tax_cases(chart, 4))


@pytest.mark.parametrize(
    "change",
    [
        {"account": "8200"},  # neither automatic nor with a key
        {"bu_key": "3"},  # a key on an automatic account
        {"account": "8200", "bu_key": "2"},  # 7 % for a case of 19 %
        {"account": "8888"},
        {"account": "1400"},
        {"rate": None},
        {"rate": ZERO},
        {"kind": "export"},
        {"valid_from": date(2026, 2, 1), "valid_until": date(2026, 1, 1)},
    ],
)
def test_a_case_that_would_book_another_tax_is_refused(change: dict[str, Any]) -> None:
    books = client_books("03")
    assert check_case(replace(books.tax_cases[0], **change), books)


cents = st.integers(min_value=1, max_value=10**7).map(lambda value: Decimal(value) / 100)


@given(
    nets=st.lists(cents, min_size=1, max_size=8), share=st.integers(0, 99), freight=cents, sign=st.booleans()
)
@settings(max_examples=60, deadline=None)
def test_rows_add_up_to_the_cent_whatever_is_spread(
    nets: list[Decimal], share: int, freight: Decimal, sign: bool
) -> None:
    """Several cost centers, discount and freight in proportion; the tax once on the sum (EN 16931)."""
    lines = tuple(
        InvoiceLine(str(index), net, rate=Decimal("0.19"), cost_center_1=("100", "200", "")[index % 3])
        for index, net in enumerate(nets)
    )
    discount = (sum(nets, ZERO) * share / 100).quantize(Decimal("0.01"))
    net = sum(nets, ZERO) - discount + freight
    tax = tax_of(net, Decimal("0.19"))
    told = invoice(
        *lines,
        discount=discount,
        freight=freight,
        net_total=net,
        tax_total=tax,
        gross_total=net + tax,
        is_credit_note=sign,
    )

    found = rows_of(told, Rules(Spread.PROPORTIONAL, Spread.PROPORTIONAL), Seller(), client_books("03"))

    assert found.faults == ()
    assert {row.entry.side for row in found.rows} == {Side.CREDIT if sign else Side.DEBIT}
    assert sum((row.entry.amount for row in found.rows), ZERO) == net + tax
