"""Change tracking: delta links, deletions, expiry, changes while pages are read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sandbox.dynamics.conftest import error

TRACK = "odata.track-changes"
PATH = "invoices?$select=invoicenumber,statuscode"
EXPIRED, OFF = "0x80044352", "0x80072491"


def begin(api) -> str:
    return api.read(PATH, TRACK)["@odata.deltaLink"]


def test_the_first_round_has_all_rows_and_a_link(api, invoice):
    answer = api.get(PATH, TRACK)

    assert answer.headers["Preference-Applied"] == TRACK
    assert [row["invoicenumber"] for row in answer.json()["value"]] == ["RE-1001"]
    assert "%2111%2f02%2f2026%2008%3a00%3a00" in answer.json()["@odata.deltaLink"]


def test_a_round_has_what_changed_since_once_and_deletions_last(api, sim, account, invoice):
    gone = sim.add_invoice(account)
    link = begin(api)
    sim.cancel(invoice)
    sim.change(invoice, description="zweimal geändert")
    sim.delete(gone)
    never_seen = sim.add_invoice(account)
    sim.delete(never_seen)

    body = api.read(link)

    assert body["@odata.context"].endswith("/$delta")
    assert [row.get("statuscode", row.get("reason")) for row in body["value"]] == [
        100003,
        "deleted",
        "deleted",
    ]
    assert [row.get("id") for row in body["value"][1:]] == [gone, never_seen]
    assert body["value"][1]["@odata.context"].endswith("#invoices/$deletedEntity")
    assert api.read(body["@odata.deltaLink"])["value"] == []
    assert api.get(link.replace("/invoices?", "/invoices/$count?")).text == "3"


def test_a_line_that_leaves_the_totals_alone_leaves_the_invoice_alone(api, sim, invoice):
    link = begin(api)
    lines = api.read("invoicedetails?$select=description", TRACK)["@odata.deltaLink"]
    line = sim.lines(invoice)[0]["invoicedetailid"]

    sim.change(line, description="anderer Text")
    assert api.read(link)["value"] == []
    assert [row["description"] for row in api.read(lines)["value"]] == ["anderer Text"]

    sim.change(line, priceperunit="60")
    assert len(api.read(link)["value"]) == 1


def test_only_the_last_page_carries_the_delta_link(api, sim, account):
    for number in range(3):
        sim.add_invoice(account, number=f"RE-{number}")
    prefer = f"{TRACK},odata.maxpagesize=2"

    first = api.read(PATH, prefer)
    last = api.read(first["@odata.nextLink"], prefer)

    assert "@odata.deltaLink" not in first
    assert "istracking=%22True%22" in first["@odata.nextLink"]
    assert len(first["value"] + last["value"]) == 3
    assert api.read(last["@odata.deltaLink"])["value"] == []


@pytest.mark.parametrize(("covers", "found"), [(False, 0), (True, 1)])
def test_a_change_while_pages_are_read_may_be_missed(api, sim, account, covers, found):
    ids = sorted(sim.add_invoice(account, number=f"RE-{number}") for number in range(3))
    sim.options.tracking_covers_paging = covers
    prefer = f"{TRACK},odata.maxpagesize=2"

    first = api.read(PATH, prefer)
    sim.cancel(ids[0])
    last = api.read(first["@odata.nextLink"], prefer)

    assert len(api.read(last["@odata.deltaLink"])["value"]) == found


def test_a_delta_round_has_pages_too(api, sim, account):
    ids = [sim.add_invoice(account, number=f"RE-{number}") for number in range(4)]
    link = begin(api)
    for row_id in ids[:2]:
        sim.cancel(row_id)
    for row_id in ids[2:]:
        sim.delete(row_id)

    seen, prefer = [], "odata.maxpagesize=1"
    while True:
        body = api.read(link, prefer)
        seen += [row.get("invoiceid") or row["id"] for row in body["value"]]
        if "@odata.nextLink" not in body:
            break
        link = body["@odata.nextLink"]

    assert seen == ids


@pytest.mark.parametrize(
    "option", ["$filter=statuscode eq 4", "$orderby=name", "$expand=invoice_details", "$top=1"]
)
def test_options_that_tracking_does_not_support(api, invoice, option):
    answer = api.get(f"{PATH}&{option}", TRACK)

    assert answer.status_code == 400
    assert "isn't supported when Change Tracking is enabled" in answer.json()["error"]["message"]


def test_a_link_expires_with_the_organisations_days(api, sim, invoice):
    link = begin(api)

    sim.pass_time(timedelta(days=7))
    api.token = sim.sign_in()
    assert api.get(link).status_code == 200
    sim.pass_time(timedelta(seconds=1))
    assert error(api.get(link)) == (400, EXPIRED)
    assert api.get(begin(api)).status_code == 200


def test_all_links_can_be_made_to_expire_with_any_status(api, sim, invoice):
    link = begin(api)
    sim.expire_delta_tokens()
    sim.options.expired_token_status = 410

    assert error(api.get(link)) == (410, EXPIRED)
    assert api.get(begin(api)).status_code == 200


def test_a_link_is_for_its_own_query(api, invoice):
    link = begin(api)

    assert api.get(link.replace("/invoices?", "/accounts?")).status_code == 400
    assert api.get(link.replace("invoicenumber,statuscode", "invoicenumber")).status_code == 400


def test_tracking_has_to_be_enabled(api, sim, invoice):
    sim.disable_tracking("invoice")

    assert error(api.get(PATH, TRACK)) == (400, OFF)
    assert api.read("EntityDefinitions(LogicalName='invoice')?$select=ChangeTrackingEnabled") == {
        "@odata.context": f"{api.root}/$metadata#EntityDefinitions/$entity",
        "ChangeTrackingEnabled": False,
        "MetadataId": api.read("EntityDefinitions(LogicalName='invoice')")["MetadataId"],
    }


def test_reading_the_own_rows_alone_is_not_enough(api, sim, invoice):
    sim.set_privilege("prvReadInvoice", "Basic")

    assert api.rows("invoices?$select=name") == []
    assert error(api.get(PATH, TRACK)) == (403, "0x80040220")
