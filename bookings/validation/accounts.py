"""Accounts: length, range, known, free to be booked, and how the two of a row go together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from bookings.entry import Books, Entry
from bookings.validation import labels
from connections.messages import DataFault, say

DIGITS = re.compile("[1-9][0-9]{0,8}")


class AccountKind(Enum):
    GENERAL = "general"
    DEBTOR = "debtor"
    CREDITOR = "creditor"
    WRONG = "wrong"


def kind_of(number: str, account_length: int) -> AccountKind:
    """What the digits alone say. Personal accounts are one digit longer than G/L accounts:
    first digit 1 to 6 = debtor, 7 to 9 = creditor.
    """
    if not DIGITS.fullmatch(number) or len(number) > account_length + 1:
        return AccountKind.WRONG
    if len(number) <= account_length:
        return AccountKind.GENERAL
    return AccountKind.DEBTOR if number[0] < "7" else AccountKind.CREDITOR


def kinds(entry: Entry, books: Books) -> tuple[AccountKind, AccountKind]:
    return (
        kind_of(entry.account, books.account_length),
        kind_of(entry.contra_account, books.account_length),
    )


def is_personal(kind: AccountKind) -> bool:
    return kind in (AccountKind.DEBTOR, AccountKind.CREDITOR)


def personal_accounts(entry: Entry, books: Books) -> list[str]:
    """The debtor and creditor accounts of the row: none, one or two."""
    return [
        number
        for number in (entry.account, entry.contra_account)
        if is_personal(kind_of(number, books.account_length))
    ]


def check_accounts(entry: Entry, books: Books) -> Iterator[DataFault]:
    yield from _check_account(labels.ACCOUNT, entry.account, books)
    yield from _check_account(labels.CONTRA_ACCOUNT, entry.contra_account, books)
    if entry.account and entry.account == entry.contra_account:
        yield DataFault(
            labels.CONTRA_ACCOUNT,
            entry.contra_account,
            say("Account and contra account are the same."),
            say("Enter the account on the other side of the booking."),
        )


def _check_account(label: str, number: str, books: Books) -> Iterator[DataFault]:
    if not number:
        yield DataFault(
            label,
            "",
            say("The account is missing."),
            say("Fill in the account; DATEV would take over the one of the row above."),
        )
        return
    match kind_of(number, books.account_length):
        case AccountKind.WRONG:
            yield _wrong_number(label, number, books.account_length)
        case AccountKind.GENERAL:
            yield from _check_general(label, number, books)
        case AccountKind.DEBTOR | AccountKind.CREDITOR:
            yield from _check_partner(label, number, books)


def _wrong_number(label: str, number: str, length: int) -> DataFault:
    if not DIGITS.fullmatch(number):
        return DataFault(
            label,
            number,
            say("An account consists of 1 to 9 digits, without a leading zero, blank or sign."),
            say("Write it as DATEV shows it, for example %(example)s.", example="4930".ljust(length, "0")),
        )
    return DataFault(
        label,
        number,
        say(
            "The account has %(digits)s digits; this client's G/L accounts have at most %(general)s, "
            "debtors and creditors %(personal)s.",
            digits=len(number),
            general=length,
            personal=length + 1,
        ),
        say("Correct the number, or the account length (Sachkontenlänge) of the DATEV client."),
    )


def _check_general(label: str, number: str, books: Books) -> Iterator[DataFault]:
    account = books.accounts.get(number)
    if account is None:
        yield DataFault(
            label,
            number,
            say("This G/L account isn't in the client's table of accounts."),
            say("Correct the account, or add it to the table if it exists in DATEV."),
        )
        return
    if account.is_collective:
        yield DataFault(
            label,
            number,
            say("A collective account (receivables, payables) is never booked directly."),
            say("Use the personal account of the debtor or creditor."),
        )
    if account.is_blocked:
        yield _blocked(label, number)


def _check_partner(label: str, number: str, books: Books) -> Iterator[DataFault]:
    partner = books.partners.get(number)
    if partner is None:
        yield DataFault(
            label,
            number,
            say("This personal account isn't in the client's table of creditors and debtors."),
            say("Correct the account, or add the creditor or debtor if it exists in DATEV."),
        )
    elif partner.is_blocked:
        yield _blocked(label, number)


def _blocked(label: str, number: str) -> DataFault:
    return DataFault(
        label,
        number,
        say("This account is blocked."),
        say("Choose another account, or release this one in the client's tables."),
    )
