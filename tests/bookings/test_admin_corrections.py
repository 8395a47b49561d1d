"""Refused batches are corrected in the admin; files from elsewhere are handed in there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.html import escape

from bookings import api_tokens, corrections
from bookings.entry import Route
from bookings.extf import writer
from bookings.models import Account, ApiToken, Batch, BatchState, Correction, HandedIn
from connections.models import AuditEntry
from tests.bookings import given
from tests.bookings.test_corrections import correct, partly, refused  # noqa: F401
from tests.bookings.test_handed_in import take
from tests.pairs.admin_pages import button, look, press, superuser, told, url, viewer


def form_values(answer: Any) -> dict[str, Any]:
    """What a browser would send back if nothing was changed."""
    form = answer.context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def row_url(batch: Batch, key: int) -> str:
    return reverse("admin:bookings_batch_correct", args=[batch.pk, key])


def upload(browser: Any, batch: Batch, content: bytes, name: str = "neu.csv") -> Any:
    address = reverse("admin:bookings_batch_corrected_file", args=[batch.pk])
    return browser.post(address, {"file": SimpleUploadedFile(name, content)})


class TestTheRowForm:
    @pytest.mark.parametrize("language", ["en", "de"])
    def test_shows_the_row_and_notes_what_is_changed(self, world, refused, language):  # noqa: F811
        browser = superuser(language)
        booking = refused.bookings.order_by("pk")[0]
        assert row_url(refused, booking.pk) in look(browser, url(refused, "rows"))
        page = browser.get(row_url(refused, booking.pk))
        values = form_values(page)
        assert (values["amount"], values["document_date"]) == ("119,00", "14.07.2026")

        answer = browser.post(
            row_url(refused, booking.pk), values | {"amount": "238,5", "posting_text": "Papier"}, follow=True
        )

        assert "2" in told(answer)
        shown = look(browser, url(refused))
        assert "238.5" in shown and "119.00" in shown and "anna" in shown
        press(browser, button(refused, "resubmit"))
        world.run_to_rest()
        assert world.datev.bookings()[0]["amount"] == "238.50"
        assert AuditEntry.objects.get(action="batch.correction_row").actor == "anna"

    def test_lists_all_faults_at_their_fields_and_keeps_what_was_typed(self, refused):  # noqa: F811
        browser = superuser()
        booking = refused.bookings.order_by("pk")[0]
        values = form_values(browser.get(row_url(refused, booking.pk)))

        answer = browser.post(
            row_url(refused, booking.pk),
            values | {"contra_account": "4711", "bu_key": "77", "cost_center_1": "9"},
        )

        assert set(answer.context["form"].errors) == {"contra_account", "bu_key", "cost_center_1"}
        assert "4711" in answer.content.decode()
        assert not Correction.objects.exists()

    @pytest.mark.parametrize("amount", ["1.190,00", "1190.00", "abc", "-5", ""])
    def test_takes_no_spelling_that_could_be_read_in_two_ways(self, refused, amount):  # noqa: F811
        browser = superuser()
        booking = refused.bookings.order_by("pk")[0]
        values = form_values(browser.get(row_url(refused, booking.pk)))

        answer = browser.post(row_url(refused, booking.pk), values | {"amount": amount})

        assert "amount" in answer.context["form"].errors
        assert not Correction.objects.exists()

    def test_that_is_older_than_another_correction_is_refused(self, refused):  # noqa: F811
        browser = superuser()
        booking = refused.bookings.order_by("pk")[0]
        values = form_values(browser.get(row_url(refused, booking.pk)))
        correct(refused, amount=Decimal("238.00"))

        answer = browser.post(row_url(refused, booking.pk), values | {"amount": "357,00"})

        assert "somebody else" in told(answer).lower()
        assert Correction.objects.count() == 1

    def test_of_a_file_from_elsewhere_shows_its_columns(self, world):
        world.datev.options.next_jobs = ["1008834"]
        take(given.extf({120: "DE"}))
        world.run_to_rest()
        batch = world.batch(state=BatchState.FAILED)
        browser = superuser()
        look(browser, url(batch, "rows"))
        values = form_values(browser.get(row_url(batch, 1)))
        assert (values["1"], values["120"]) == ("119,00", "DE")

        wrong = browser.post(row_url(batch, 1), values | {"1": "1.190,00"})
        assert wrong.context["form"].errors
        browser.post(row_url(batch, 1), values | {"1": "238,00"})

        assert corrections.outlook(batch).is_corrected
        assert look(browser, url(batch))

    def test_of_a_package_from_elsewhere_shows_its_elements(self, world):
        world.datev.options.next_dxso = [3]
        take(given.package(given.ledger()), "paket.zip")
        world.run_to_rest()
        batch = world.batch(state=BatchState.FAILED)
        browser = superuser()
        assert "paymentConditionsId" in look(browser, url(batch, "file"))
        values = form_values(browser.get(row_url(batch, 1)))

        browser.post(row_url(batch, 1), values | {"amount": "238.00"})
        press(browser, button(batch, "resubmit"))
        world.run_to_rest()

        assert [Decimal(row["amount"]) for row in world.datev.bookings()] == [Decimal("238.00")]

    def test_is_for_people_who_may_change_batches_and_for_refused_ones(self, world, refused):  # noqa: F811
        booking = refused.bookings.order_by("pk")[0]
        assert viewer().get(row_url(refused, booking.pk)).status_code == 403
        assert url(refused, "rows") not in look(viewer(), url(refused))
        world.place("record:9")
        world.run_to_rest()
        assert superuser().get(url(world.batch(state=BatchState.POSTED), "rows")).status_code == 404


class TestACorrectedFile:
    def content(self, batch: Batch) -> bytes:
        return bytes(Batch.objects.get(pk=batch.pk).content or b"")

    def test_is_compared_first_and_then_becomes_the_corrections_of_the_bookings(self, world, refused):  # noqa: F811
        browser = superuser()
        content = self.content(refused).replace("Büromaterial".encode(), b"Papier", 1)

        answer = upload(browser, refused, content)
        assert [change["after"] for change in answer.context["changes"]] == ["Papier"]
        assert not Correction.objects.exists()
        stored = answer.context["stored"]
        address = reverse("admin:bookings_batch_corrected_file", args=[refused.pk])
        browser.post(address, {"stored": stored})
        again = browser.post(address, {"stored": stored}, follow=True)

        assert "Choose the file again" in told(again)
        assert Correction.objects.get().filename == "neu.csv"
        press(browser, button(refused, "resubmit"))
        world.run_to_rest()
        assert [row["text"] for row in world.datev.bookings()] == ["Papier", "Büromaterial"]

    def test_with_faults_or_another_number_of_rows_can_not_be_accepted(self, refused):  # noqa: F811
        browser = superuser()
        content = self.content(refused)
        lines = content.split(b"\r\n")

        for wrong in (
            content.replace(b";4930;", b";4711;"),
            content.replace(b";1407;", b";1408;").replace(b"20260731", b"20260831"),
            b"\r\n".join([*lines[:3], b""]),
            content.replace(b'"RE-1"', b'"RE 1"'),
        ):
            answer = upload(browser, refused, wrong)
            assert answer.context["faults"] and not answer.context["stored"]
        assert "EXTF" in told(upload(browser, refused, b"hello"))
        assert not Correction.objects.exists()

    def test_that_says_the_same_is_no_correction(self, refused):  # noqa: F811
        answer = upload(superuser(), refused, self.content(refused))
        assert not answer.context["changes"] and not answer.context["stored"]

    def test_column_that_bookings_do_not_have_is_not_lost_silently(self, refused):  # noqa: F811
        row = writer.row_writer(is_finalized=False)(refused.bookings.order_by("pk")[0].entry)
        fields = row.removesuffix("\r\n").split(";")
        fields[119] = '"DE"'
        content = self.content(refused).replace(row.encode(), ";".join(fields).encode() + b"\r\n")

        answer = upload(superuser(), refused, content)

        assert [fault.field for fault in answer.context["faults"]] == ["Land"]

    def test_of_a_transfer_is_the_ledger_file_of_one_invoice(self, world, partly):  # noqa: F811
        browser = superuser()
        sent = partly.files.filter(filename__endswith="0002.xml").get()
        content = bytes(sent.content).replace("Büromaterial".encode(), b"Papier")

        answer = upload(browser, partly, content, "B1.xml")
        assert [change["after"] for change in answer.context["changes"]] == ["Papier"]
        address = reverse("admin:bookings_batch_corrected_file", args=[partly.pk])
        browser.post(address, {"stored": answer.context["stored"]})
        press(browser, button(partly, "resubmit"))
        world.run_to_rest()

        assert sorted(world.arrived) == ["RE-1", "RE-2"]
        assert partly.route == Route.DXSO
        assert upload(browser, partly, b"<x/>").status_code == 404

    def test_corrections_can_be_withdrawn_and_stay_visible(self, refused):  # noqa: F811
        correct(refused, amount=Decimal("238.00"))
        browser = superuser()

        press(browser, button(refused, "withdraw_corrections"))

        assert not corrections.outlook(refused).is_corrected
        assert "238.00" in look(browser, url(refused))

    def test_replayed_records_are_shown_with_the_batch_they_travel_in(self, world, refused):  # noqa: F811
        world.place("record:1", revision=2)
        newer = Batch.objects.latest("pk")
        assert url(newer) in look(superuser(), url(refused))


class TestFilesFromElsewhere:
    def hand_in(self, browser: Any, content: bytes, **more: Any) -> Any:
        data = {"file": SimpleUploadedFile("buchungen.csv", content)} | more
        return browser.post(url(HandedIn, "add"), data, follow=True)

    @pytest.mark.parametrize("language", ["en", "de"])
    def test_are_uploaded_checked_and_sent(self, world, language):
        browser = superuser(language)
        look(browser, url(HandedIn, "add"))

        answer = self.hand_in(browser, given.extf())
        world.run_to_rest()

        row = HandedIn.objects.get()
        assert told(answer)
        assert (row.by, row.way) == ("anna", "admin")
        for page in (HandedIn, row, row.batch):
            assert f'lang="{language}"' in look(browser, url(page))
        assert world.arrived == ["RE-1"]
        assert press(browser, button(row, "download")).content == given.extf()
        assert AuditEntry.objects.filter(action="handed_in.downloaded", actor="anna").exists()

    def test_with_faults_are_refused_on_a_page_that_lists_them_and_can_be_checked_again(self, world):
        browser = superuser()
        answer = self.hand_in(browser, given.extf({8: "4711"}, {37: "999"}))
        page = answer.content.decode()
        assert "4711" in page and "999" in page and escape("isn't in the client's table of accounts") in page

        row = HandedIn.objects.get()
        Account.objects.create(client=world.client, number="4711")
        world.client.cost_centers.create(client=world.client, number="999")
        press(browser, button(row, "check_again"))
        world.run_to_rest()

        row.refresh_from_db()
        assert row.state == "taken"
        assert len(world.arrived) == 2

    def test_are_taken_once(self, world):
        browser = superuser()
        self.hand_in(browser, given.extf())
        assert "second time" in told(self.hand_in(browser, given.extf()))
        assert Batch.objects.count() == 1

    def test_are_handed_in_by_those_who_may(self, world):
        assert viewer().get(url(HandedIn, "add")).status_code == 403
        assert viewer().get(url(ApiToken, "add")).status_code == 403


class TestTokens:
    def test_are_shown_once_and_kept_as_a_checksum(self, world):
        browser = superuser()
        look(browser, url(ApiToken, "add"))

        answer = browser.post(url(ApiToken, "add"), {"name": "Kasse", "client": world.client.pk})

        text = answer.context["text"]
        token = ApiToken.objects.get()
        assert text in answer.content.decode()
        assert api_tokens.valid(text) == token
        for page in (ApiToken, token):
            assert text not in look(browser, url(page))
        assert not AuditEntry.objects.filter(details__icontains=text).exists()

    def test_are_revoked_for_ever(self, world):
        token, text = api_tokens.create("Kasse", world.client, "anna")
        press(superuser(), button(token, "revoke"))
        assert api_tokens.valid(text) is None
        assert AuditEntry.objects.filter(action="api_token.revoked", actor="anna").exists()
