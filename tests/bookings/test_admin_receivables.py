"""Tax cases and debtors in the admin: read in both languages, confirmed only when they bear their tax."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from bookings import services
from bookings.debtors import customer_ref, ensure
from bookings.models import Batch, DatevClient, Debtor, TaxCase, TaxKey
from connections.models import AuditEntry
from tests.bookings.test_debtors import MUSTER
from tests.bookings.world import World
from tests.pairs.admin_pages import button, each_reader, form_of, look, press, superuser, told, url, viewer


@pytest.fixture
def case(world: World) -> TaxCase:
    """The starter rows of SKR03; of them that of 19 % within Germany."""
    services.load_starter(world.client, "03")
    found: TaxCase = TaxCase.objects.get(key="domestic_19")
    return found


@pytest.fixture
def debtor(world: World) -> Debtor:
    """A debtor that DATEV has, changed since."""
    DatevClient.objects.update(debtor_from=10001, debtor_until=10100)
    world.client.refresh_from_db()
    name = customer_ref("dynamics", "org", "account", "1")
    ensure(world.client, name, MUSTER, source_url="https://crm.example/1")
    world.run_to_rest()
    return Debtor.objects.get()


@each_reader
def test_every_page_can_be_read(case: TaxCase, debtor: Debtor, person: Any, language: str) -> None:
    browser = person(language)
    things = [TaxCase, case, Debtor, debtor, Batch.objects.get(), case.client]
    for thing in things:
        assert f'lang="{language}"' in look(browser, url(thing))
    assert "Musterstraße 1" in look(browser, url(debtor))
    assert "10001 Muster GmbH" in look(browser, url(Batch.objects.get()))
    assert "Debitoren/Kreditoren" in look(browser, url(Batch.objects.get(), "file"))


def test_a_case_is_confirmed_after_a_question_and_it_is_recorded_by_whom(case: TaxCase) -> None:
    browser = superuser()
    press(browser, button(case, "confirm"))
    case.refresh_from_db()
    assert case.is_confirmed
    entry = AuditEntry.objects.get(action="tax_case.confirmed")
    assert entry.actor == "anna" and entry.details["account"] == "8400"
    assert case.history.first().history_user.username == "anna"


def test_a_case_that_would_book_without_its_tax_is_not_confirmed(case: TaxCase) -> None:
    """8200 is no automatic account, and tax key 5 was never confirmed."""
    old = TaxCase.objects.get(key="domestic_16")
    answer = press(superuser(), button(old, "confirm"))
    assert "tax key" in told(answer)
    old.refresh_from_db()
    assert not old.is_confirmed

    TaxKey.objects.filter(bu_key="5").update(is_confirmed=True)
    press(superuser(), button(old, "confirm"))
    old.refresh_from_db()
    assert old.is_confirmed


def test_a_changed_case_has_to_be_confirmed_again(case: TaxCase) -> None:
    browser = superuser()
    press(browser, button(case, "confirm"))
    sent = form_of(browser.get(url(case)))
    assert "confirmed again" in told(browser.post(url(case), sent | {"name": "Anders"}, follow=True))
    case.refresh_from_db()
    assert (case.name, case.is_confirmed) == ("Anders", False)


def test_nobody_changes_a_debtor_and_viewers_confirm_nothing(case: TaxCase, debtor: Debtor) -> None:
    assert superuser().post(url(debtor), {"number": "10002"}).status_code == 403
    assert viewer().post(button(case, "confirm")).status_code in (302, 403)
    case.refresh_from_db()
    assert not case.is_confirmed


@pytest.mark.parametrize(
    ("first", "last"), [(70000, 79999), (1000, 1999), (10001, None), (10100, 10001), (10001, 100_000)]
)
def test_a_range_that_is_none_of_debtors_is_refused(world: World, first: int, last: int | None) -> None:
    world.client.debtor_from, world.client.debtor_until = first, last
    with pytest.raises(ValidationError):
        world.client.clean()
    world.client.debtor_from, world.client.debtor_until = 10001, 69999
    world.client.clean()
