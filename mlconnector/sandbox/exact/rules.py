"""What the vendor's program demands of a record and computes for it; one Rules for each endpoint."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlconnector.sandbox.exact.state import Row

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.books import Books

Step = Callable[["Books", Row], None]
Check = Callable[["Books", Row, Collection[str]], None]


def _nothing(books: "Books", row: Row) -> None:
    """No rule here."""


def _no_check(books: "Books", row: Row, names: Collection[str]) -> None:
    """No rule here."""


def _nothing_done(books: "Books", row: Row, names: Collection[str], user: str) -> None:
    """No rule here."""


@dataclass(frozen=True)
class Rules:
    """`fill` defaults of a new record, `check` a new or changed one (names that differ; it may
    complete it), `settle` what is
    computed, `done` what follows from it. The guards refuse a change or deletion. All raise errors.Refused.
    """

    fill: Step = _nothing
    check: Check = _no_check
    settle: Step = _nothing
    done: Callable[["Books", Row, Collection[str], str], None] = _nothing_done
    guard_change: Check = _no_check
    guard_delete: Step = _nothing


RULES: dict[str, Rules] = {}
