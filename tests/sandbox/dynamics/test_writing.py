"""Creating, changing and deleting rows over the Web API, and batches."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.sandbox.dynamics.conftest import error

MISSING = "00000000-0000-0000-0000-000000000001"
ANY = {"If-Match": "*"}


def patch(api, path: str, body: dict, **headers: str):
    return api.call(
        "PATCH", path, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def test_a_write_back_changes_the_row_and_its_version(api, sim, invoice):
    before = api.read(f"invoices({invoice})?$select=lastbackofficesubmit")

    answer = patch(
        api, f"invoices({invoice})", {"lastbackofficesubmit": "2026-11-21T00:00:00+01:00"}, If_Match="*"
    )

    after = api.read(f"invoices({invoice})?$select=lastbackofficesubmit,_modifiedby_value")
    assert (answer.status_code, answer.headers["OData-EntityId"]) == (204, f"{api.root}/invoices({invoice})")
    assert after["lastbackofficesubmit"] == "2026-11-20T23:00:00Z"
    assert after["@odata.etag"] != before["@odata.etag"]
    assert after["_modifiedby_value"] == sim.known.app_user


def test_a_patch_without_if_match_brings_a_deleted_row_back(api, sim, account):
    body = {"name": "halb leer", "customerid_account@odata.bind": f"/accounts({account})"}

    assert error(patch(api, f"invoices({MISSING})", body, If_Match="*")) == (404, "0x80040217")
    assert patch(api, f"invoices({MISSING})", body).status_code == 204
    assert sim.values(MISSING)["name"] == "halb leer"
    assert error(patch(api, f"invoices({MISSING})", body, If_None_Match="*")) == (412, "0x80040237")


def test_a_version_guards_against_a_change_in_between(api, sim, invoice):
    etag = api.read(f"invoices({invoice})?$select=name")["@odata.etag"]
    sim.change(invoice, description="dazwischen")

    assert error(patch(api, f"invoices({invoice})", {"name": "spät"}, If_Match=etag)) == (412, "0x80060882")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"new_unknown": 1}, "0x80060888"),
        ({"name": "x" * 301}, "0x80044331"),
        ({"name": 5}, "0x80048d19"),
        ({"discountpercentage": 101}, "0x8004431a"),
        ({"paymenttermscode": 99}, "0x8004431a"),
        ({"duedate": "2026-11-30T00:00:00Z"}, "0x80048d19"),
        ({"datedelivered": "morgen"}, "0x80048d19"),
        ({"freightamount": "5.00"}, "0x80048d19"),
        ({"invoicenumber": "RE-2"}, "0x80040203"),
        ({"totalamount": 1}, "0x80040203"),
        ({"customerid_account@odata.bind": f"/accounts({MISSING})"}, "0x80040217"),
        ({"customerid_account@odata.bind": f"/contacts({MISSING})"}, "0x80048d19"),
        ({"statecode": 0, "statuscode": 100001}, "0x80048408"),
        ({"statuscode": 100001}, "0x80048408"),
    ],
)
def test_what_cannot_be_written(api, sim, invoice, body, expected):
    before = sim.values(invoice)

    assert error(patch(api, f"invoices({invoice})", body, If_Match="*"))[1] == expected
    assert sim.values(invoice) == before


def test_read_only_columns_may_also_be_ignored(api, sim, invoice):
    sim.options.ignore_read_only = True

    assert (
        patch(api, f"invoices({invoice})", {"invoicenumber": "X", "name": "neu"}, If_Match="*").status_code
        == 204
    )
    assert (sim.values(invoice)["invoicenumber"], sim.values(invoice)["name"]) == ("RE-1001", "neu")


def test_a_paid_invoice_is_read_only_until_it_is_active_again(api, sim, invoice):
    path = f"invoices({invoice})"
    line = sim.lines(invoice)[0]["invoicedetailid"]

    assert patch(api, path, {"statecode": 2, "statuscode": 100001}, If_Match="*").status_code == 204
    assert error(patch(api, path, {"name": "x"}, If_Match="*")) == (400, "0x80040230")
    assert error(patch(api, f"invoicedetails({line})", {"tax": 1}, If_Match="*")) == (400, "0x80040230")
    assert patch(api, path, {"statecode": 3}, If_Match="*").status_code == 204
    assert sim.values(invoice)["statuscode"] == 100003
    assert error(patch(api, path, {"statecode": 2}, If_Match="*")) == (400, "0x80100000")
    assert (
        patch(api, path, {"statecode": 0, "statuscode": 1, "name": "offen"}, If_Match="*").status_code == 204
    )


def test_a_new_invoice_with_its_lines(api, sim, account):
    body = {
        "name": "Neu",
        "customerid_account@odata.bind": f"/accounts({account})",
        "invoice_details": [
            {
                "quantity": 2,
                "priceperunit": 10.5,
                "tax": 3.99,
                "isproductoverridden": True,
                "productdescription": "A",
            }
        ],
    }
    answer = api.call(
        "POST", "invoices?$select=invoicenumber,totalamount", json=body, prefer="return=representation"
    )
    row = json.loads(answer.content, parse_float=Decimal)

    assert answer.status_code == 201
    assert row["totalamount"] == Decimal("24.99")
    assert row["invoicenumber"].startswith("INV-01000-")
    assert error(api.call("POST", "invoices", json={"name": "ohne Kunde"})) == (400, "0x80040200")


def test_a_note_as_audit_trail(api, sim, invoice):
    body = {"subject": "DATEV", "notetext": "gebucht", "objectid_invoice@odata.bind": f"/invoices({invoice})"}
    answer = api.call("POST", "annotations", json=body)

    (note,) = api.rows(f"annotations?$select=subject,isdocument&$filter=_objectid_value eq {invoice}")
    assert answer.headers["OData-EntityId"].endswith(f"annotations({note['annotationid']})")
    assert (note["subject"], note["isdocument"]) == ("DATEV", False)


def test_an_invoice_goes_with_its_lines_and_notes(api, sim, invoice, account):
    sim.add_note(invoice, "Rechnung")

    assert error(api.call("DELETE", f"accounts({account})")) == (400, "0x80040227")
    assert api.call("DELETE", f"invoices({invoice})").status_code == 204
    assert api.rows("invoicedetails?$select=tax") == api.rows("annotations?$select=subject") == []
    assert error(api.call("DELETE", f"invoices({invoice})")) == (404, "0x80040217")


def test_notes_may_come_with_a_new_account(api):
    body = {"name": "Mit Notiz GmbH", "Account_Annotation": [{"subject": "Hinweis"}]}
    made = api.call("POST", "accounts", json=body).headers["OData-EntityId"]

    assert [row["subject"] for row in api.rows(f"{made}/Account_Annotation?$select=subject")] == ["Hinweis"]


def test_a_note_needs_rights_on_both_ends(api, sim, invoice):
    sim.set_privilege("prvAppendToInvoice")
    body = {"subject": "DATEV", "objectid_invoice@odata.bind": f"/invoices({invoice})"}

    assert error(api.call("POST", "annotations", json=body)) == (403, "0x80040220")
    assert api.rows("annotations?$select=subject") == []


def test_writing_needs_its_own_right(api, sim, invoice):
    sim.set_privilege("prvWriteInvoice")

    assert error(patch(api, f"invoices({invoice})", {"name": "x"}, If_Match="*")) == (403, "0x80040220")


def test_wrong_method(api, invoice):
    assert api.call("PUT", f"invoices({invoice})", json={}).status_code == 405


# --- batches -----------------------------------------------------------------------------------------------
def request_part(method: str, path: str, body: dict | None = None, number: int = 0) -> str:
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    head += f"Content-ID: {number}\r\n" if number else ""
    inner = "" if body is None else f"Content-Type: application/json\r\n\r\n{json.dumps(body)}"
    return f"{head}\r\n{method} {path} HTTP/1.1\r\n{inner or chr(13) + chr(10)}"


def multipart(parts: list[str], boundary: str = "batch_x") -> str:
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"


def change_set(*parts: str) -> str:
    return f"Content-Type: multipart/mixed; boundary=set_y\r\n\r\n{multipart(list(parts), 'set_y')}"


def send(api, parts: list[str], prefer: str = ""):
    headers = {"Content-Type": 'multipart/mixed; boundary="batch_x"'}
    return api.call("POST", "$batch", data=multipart(parts).encode(), headers=headers, prefer=prefer)


def test_a_batch_reads_many_things_in_one_call(api, sim, invoice):
    calls = len(sim.calls)
    answer = send(
        api,
        [
            request_part("GET", f"invoices({invoice})?$select=invoicenumber"),
            request_part(
                "GET", f"{api.root}/invoicedetails?$select=tax&$filter=_invoiceid_value%20eq%20{invoice}"
            ),
            request_part("GET", "/api/data/v9.2/WhoAmI"),
        ],
    )

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert answer.text.count("HTTP/1.1 200 OK") == 3
    assert '"invoicenumber":"RE-1001"' in answer.text
    assert len(sim.calls) == calls + 1


@pytest.mark.parametrize(
    ("prefer", "status", "answered"), [("", 404, 2), ("odata.continue-on-error", 200, 3)]
)
def test_a_failing_part_ends_the_batch_or_not(api, invoice, prefer, status, answered):
    parts = [request_part("GET", f"invoices({one})?$select=name") for one in (invoice, MISSING, invoice)]

    answer = send(api, parts, prefer)

    assert (answer.status_code, answer.text.count("HTTP/1.1 ")) == (status, answered)


def test_a_change_set_is_all_or_nothing(api, sim, invoice, account):
    note = {"subject": "Eins", "objectid_invoice@odata.bind": f"/invoices({invoice})"}
    good = change_set(
        request_part("POST", "accounts", {"name": "Aus dem Stapel"}, 1),
        request_part("PATCH", "$1", {"accountnumber": "10002"}, 2),
        request_part("POST", "annotations", note, 3),
    )
    bad = change_set(
        request_part("POST", "annotations", note | {"subject": "Zwei"}, 1),
        request_part("PATCH", f"invoices({invoice})", {"new_unknown": 1}, 2),
    )

    assert send(api, [good]).text.count("204 NO CONTENT") == 3
    refused = send(api, [bad])

    assert refused.status_code == 400
    assert refused.text.count("HTTP/1.1 ") == 1
    assert [row["subject"] for row in api.rows("annotations?$select=subject")] == ["Eins"]
    assert api.rows("accounts?$select=name&$filter=accountnumber eq '10002'")[0]["name"] == "Aus dem Stapel"


@pytest.mark.parametrize(
    "parts",
    [
        [request_part("POST", "$batch", {})],
        [change_set(request_part("GET", "WhoAmI", None, 1))],
        [request_part("GET", "https://elsewhere.example/api/data/v9.2/WhoAmI")],
        ["Content-Type: application/http\r\n\r\nnonsense"],
    ],
)
def test_what_a_batch_may_not_hold(api, parts):
    assert send(api, parts).status_code == 400


def test_a_batch_has_its_form(api):
    plain = api.call("POST", "$batch", data=b"{}", headers={"Content-Type": "application/json"})
    unclosed = api.call(
        "POST", "$batch", data=b"--x\r\n", headers={"Content-Type": "multipart/mixed; boundary=x"}
    )
    too_many = send(api, [request_part("GET", "WhoAmI")] * 1001)

    assert (plain.status_code, unclosed.status_code, too_many.status_code) == (400, 400, 400)
