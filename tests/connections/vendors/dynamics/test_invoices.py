"""Invoices with all that belongs to them: amounts, dates, customers, notes, and how few calls it takes."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections.errors import ConfigurationError, RejectedError, TransientError
from connections.vendors.dynamics import notes
from connections.vendors.dynamics.api import Columns, DynamicsApi, Lookup, Ref
from connections.vendors.dynamics.batch import PartAnswer
from mlconnector.sandbox.dynamics import DynamicsSimulator

PDF = b"%PDF-1.7\n" + b"Rechnung" * 40


def calls(dynamics: DynamicsSimulator) -> list[str]:
    return [f"{call.method} {call.path.rpartition('/')[2]}" for call in dynamics.calls]


def test_an_invoice_with_lines_customer_currency_and_order(
    api: DynamicsApi, dynamics: DynamicsSimulator, account: str
) -> None:
    order = dynamics.add_order(account, [], number="AB-7")
    dynamics.add_currency("USD", "1.08")
    invoice = dynamics.add_invoice(
        account,
        [
            {"text": "Montage", "quantity": 2, "price": "50.00", "discount": "10.00", "rate": 19},
            {"text": "Fachbuch", "price": "100.005", "tax": "7.00", "quantity": 1},
        ],
        number="RE-1002",
        currency="USD",
        discount="5.00",
        freight="12.30",
        order=order,
    )

    read = api.bundles([invoice]).found[invoice].invoice

    assert (read.number, read.state, read.status) == ("RE-1002", 0, 4)
    assert read.currency is not None and (read.currency.iso, read.currency.precision) == ("USD", 2)
    assert read.exchange_rate == Decimal("1.08")
    assert read.customer_ref == Lookup(account, "account", "Beispiel AG")
    assert read.customer is not None and read.customer.address.postal_code == "50667"
    assert read.order is not None and read.order.number == "AB-7"
    first, second = read.lines
    assert (first.text, first.discount, first.tax, first.gross) == (
        "Montage",
        Decimal(10),
        Decimal("17.10"),
        Decimal("107.10"),
    )
    assert first.net == Decimal(90)
    assert second.unit_price == Decimal("100.005")
    assert read.total_tax == sum(line.tax or 0 for line in read.lines)
    assert read.total_before_freight is not None and read.freight == Decimal("12.30")
    assert read.total == read.total_before_freight + read.freight + read.total_tax
    assert all(isinstance(amount, Decimal) for amount in (read.total, read.discount, first.quantity))


def test_the_same_json_means_different_days(
    api: DynamicsApi, dynamics: DynamicsSimulator, account: str
) -> None:
    """Local midnight for a delivery, a plain day for the due date, and a time that only looks like UTC."""
    dynamics.add_column("invoice", "new_bookedon", "datetime", behavior="UserLocal")
    dynamics.add_column("invoice", "msdyn_invoicedate", "datetime", behavior="TimeZoneIndependent")
    dynamics.add_column("invoice", "new_noteddate", "datetime")
    invoice = dynamics.add_invoice(account, due_on=date(2026, 12, 31), delivered_on=date(2026, 6, 1))
    day = date(2026, 6, 1)
    dynamics.change(invoice, new_noteddate=day, msdyn_invoicedate=day)
    columns = Columns(invoice=("new_bookedon", "msdyn_invoicedate", "new_noteddate"))

    api.write_back(invoice, {"new_bookedon": date(2026, 1, 1)})
    read = api.bundles([invoice], columns).found[invoice].invoice

    assert read.row.raw["datedelivered"] == "2026-05-31T22:00:00Z"
    assert read.delivered_on == date(2026, 6, 1)
    assert read.due_on == date(2026, 12, 31)
    assert str(read.row.raw["new_bookedon"]).startswith("2025-12-31T23:00:00")
    assert read.row.value("new_bookedon") == date(2026, 1, 1)
    assert read.row.value("msdyn_invoicedate") == date(2026, 6, 1)
    assert read.row.value("new_noteddate") == date(2026, 6, 1)


def test_forty_invoices_with_a_pdf_each_take_little_more_than_a_call_each(
    api: DynamicsApi, dynamics: DynamicsSimulator, account: str
) -> None:
    """Finding and reading them all, then each one afresh together with its file."""
    lines = [{"text": "Montage", "price": "50.00", "rate": 19}]
    made = [dynamics.add_invoice(account, lines) for _ in range(40)]
    for invoice in made:
        dynamics.add_note(invoice, "Rechnung", filename="Rechnung.pdf", content=PDF)
    before = len(dynamics.calls)

    page = api.changes("invoice")
    readings = api.bundles([row.id for row in page.rows])
    for invoice in made:
        note = readings.found[invoice].notes[0]
        bundle = api.bundle(invoice, note=note)
        assert bundle is not None and bundle.file is not None and bundle.file.content == PDF
        assert bundle.file.is_pdf and bundle.invoice.total == Decimal("59.50")

    assert set(readings.found) == set(made) and not readings.failed
    assert len(dynamics.calls) - before == 40 + 4


def test_what_is_gone_is_told_apart_from_what_is_there(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str, account: str
) -> None:
    gone = dynamics.add_invoice(account)
    dynamics.delete(gone)

    readings = api.bundles([invoice, gone, invoice])

    assert list(readings.found) == [invoice] and not readings.failed
    assert api.bundle(gone) is None


def test_one_invoice_that_dynamics_can_not_give_does_not_keep_the_others_back(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dynamics.add_invoice(dynamics.values(invoice)["customerid"].id)
    whole = api.client.batch

    def failing(parts: Any) -> list[PartAnswer]:
        broken = PartAnswer(500, {}, b"<html>Server error</html>")
        return [
            broken if f"invoices({other})" in part.target else answer
            for part, answer in zip(parts, whole(parts), strict=True)
        ]

    monkeypatch.setattr(api.client, "batch", failing)
    readings = api.bundles([invoice, other])

    assert list(readings.found) == [invoice]
    assert isinstance(readings.failed[other], TransientError)


def test_a_pause_that_one_part_of_a_batch_asks_for_holds_for_the_connection(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str
) -> None:
    api.facts.user_id  # noqa: B018 - asked for before the batch that is refused
    part = "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 429 \r\nRetry-After: 40\r\n\r\n{}\r\n"
    kind = {"Content-Type": "multipart/mixed; boundary=b"}
    dynamics.faults.add("POST /$batch", status=200, headers=kind, body=f"{part}{part}--b--")
    before = len(dynamics.calls)

    for _ in range(2):
        with pytest.raises(TransientError) as raised:
            api.bundle(invoice)
        assert raised.value.retry_after is not None and raised.value.retry_after.total_seconds() > 30

    assert len(dynamics.calls) - before == 1


def test_a_contact_as_customer(api: DynamicsApi, dynamics: DynamicsSimulator) -> None:
    contact = dynamics.add_contact("Beispiel", "Erika")
    invoice = dynamics.add_invoice(contact)

    read = api.bundles([invoice]).found[invoice].invoice

    assert read.customer_ref is not None and read.customer_ref.table == "contact"
    assert read.customer is not None and read.customer.is_person
    assert (read.customer.first_name, read.customer.last_name) == ("Erika", "Beispiel")


def test_lines_beyond_one_page_are_all_there(
    api: DynamicsApi, dynamics: DynamicsSimulator, account: str
) -> None:
    dynamics.options.largest_page = 3
    invoice = dynamics.add_invoice(account, [{"text": f"Teil {n}", "price": "1.00"} for n in range(8)])

    read = api.bundles([invoice]).found[invoice].invoice

    assert [line.text for line in read.lines] == [f"Teil {n}" for n in range(8)]
    assert read.total == Decimal(8)


def test_a_chosen_column_is_read_and_an_unknown_one_is_a_matter_of_configuration(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str, account: str
) -> None:
    dynamics.add_column("account", "new_vatid")
    dynamics.change(account, new_vatid="DE123456789")

    read = api.bundles([invoice], Columns.chosen(["account:new_vatid", "line:tax", "builtin:name"]))
    customer = read.found[invoice].invoice.customer
    assert customer is not None and customer.row.value("new_vatid") == "DE123456789"

    failed = api.bundles([invoice], Columns(invoice=("new_nothing",))).failed[invoice]
    assert isinstance(failed, ConfigurationError) and "new_nothing" in str(failed)


def test_an_amount_in_another_shape_refuses_the_invoice(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str
) -> None:
    stored = api.bundles([invoice]).found[invoice].to_json()
    text = str(stored["invoice"]["row"]).replace('"totalamount":', '"totalamount":"226,00","x":')
    with pytest.raises(RejectedError, match="totalamount"):
        api.bundle_from_json({"invoice": {"row": text}, "notes": []})


def test_a_stored_bundle_is_the_same_again_and_its_note_is_recognised(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str
) -> None:
    dynamics.add_note(invoice, "Rechnung", filename="a.pdf", content=PDF)
    read = api.bundles([invoice]).found[invoice]
    again = api.bundle_from_json(json.loads(json.dumps(read.to_json())))
    assert again == read and again.invoice.total == Decimal(226)
    fresh = api.bundle(invoice, note=again.notes[0])
    assert fresh is not None and fresh.file is not None and fresh.file.content == PDF


def test_invoices_too_large_for_one_answer_are_read_in_smaller_parts(
    api: DynamicsApi, dynamics: DynamicsSimulator, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [{"text": f"Teil {number}", "price": "1.00"} for number in range(40)]
    small = [dynamics.add_invoice(account, [{"price": "1.00"}]) for _ in range(5)]
    large = dynamics.add_invoice(account, lines)
    api.facts.user_id  # noqa: B018 - asked for before answers are limited
    whole = api.client.batch

    def limited(parts: Any) -> list[PartAnswer]:
        answers = whole(parts)
        if sum(len(answer.content) for answer in answers) > 50_000:
            raise RejectedError("The answer is too large to be read.")
        return answers

    monkeypatch.setattr(api.client, "batch", limited)
    readings = api.bundles([*small[:3], large, *small[3:]])

    assert set(readings.found) == set(small)
    assert list(readings.failed) == [large] and "too large" in str(readings.failed[large])


def test_customers_are_read_a_hundred_at_a_time(
    api: DynamicsApi, dynamics: DynamicsSimulator, account: str
) -> None:
    other = dynamics.add_account("Verlierer GmbH", "10002")
    dynamics.merge_accounts(account, other)
    gone = dynamics.add_account("Weg GmbH")
    dynamics.delete(gone)
    api.facts.user_id  # noqa: B018 - the facts are asked for before calls are counted
    before = len(dynamics.calls)

    found = api.customers("account", [account, other, gone])

    assert list(found) == [account, other]
    assert found[other].merged_into == account and not found[other].is_active
    assert found[account].number == "10001" and found[account].is_active
    assert len(dynamics.calls) - before == 1
    assert api.customer_from_json("account", found[account].row.to_json()) == found[account]


def test_a_copied_environment_is_another_place(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str, connection: Any
) -> None:
    from tests import factories
    from tests.mounting import mounted

    copy = dynamics.copy_organization("https://kopie.crm4.dynamics.example")
    with mounted(copy, *copy.mounts):
        other = DynamicsApi(factories.dynamics_connection(copy, name="Kopie"))
        assert set(other.bundles([invoice]).found) == {invoice}
        theirs = other.ref("invoice", invoice)
    ours = api.ref("invoice", invoice)
    assert theirs != ours and theirs.id == ours.id
    assert Ref.parse(str(ours)) == ours
    with pytest.raises(ValueError, match="no reference"):
        Ref.parse(f"{ours.organization_id}/invoice/1")


# --- files ---


def test_the_newest_file_comes_first_and_only_notes_with_a_file_are_listed(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str
) -> None:
    dynamics.add_note(invoice, "Notiz", text="kein Anhang")
    dynamics.add_note(invoice, "Alt", filename="alt.pdf", content=PDF)
    dynamics.clock.advance(timedelta(minutes=1))
    xml = b'<?xml version="1.0"?><rsm:CrossIndustryInvoice/>'
    dynamics.add_note(invoice, "Neu", filename="..\\a/x\x00rechnung.xml", content=xml, mimetype="text/plain")

    bundle = api.bundles([invoice]).found[invoice]

    assert [note.filename for note in bundle.notes] == ["x\ufffdrechnung.xml", "alt.pdf"]
    newest = api.file(bundle.notes[0])
    assert newest.content == xml and newest.is_xml


def test_a_file_that_was_replaced_does_not_come_along_under_the_old_note(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str
) -> None:
    note_id = dynamics.add_note(invoice, "Rechnung", filename="a.pdf", content=PDF)
    note = api.bundles([invoice]).found[invoice].notes[0]
    dynamics.change(note_id, subject="Rechnung, korrigiert")

    changed = api.bundle(invoice, note=note)
    assert changed is not None and changed.file is None and changed.notes[0].version != note.version
    dynamics.delete(note_id)
    deleted = api.bundle(invoice, note=note)
    assert deleted is not None and deleted.file is None and deleted.notes == ()


def test_a_large_file_comes_in_blocks(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "ONE_ANSWER_BYTES", 100)
    monkeypatch.setattr(notes, "BLOCK_BYTES", 128)
    dynamics.add_note(invoice, "Rechnung", filename="a.pdf", content=PDF)
    note = api.bundles([invoice]).found[invoice].notes[0]

    bundle = api.bundle(invoice, note=note)

    assert bundle is not None and bundle.file is not None and bundle.file.content == PDF
    assert calls(dynamics).count("POST DownloadBlock") == 3


def test_a_file_beyond_the_limit_is_refused_before_it_is_fetched(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str
) -> None:
    dynamics.add_note(invoice, "Rechnung", filename="a.pdf", content=PDF)
    note = api.bundles([invoice]).found[invoice].notes[0]
    before = len(dynamics.calls)
    with pytest.raises(RejectedError, match=r"a\.pdf"):
        api.file(note, max_bytes=10)
    assert len(dynamics.calls) == before


def test_a_pdf_from_a_template(api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str) -> None:
    template = dynamics.add_template()
    made = api.pdf_from_template(invoice, template, "RE-1001.pdf")
    assert made.is_pdf and made.filename == "RE-1001.pdf"
    assert api.pdf_from_template(invoice, template, "RE-1001.pdf").content != made.content

    dynamics.options.has_pdf_export = False
    with pytest.raises((ConfigurationError, RejectedError)):
        api.pdf_from_template(invoice, template, "RE-1001.pdf")


# --- writing back ---


def test_a_result_is_written_to_an_invoice_that_exists_and_never_makes_one(
    api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str
) -> None:
    dynamics.add_column("invoice", "new_datevstatus")
    api.write_back(invoice, {"new_datevstatus": "gebucht", "lastbackofficesubmit": date(2026, 11, 21)})
    read = api.bundles([invoice]).found[invoice].invoice
    assert read.row.day("lastbackofficesubmit") == date(2026, 11, 21)
    assert read.modified_by == api.facts.user_id
    assert dynamics.values(invoice)["new_datevstatus"] == "gebucht"

    before = read.version
    dynamics.change(invoice, name="geändert")
    with pytest.raises(TransientError) as raised:
        api.write_back(invoice, {"new_datevstatus": "x"}, version=before)
    assert raised.value.status == 412

    dynamics.delete(invoice)
    with pytest.raises(RejectedError):
        api.write_back(invoice, {"new_datevstatus": "gebucht"})
    with pytest.raises(KeyError):
        dynamics.row(invoice)


def test_a_paid_invoice_is_read_only(api: DynamicsApi, dynamics: DynamicsSimulator, invoice: str) -> None:
    dynamics.pay(invoice)
    for status in (400, 403):
        dynamics.options.read_only_status = status
        with pytest.raises((RejectedError, ConfigurationError)):
            api.write_back(invoice, {"lastbackofficesubmit": date(2026, 11, 21)})
