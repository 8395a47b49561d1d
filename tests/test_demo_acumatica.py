"""The act of Acumatica and Asana: what it shows, and that its comparison names what is not as it must be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from mlconnector.demo.acts.acumatica_asana import report
from mlconnector.demo.acts.acumatica_asana.act import AcumaticaToAsana
from mlconnector.demo.acts.acumatica_asana.papers import BILL, ORDER, PAPERS, SUPPLIERS, Fate, Paper
from mlconnector.demo.acts.acumatica_asana.staff import PEOPLE
from mlconnector.sandbox.acumatica import AcumaticaSimulator
from mlconnector.sandbox.asana import AsanaSimulator

TODAY = date(2026, 11, 28)


@pytest.fixture
def act() -> AcumaticaToAsana:
    """The end of a demonstration as it must be, made by hand."""
    stands = {
        "acumatica": SimpleNamespace(simulator=AcumaticaSimulator()),
        "asana": SimpleNamespace(simulator=AsanaSimulator()),
    }
    stage: Any = SimpleNamespace(today=TODAY, stand=stands.__getitem__)
    made = AcumaticaToAsana(stage)
    for paper in PAPERS:
        if paper.is_entered_later:
            made.ids[paper.number] = made._enter(paper)
        if paper.has_task:
            _task(made, paper)
        _end(made, paper)
    for person in PEOPLE:
        user = next((one for one in made.asana.known.all("user") if one.email == person.email), None)
        if user and not person.is_user_in_the_end:
            user.workspaces.clear()
        if not user and person.is_user_in_the_end:
            made.asana.add_user(person.name, person.email)
    return made


def _task(act: AcumaticaToAsana, paper: Paper) -> None:
    values = {
        "Betrag": paper.last_amount,
        "Währung": paper.currency,
        "Lieferant": SUPPLIERS[paper.supplier][0],
        "Rechnung des Lieferanten": paper.reference or None,
        "Beleg": paper.number,
        "Belegdatum": paper.on(TODAY),
        "Termin": paper.due_on(TODAY),
        "Status": paper.last_status or paper.status,
        "Niederlassung": paper.branch,
    }
    is_approval = paper.fate not in (Fate.ELSEWHERE, Fate.DELETED)
    verdict = {Fate.APPROVED: "approved", Fate.REJECTED: "rejected"}.get(paper.fate, "pending")
    gid = act.asana.add_task(
        act.projects.get(paper.branch, act.projects[""]),
        paper.number,
        fields={act.fields[name]: value for name, value in values.items() if value is not None},
        resource_subtype="approval" if is_approval else "default_task",
        approval_status=verdict if is_approval else "",
        due_on=paper.due_on(TODAY).isoformat(),
        is_completed=not is_approval,
    )
    for position in range(1, paper.files + 1):
        act.asana.add_attachment(gid, f"{paper.number}-{position}.pdf")
    if paper.fate not in (Fate.WAITS, Fate.CORRECTED):
        act.asana.add_comment(gid, "Erledigt")


def _end(act: AcumaticaToAsana, paper: Paper) -> None:
    press: Callable[..., None] = act.acumatica.press
    ref = act.ids[paper.number]
    if paper.fate in (Fate.APPROVED, Fate.ELSEWHERE):
        if paper.status == "Pending Approval":
            press(paper.entity, ref, "Approve")
        if paper.entity == BILL:
            press(paper.entity, ref, "ReleaseBill")
    elif paper.fate == Fate.REJECTED and paper.entity == ORDER:
        press(paper.entity, ref, "Reject")


def deviations(act: AcumaticaToAsana) -> list[str]:
    """The numbers and addresses that are named."""
    found = [paper.number for paper in PAPERS for _ in report._paper_deviations(act, paper)]
    return found + [line.split()[0] for line in report._staff_deviations(act) if "invitations" not in line]


def test_nothing_is_named_when_all_is_as_it_must_be(act: AcumaticaToAsana) -> None:
    assert deviations(act) == []


SPOILT: dict[str, Callable[[AcumaticaToAsana, str], object]] = {
    "4001": lambda act, gid: act.asana.set_field(gid, act.fields["Betrag"], Decimal("1487.51")),
    "4002": lambda act, gid: act.asana.set_field(gid, act.fields["Währung"], "USD"),
    "4003": lambda act, gid: _task(act, PAPERS[2]),
    "4005": lambda act, gid: act.asana.delete_task(gid),
    "4006": lambda act, gid: act.acumatica.press(BILL, act.ids["004006"], "ReleaseBill"),
    "4007": lambda act, gid: act.asana.add_attachment(gid, "004007-1.pdf"),
    "4008": lambda act, gid: act.asana.add_to_project(gid, act.projects[""]),
    "4009": lambda act, gid: act.asana.approve(gid),
    "4013": lambda act, gid: act.acumatica.change_bill(act.ids["004013"], status="Balanced"),
}


@pytest.mark.parametrize("number", SPOILT)
def test_what_is_not_as_it_must_be_is_named(act: AcumaticaToAsana, number: str) -> None:
    paper = next(paper for paper in PAPERS if paper.number == f"00{number}")
    SPOILT[number](act, act.task(paper))
    assert set(deviations(act)) == {paper.number}


def test_whoever_is_missing_or_still_there_is_named(act: AcumaticaToAsana) -> None:
    for person in PEOPLE[:1]:
        act.asana.known.user_by_email(person.email).workspaces.clear()
    gone = next(person for person in PEOPLE if person.leaves)
    act.asana.known.user_by_email(gone.email).workspaces.append(act.asana.workspace)
    assert deviations(act) == [PEOPLE[0].email, gone.email]


def test_the_papers_show_what_they_are_to_show() -> None:
    assert len([paper for paper in PAPERS if paper.has_task]) >= 20 and len(PEOPLE) == 10
    assert {paper.fate for paper in PAPERS} == set(Fate)
    assert len({paper.number for paper in PAPERS}) == len(PAPERS)
    assert {paper.entity for paper in PAPERS if paper.fate == Fate.CHANGED} == {BILL, ORDER}
    assert len({paper.currency for paper in PAPERS}) == 3 and len({paper.branch for paper in PAPERS}) == 2
    assert any(paper.files > 1 for paper in PAPERS) and any(len(paper.net) > 2 for paper in PAPERS)
