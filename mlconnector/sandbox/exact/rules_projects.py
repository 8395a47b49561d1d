"""Rules for projects: what may be completed and released, entered, budgeted, and what is final."""

from collections.abc import Collection
from decimal import Decimal
from typing import TYPE_CHECKING

from mlconnector.sandbox.exact import catalogue
from mlconnector.sandbox.exact.errors import Refused
from mlconnector.sandbox.exact.rules import RULES, Rules
from mlconnector.sandbox.exact.rules_masters import check_code
from mlconnector.sandbox.exact.rules_trade import cents
from mlconnector.sandbox.exact.state import Row

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.books import Books

PROJECT_TYPES = (1, 2, 3, 4, 5)
# Source: InvoiceStatus of project/InvoiceTerms (read 2025-07).
TERM_DRAFT, TERM_OPEN, TERM_PROCESSING = 10, 20, 30
# Source: HourStatus of project/CostTransactions (read 2022-06).
HOUR_STATUSES = (1, 2, 10, 11, 14, 16, 19, 20)
SUBMITTED, IN_PROCESS, FINAL = 10, (14, 16), 20
TIME, COST = 1, 2


# --- projects -------------------------------------------------------------
def check_project(books: "Books", project: Row, names: Collection[str]) -> None:
    if project["Type"] not in PROJECT_TYPES:
        raise Refused("invalid", "Type")
    check_code(books, project, names)


def fill_project(books: "Books", project: Row) -> None:
    project.values["StartDate"] = project["StartDate"] or books.today()
    project.values["DivisionName"] = books.state.divisions[project.division].name


# --- work breakdown structure -------------------------------------------------------------
def fill_wbs(books: "Books", wbs: Row) -> None:
    siblings = [one for one in wbs_of(books, wbs.division, wbs["Project"]) if one is not wbs]
    values = wbs.values
    if values["SequenceNumber"] is None:
        values["SequenceNumber"] = 1 + max((one["SequenceNumber"] for one in siblings), default=0)
    values["Type"] = 1 + catalogue.WBS.index(wbs.entity.path)


def wbs_of(books: "Books", division: int, project: str | None = None) -> list[Row]:
    """Deliverables, activities and expenses of a project (or of all), in the order of their entry."""
    rows = [row for path in catalogue.WBS for row in books.state.table(division, path).values()]
    found = [row for row in rows if project is None or row["Project"] == project]
    return sorted(found, key=lambda row: row.number)


def check_wbs(books: "Books", wbs: Row, names: Collection[str]) -> None:
    if books.state.get(wbs.division, catalogue.PROJECTS, wbs["Project"]) is None:
        raise Refused("unknown", "Project")


def check_deliverable(books: "Books", deliverable: Row, names: Collection[str]) -> None:
    check_wbs(books, deliverable, names)
    project = books.state.get(deliverable.division, catalogue.PROJECTS, deliverable["Project"])
    term = deliverable["ProjectTerm"]
    if term and not (deliverable["Milestone"] and project["UseBillingMilestones"]):
        raise Refused("milestone_for_term")
    if term and books.state.rows[term]["Project"] != project.id:
        raise Refused("unknown", "ProjectTerm")
    if deliverable["Completed"] and not term:
        raise Refused("term_for_completed")
    if deliverable["ReleaseInvoiceTerm"] and not term:
        raise Refused("term_for_completed")


def guard_deliverable(books: "Books", deliverable: Row, names: Collection[str]) -> None:
    if not deliverable["ReleaseInvoiceTerm"]:
        return
    # Releasing happens once and cannot be undone. Source: WBSDeliverables (read 2022-06).
    if {"ReleaseInvoiceTerm", "ReleaseInvoiceTermDate", "ProjectTerm"} & set(names):
        raise Refused("released")
    if "Completed" in names and deliverable["Completed"] and not books.sim.options.reopen_after_release:
        raise Refused("released")


def guard_deliverable_delete(books: "Books", deliverable: Row) -> None:
    if deliverable["ReleaseInvoiceTerm"]:
        raise Refused("released")


def release(books: "Books", deliverable: Row, names: Collection[str], user: str) -> None:
    """The linked term is opened, on the given date if there is one."""
    term = books.state.rows.get(deliverable["ProjectTerm"] or "")
    if term is None:
        return
    if term["WBS"] != deliverable.id:
        books.touch(term, user, WBS=deliverable.id, Deliverable=deliverable["Description"])
    if "ReleaseInvoiceTerm" in names and deliverable["ReleaseInvoiceTerm"]:
        date = deliverable["ReleaseInvoiceTermDate"] or term["InvoiceDate"] or books.today()
        books.touch(term, user, InvoiceStatus=TERM_OPEN, InvoiceDate=date)


# --- invoice terms and budgets -------------------------------------------------------------
def fill_term(books: "Books", term: Row) -> None:
    term.values["InvoiceStatus"] = term["InvoiceStatus"] or TERM_DRAFT


def settle_term(books: "Books", term: Row) -> None:
    values = term.values
    project = books.state.rows[values["Project"]]
    budget = project["BudgetedAmount"] or Decimal()
    values["Percentage"] = (values["Amount"] / budget * 100).quantize(Decimal("0.01")) if budget else None
    values["VATPercentage"] = books.vat_rate(values["VATCode"])


def guard_term(books: "Books", term: Row, names: Collection[str] = ()) -> None:
    if (term["InvoiceStatus"] or 0) >= TERM_PROCESSING:
        raise Refused("processed")


def check_budget(books: "Books", budget: Row, names: Collection[str]) -> None:
    item = books.state.get(budget.division, catalogue.ITEMS, budget["Item"])
    if item is not None and not item["IsTime"]:
        raise Refused("invalid", "Item")
    for other in books.state.table(budget.division, budget.entity.path).values():
        same = (other["Project"], other["Item"]) == (budget["Project"], budget["Item"])
        if same and other.id != budget.id:
            raise Refused("exists", "Item")


# --- time and cost entries -------------------------------------------------------------
def fill_entry(books: "Books", entry: Row) -> None:
    values = entry.values
    item = books.state.get(entry.division, catalogue.ITEMS, values["Item"])
    project = books.state.get(entry.division, catalogue.PROJECTS, values["Project"])
    values["Type"] = COST if entry.entity.path == catalogue.COSTS else TIME
    if values["HourStatus"] is None:
        values["HourStatus"] = books.sim.options.default_hour_status
    if values["EntryNumber"] is None:
        values["EntryNumber"] = books.state.count_up(entry.division, "entry", 1)
    values["Date"] = values["Date"] or books.today()
    values["Currency"] = values["Currency"] or books.state.divisions[entry.division].currency
    values["DivisionDescription"] = books.state.divisions[entry.division].name
    if values["PriceFC"] is None and item is not None:
        values["PriceFC"] = item["CostPriceStandard"] or Decimal()
    if project is not None and values["Account"] is None:
        values["Account"] = project["Account"]


def check_entry(books: "Books", entry: Row, names: Collection[str]) -> None:
    if not (entry["Account"] or entry["Project"] or entry["Subscription"]):
        raise Refused("mandatory", "Project")
    item = books.state.get(entry.division, catalogue.ITEMS, entry["Item"])
    if item is not None and bool(item["IsTime"]) != (entry["Type"] == TIME):
        raise Refused("invalid", "Item")
    if entry["HourStatus"] not in HOUR_STATUSES:
        raise Refused("invalid", "HourStatus")
    project = books.state.get(entry.division, catalogue.PROJECTS, entry["Project"])
    if project is not None and project["BlockEntry"]:
        raise Refused("blocked", "Project")
    via = "Expense" if entry["Type"] == COST else "Activity"
    wbs = books.state.rows.get(entry[via] or "")
    if wbs is not None and (wbs["BlockEntry"] or wbs["Project"] != entry["Project"]):
        raise Refused("invalid", via)


def settle_entry(books: "Books", entry: Row) -> None:
    """AmountFC = Quantity x PriceFC. Source: project/CostTransactions (read 2022-06)."""
    entry.values["AmountFC"] = cents(entry["Quantity"] * (entry["PriceFC"] or Decimal()))


def guard_entry(books: "Books", entry: Row, names: Collection[str] = ()) -> None:
    locked = {FINAL, *IN_PROCESS}
    if books.sim.options.submitted_is_locked:
        locked.add(SUBMITTED)
    if entry["HourStatus"] in locked:
        raise Refused("final")


def fill_report(books: "Books", report: Row) -> None:
    report.values["ReferenceDate"] = report["ReferenceDate"] or books.today()


_entries = Rules(fill_entry, check_entry, settle_entry, guard_change=guard_entry, guard_delete=guard_entry)
RULES.update(
    {
        catalogue.PROJECTS: Rules(fill_project, check_project),
        catalogue.DELIVERABLES: Rules(
            fill_wbs,
            check_deliverable,
            done=release,
            guard_change=guard_deliverable,
            guard_delete=guard_deliverable_delete,
        ),
        catalogue.ACTIVITIES: Rules(fill_wbs, check_wbs),
        catalogue.EXPENSES: Rules(fill_wbs, check_wbs),
        catalogue.INVOICE_TERMS: Rules(
            fill_term, settle=settle_term, guard_change=guard_term, guard_delete=guard_term
        ),
        catalogue.HOUR_BUDGETS: Rules(check=check_budget),
        catalogue.COSTS: _entries,
        catalogue.TIMES: _entries,
        catalogue.PROGRESS: Rules(fill_report),
    }
)
