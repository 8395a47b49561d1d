"""Orders, invoices, master data and projects as they are read from the simulated vendor."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from connections.vendors.exact.api import (
    Approval,
    ExactApi,
    InvoiceStatus,
    Progress,
    ProjectType,
    PurchaseOrder,
    SalesInvoice,
    WbsKind,
)
from mlconnector.sandbox.exact import ExactSimulator

pytestmark = pytest.mark.django_db
NOBODY = "00000000-0000-4000-8000-00000000dead"


@pytest.fixture
def order(exact: ExactSimulator) -> str:
    account = exact.add_gl_account("4400", "Wareneingang")
    item = exact.add_item("KABEL", "Kabel 3x1,5", GLCosts=account)
    exact.add_cost_center("CC10", "Werkstatt")
    supplier = exact.add_supplier("Elektro Muster GmbH")
    return exact.add_purchase_order(
        supplier,
        [
            {
                "Item": item,
                "QuantityInPurchaseUnits": 10,
                "UnitPrice": "12.50",
                "Description": "Kabel auf Trommel",
                "CostCenter": "CC10",
            },
            {"Item": item, "QuantityInPurchaseUnits": 1, "UnitPrice": "99.99"},
        ],
        OrderDate=date(2026, 1, 12),
        ReceiptDate=date(2026, 2, 1),
        YourRef="A-77",
    )


def test_an_order_says_all_that_a_task_shows(api: ExactApi, exact: ExactSimulator, order: str) -> None:
    found = api.purchase_order(order)
    assert found is not None
    truth = exact.row(order)
    assert (found.id, found.number, found.your_ref) == (order, truth["OrderNumber"], "A-77")
    assert found.supplier is not None and found.supplier.label == "Elektro Muster GmbH"
    assert (found.ordered_on, found.receipt_on) == (date(2026, 1, 12), date(2026, 2, 1))
    assert (found.status, found.receipt_status, found.currency) == (Progress.OPEN, Progress.OPEN, "EUR")
    assert isinstance(found.approval, Approval)
    assert found.amount == truth["AmountFC"] and isinstance(found.amount, Decimal)
    first, second = found.lines
    assert (first.number, first.text, first.quantity) == (1, "Kabel auf Trommel", Decimal(10))
    assert (first.unit_price, first.amount) == (Decimal("12.5"), exact.row(first.id)["AmountFC"])
    assert (first.cost_center, first.cost_center_description) == ("CC10", "Werkstatt")
    assert second.item is not None and second.item.code == "KABEL"
    assert first.gl_account is None
    costs = api.items([second.item.id])[second.item.id].gl_costs
    assert costs is not None and (costs.code, costs.label) == ("4400", "Wareneingang")


def test_deliveries_and_bills_move_the_statuses(api: ExactApi, exact: ExactSimulator, order: str) -> None:
    exact.receive(order, 4, line=1)
    partly = api.purchase_order(order)
    assert partly is not None and partly.receipt_status == Progress.PARTIAL
    assert partly.lines[0].received_quantity == Decimal(4)
    exact.receive(order)
    exact.bill(order)
    whole = api.purchase_order(order)
    assert whole is not None and (whole.receipt_status, whole.invoice_status) == (
        Progress.COMPLETE,
        Progress.COMPLETE,
    )


def test_an_invoice_says_all_that_a_task_shows(api: ExactApi, exact: ExactSimulator) -> None:
    revenue = exact.add_gl_account("8400", "Erlöse 19 %")
    customer = exact.add_customer("Kunde Muster AG")
    invoice = exact.add_sales_invoice(
        customer,
        [{"Quantity": 2, "UnitPrice": "50.00", "GLAccount": revenue, "Description": "Montage"}],
        InvoiceDate=date(2026, 1, 15),
        DueDate=date(2026, 2, 14),
    )
    draft = api.sales_invoice(invoice)
    assert draft is not None and draft.number is None and not draft.is_credit_note
    assert (draft.invoiced_on, draft.due_on) == (date(2026, 1, 15), date(2026, 2, 14))
    assert draft.ordered_by is not None and draft.ordered_by.label == "Kunde Muster AG"
    (line,) = draft.lines
    assert line.gl_account is not None and line.gl_account.id == revenue
    assert api.gl_accounts_by_id([revenue])[revenue].label == "8400 - Erlöse 19 %"
    assert line.amount == Decimal(100)

    number = exact.print_invoice(invoice)
    final = api.sales_invoice(invoice)
    assert final is not None and (final.number, final.status) == (number, InvoiceStatus.PROCESSED)


def test_what_is_gone_is_absent_and_no_error_that_counts(
    api: ExactApi, exact: ExactSimulator, order: str
) -> None:
    exact.delete(order)
    assert api.purchase_order(order) is None and api.sales_invoice(NOBODY) is None
    assert api.cost(NOBODY) is None and api.project(NOBODY) is None and api.invoice_term(NOBODY) is None
    assert {call.status for call in exact.calls} == {200}


def test_many_orders_take_few_calls_and_long_ones_are_read_to_their_end(
    api: ExactApi, exact: ExactSimulator
) -> None:
    lines = [{"QuantityInPurchaseUnits": 1, "UnitPrice": str(number)} for number in range(1, 71)]
    long = exact.add_purchase_order(lines=lines)
    others = [exact.add_purchase_order() for _ in range(5)]
    before = len(exact.calls)
    found = api.purchase_orders([long, *others, long])
    assert len(exact.calls) - before == 3
    assert [line.unit_price for line in found[long].lines] == [Decimal(number) for number in range(1, 71)]
    assert all(len(found[other].lines) == 1 for other in others)


def test_stored_documents_are_the_same_again(api: ExactApi, exact: ExactSimulator, order: str) -> None:
    invoice = exact.add_sales_invoice()
    read = api.purchase_order(order), api.sales_invoice(invoice)
    assert read[0] is not None and read[1] is not None
    assert api.order_from_json(json.loads(json.dumps(read[0].to_json()))) == read[0]
    assert api.invoice_from_json(json.loads(json.dumps(read[1].to_json()))) == read[1]
    assert isinstance(read[0], PurchaseOrder) and isinstance(read[1], SalesInvoice)


@pytest.mark.parametrize(
    "shape", [{"int64_as_text": True}, {"dates_with_offset": True}, {"server_time_as_text": True}]
)
def test_other_spellings_of_the_vendor_say_the_same(
    api: ExactApi, exact: ExactSimulator, order: str, shape: dict[str, bool]
) -> None:
    plain = api.purchase_order(order)
    for name, value in shape.items():
        setattr(exact.options, name, value)
    other = api.purchase_order(order)
    assert plain is not None and other is not None
    assert (other.ordered_on, other.modified_at) == (plain.ordered_on, plain.modified_at)
    assert api.me().name == "Integration Muster"
    assert [row.id for row in api.changes("purchase_orders").rows] == [order]


def test_bare_lists_are_read_too(api: ExactApi, exact: ExactSimulator) -> None:
    exact.add_cost_center("CC10", "Werkstatt")
    exact.options.bare_lists.append("hrm/Costcenters")
    assert [one.code for one in api.cost_centers()] == ["CC10"]


def test_dimensions_and_partners(api: ExactApi, exact: ExactSimulator) -> None:
    center = exact.add_cost_center("CC10", "Werkstatt")
    exact.add_cost_unit("KT1", "Auftrag 1")
    supplier = exact.add_supplier("O'Muster & Söhne")
    customer = exact.add_customer("Kunde Muster AG")
    assert [(one.code, one.label) for one in api.cost_units()] == [("KT1", "KT1 - Auftrag 1")]
    assert api.cost_centers()[0].is_active(date(2026, 1, 15))
    exact.block(center)
    assert not api.cost_centers()[0].is_active(date(2026, 1, 15))
    found = api.accounts([supplier, customer])
    assert found[supplier].is_supplier and not found[supplier].is_customer
    assert found[customer].is_customer and not found[customer].is_supplier
    by_code = api.account_by_code(found[supplier].code)
    assert by_code is not None and by_code.name == "O'Muster & Söhne"
    assert api.account_by_code("4711") is None


def test_a_project_with_its_milestones(api: ExactApi, exact: ExactSimulator) -> None:
    project = exact.add_project("P100", "Umbau", milestones=[("Rohbau", 1000), ("Ausbau", "2500.50")])
    loose = exact.add_deliverable(project, "Ohne Termin")
    exact.add_activity(project, "Planung", BudgetedHours=40)
    found = api.project(project)
    assert found is not None and (found.label, found.type) == ("P100 - Umbau", ProjectType.FIXED_PRICE)
    assert found.uses_milestones and found.id == api.projects()[0].id
    items = {item.description: item for item in api.wbs(project)}
    assert set(items) == {"Rohbau", "Ausbau", "Ohne Termin"}
    assert items["Rohbau"].completion_faults() == [] and not items["Rohbau"].is_completed
    (fault,) = items["Ohne Termin"].completion_faults()
    assert items["Ohne Termin"].id == loose and "invoice term" in str(fault)
    assert [term.amount for term in api.invoice_terms(project)] == [Decimal(1000), Decimal("2500.5")]
    (activity,) = api.wbs(project, WbsKind.ACTIVITY)
    assert (activity.kind, activity.budgeted_hours) == (WbsKind.ACTIVITY, Decimal(40))
