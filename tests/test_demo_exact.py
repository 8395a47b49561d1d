"""The act of Exact Online and Asana: what it shows, and that its comparison notices what is missing."""

from __future__ import annotations

from datetime import date

import pytest

from mlconnector.demo.acts.exact_asana import books
from mlconnector.demo.acts.exact_asana.act import ENDED, RENAMED, ExactToAsana
from mlconnector.demo.acts.exact_asana.works import WORKS
from mlconnector.demo.stage import Stage
from pairs.models import RecordState


def test_the_act_shows_what_it_is_to_show() -> None:
    assert len(books.ORDERS) >= 15 and len(books.INVOICES) >= 15
    assert all(document.lines for document in (*books.ORDERS, *books.INVOICES))
    assert len(books.ACCOUNTS) == 30 and len(books.CENTERS) == 10 and len(books.PROJECTS) == 3
    lines = [line for document in (*books.ORDERS, *books.INVOICES) for line in document.lines]
    assert {line.account for line in lines} <= books.ACCOUNTS.keys() and RENAMED[0] in books.ACCOUNTS
    assert {line.center for line in lines} <= books.CENTERS.keys() and ENDED in books.CENTERS
    for is_shown in (
        any(work.release == "confirmed" for work in WORKS),
        any(work.is_opened_again for work in WORKS),
        any(work.own_project for work in WORKS),
        any(work.state == RecordState.REFUSED for work in WORKS),
        any(work.cost for work in WORKS) and any(work.hours for work in WORKS),
        any(work.budget for work in WORKS),
    ):
        assert is_shown


@pytest.mark.django_db
def test_the_comparison_names_all_that_has_not_moved() -> None:
    stage = Stage(date(2026, 11, 21), acts=[ExactToAsana])
    try:
        found = list(stage.act(ExactToAsana).deviations())
    finally:
        stage.close()
    for document in (*books.ORDERS, *books.INVOICES):
        assert f"{document.partner}, {document.lines[0].text} has 0 tasks in Asana." in found
    told = "\n".join(found)
    for what in (
        "3200 - Wareneingang Baustoffe / 210 - Rohbau: 500.00 entered, 0 in Asana.",
        "Options of Sachkonto",
        "Options of Kostenstelle",
        "In the portfolio are []",
        "'Dach' is not there and should be to_confirm",
        "Completed in Exact Online are set()",
        "Released in Exact Online are set()",
        "0 cost entries in Exact Online.",
        "P1: costs are 0 instead of 750.00",
        "P1: 40 hours instead of 60.75",
        "P2: budgeted costs are None instead of 18500.00",
    ):
        assert what in told, told
