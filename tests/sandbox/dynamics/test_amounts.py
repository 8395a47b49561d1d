"""How the simulated platform works out amounts, in any currency."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mlconnector.sandbox.dynamics import DynamicsSimulator

D = Decimal
NAMES = (
    "totallineitemamount",
    "totallineitemdiscountamount",
    "totaldiscountamount",
    "totalamountlessfreight",
    "totaltax",
    "totalamount",
)


def totals(sim, invoice: str) -> tuple[Decimal, ...]:
    values = sim.values(invoice)
    return tuple(values[name] for name in NAMES)


@pytest.mark.parametrize(
    ("lines", "head", "expected"),
    [
        # One line; two rates; a discount of the line lowers the base of its rate.
        ([{"price": "100", "rate": 19}], {}, "100 0 0 100 19 119"),
        ([{"price": "100", "rate": 19}, {"price": "50", "rate": 7}], {}, "150 0 0 150 22.50 172.50"),
        ([{"price": "100", "discount": "10", "rate": 19}], {}, "90 10 0 90 17.10 107.10"),
        # A discount on the whole invoice does not touch the taxes; neither does freight.
        ([{"price": "100", "rate": 19}], {"discount": "10"}, "100 0 10 90 19 109"),
        ([{"price": "100", "rate": 19}], {"discount_percent": "2.5"}, "100 0 2.50 97.50 19 116.50"),
        ([{"price": "100", "rate": 19}], {"freight": "5.90"}, "100 0 0 100 19 124.90"),
        (
            [{"price": "33.33", "quantity": 3, "rate": 19}],
            {"discount": "1", "discount_percent": "10", "freight": "4"},
            "99.99 0 11 88.99 19 111.99",
        ),
        # Prices with more decimals are rounded per line; half a cent goes up.
        ([{"price": "0.125", "rate": 0}, {"price": "0.125", "rate": 0}], {}, "0.26 0 0 0.26 0 0.26"),
        ([{"price": "1.005", "quantity": "1.5", "tax": "0.29"}], {}, "1.51 0 0 1.51 0.29 1.80"),
        # A credit by negative quantities.
        ([{"price": "100", "quantity": -1, "rate": 19}], {}, "-100 0 0 -100 -19 -119"),
        ([], {}, "0 0 0 0 0 0"),
    ],
)
def test_totals(sim, account, lines, head, expected):
    invoice = sim.add_invoice(account, lines, **head)

    assert totals(sim, invoice) == tuple(D(text) for text in expected.split())


def test_lines_carry_base_and_extended_amount(sim, account):
    invoice = sim.add_invoice(
        account, [{"price": "10.555", "quantity": 2, "discount": "1.11", "tax": "3.80"}]
    )

    (line,) = sim.lines(invoice)
    assert (line["baseamount"], line["extendedamount"]) == (D("21.11"), D("23.80"))


def test_totals_follow_every_change_until_prices_are_locked(api, sim, invoice):
    line = sim.lines(invoice)[0]["invoicedetailid"]
    sim.change(line, priceperunit="60")
    assert sim.values(invoice)["totalamount"] == D("246.00")

    sim.delete(line)
    assert sim.values(invoice)["totalamount"] == D("107.00")

    assert api.call("POST", "LockInvoicePricing", json={"InvoiceId": invoice}).status_code == 204
    sim.add_line(invoice, price="1000")
    assert sim.values(invoice)["totalamount"] == D("107.00")
    assert sim.values(invoice)["ispricelocked"] is True


def test_a_plug_in_may_set_other_totals(sim, account):
    invoice = sim.add_invoice(
        account,
        [{"price": "100", "rate": 19}],
        discount="10",
        totals={"totaltax": "17.10", "totalamount": "107.10"},
    )

    assert totals(sim, invoice)[-2:] == (D("17.10"), D("107.10"))


def test_an_organisation_may_price_by_itself(sim, account):
    sim.set_organization(oobpricecalculationenabled=False)

    invoice = sim.add_invoice(account, [{"price": "100", "extendedamount": "99"}])

    assert sim.lines(invoice)[0]["extendedamount"] == D(99)
    assert sim.values(invoice)["totalamount"] == 0


def test_amounts_in_another_currency_keep_their_rate(api, sim, account):
    sim.add_currency("USD", "1.08")
    invoice = sim.add_invoice(account, [{"price": "108", "rate": 0}], currency="USD")
    sim.set_rate("USD", "2")

    row = api.read(f"invoices({invoice})?$select=totalamount,totalamount_base,exchangerate")
    (line,) = api.rows("invoicedetails?$select=extendedamount_base,exchangerate,_transactioncurrencyid_value")

    assert (row["totalamount"], row["totalamount_base"], row["exchangerate"]) == (108, 100, D("1.08"))
    assert (line["extendedamount_base"], line["_transactioncurrencyid_value"]) == (100, sim.currency("USD"))
    assert sim.values(sim.add_invoice(account, [{"price": "3"}], currency="USD"))["totalamount_base"] == D(
        "1.5"
    )


def test_a_currency_without_cents(sim, account):
    sim.add_currency("JPY", "160", precision=0)

    invoice = sim.add_invoice(account, [{"price": "99.5", "rate": 10}], currency="JPY")

    assert sim.values(invoice)["totalamount"] == D(110)


def test_the_base_currency_need_not_be_the_euro():
    sim = DynamicsSimulator(base_currency="CHF")
    sim.add_currency("EUR", "1.05")
    invoice = sim.add_invoice(sim.add_account("Beispiel AG"), [{"price": "105"}], currency="EUR")

    assert sim.values(invoice)["totalamount_base"] == D(100)


def test_an_order_becomes_an_invoice(api, sim, account):
    order = sim.add_order(account, [{"text": "Gerät", "price": "100", "rate": 19}], freightamount="5")

    body = api.call(
        "POST", "ConvertSalesOrderToInvoice", json={"SalesOrderId": order, "ColumnSet": {"AllColumns": True}}
    )
    again = api.call("POST", "ConvertSalesOrderToInvoice", json={"SalesOrderId": order})

    invoice = sim.values(body.json()["invoiceid"])
    assert (invoice["totalamount"], invoice["statuscode"]) == (D("124.00"), 1)
    assert invoice["salesorderid"].id == order
    assert sim.values(order)["statecode"] == 4
    assert again.status_code == 400


def test_merged_accounts_hand_over_their_invoices(sim, account, invoice):
    winner = sim.add_account("Gewinner GmbH")

    sim.merge_accounts(winner, account)

    assert sim.values(invoice)["customerid"].id == winner
    assert (sim.values(account)["merged"], sim.values(account)["statecode"]) == (True, 1)
