"""Whether a row of the table of tax cases can bear the tax that it stands for."""

from __future__ import annotations

from collections.abc import Iterator

from bookings.entry import Books
from bookings.invoices import labels
from bookings.invoices.cases import OSS, CaseKind, TaxCaseInfo
from bookings.invoices.rates import percent
from bookings.validation.accounts import AccountKind, kind_of
from bookings.validation.taxes import find_key
from connections.messages import DataFault, say

# Without tax by law, whatever the account.
UNTAXED = (
    CaseKind.REVERSE_CHARGE,
    CaseKind.EXEMPT,
    CaseKind.ZERO_RATED,
    CaseKind.SMALL_BUSINESS,
    CaseKind.INTRA_COMMUNITY,
    CaseKind.TRIANGULAR,
    CaseKind.EU_SERVICE,
    CaseKind.EXPORT,
    CaseKind.THIRD_COUNTRY_SERVICE,
    CaseKind.ROUNDING,
)


def check_case(case: TaxCaseInfo, books: Books) -> list[DataFault]:
    """Everything for which bookings by this row would go wrong, in the books of this client."""
    return [*_check_account(case, books), *_check_rate(case), *_check_key(case, books), *_check_days(case)]


def _check_account(case: TaxCaseInfo, books: Books) -> Iterator[DataFault]:
    account = books.accounts.get(case.account)
    if kind_of(case.account, books.account_length) is not AccountKind.GENERAL or account is None:
        yield DataFault(
            labels.TAX_CASE,
            f"{case.key}: {case.account}",
            say("This G/L account isn't in the client's table of accounts."),
            say("Correct the account, or add it to the table if it exists in DATEV."),
        )
    elif account.is_blocked or account.is_collective:
        yield DataFault(
            labels.TAX_CASE,
            f"{case.key}: {case.account}",
            say("This account is blocked, or a collective account that is never booked directly."),
            say("Choose a revenue account."),
        )


def _check_rate(case: TaxCaseInfo) -> Iterator[DataFault]:
    if case.rate is None and case.kind not in OSS:
        yield DataFault(
            labels.TAX_CASE,
            case.key,
            say("Only supplies by the One-Stop-Shop take their rate from the invoice; this case needs one."),
            say("Enter the rate, 0 for turnover without tax."),
        )
    if case.rate and case.kind in UNTAXED:
        yield DataFault(
            labels.TAX_CASE,
            f"{case.key}: {percent(case.rate)}",
            say("Turnover of this kind bears no tax."),
            say("Enter the rate 0, or choose another kind."),
        )
    if case.rate is not None and not case.rate and case.kind in (*OSS, CaseKind.DOMESTIC, CaseKind.EU_TAXED):
        yield DataFault(
            labels.TAX_CASE,
            case.key,
            say("Turnover of this kind bears tax."),
            say("Enter the rate, or choose the kind that says why there is none."),
        )


def _check_key(case: TaxCaseInfo, books: Books) -> Iterator[DataFault]:
    """Tax comes from an automatic account or from a key, from exactly one of them."""
    account = books.accounts.get(case.account)
    if account is None:
        return
    if not case.bu_key:
        if (case.rate or case.rate is None) and not account.is_automatic:
            yield DataFault(
                labels.TAX_CASE,
                f"{case.key}: {case.account}",
                say("Neither the account nor a tax key brings the tax: it would be booked without."),
                say("Enter the tax key, or mark the account as automatic if it is one in DATEV."),
            )
        return
    if account.is_automatic:
        yield DataFault(
            labels.TAX_CASE,
            f"{case.key}: {case.account}",
            say("An automatic account takes no tax key."),
            say("Leave the tax key empty, or use an account without automatic tax."),
        )
    key, _ = find_key(case.bu_key, books)
    if key is None or not key.is_confirmed:
        yield DataFault(
            labels.TAX_CASE,
            f"{case.key}: {case.bu_key}",
            say("This tax key isn't in the client's table of tax keys, or not confirmed yet."),
            say("Add it there and confirm it first."),
        )
    elif key.rate is not None and case.rate is not None and key.rate != case.rate:
        yield DataFault(
            labels.TAX_CASE,
            f"{case.key}: {case.bu_key}",
            say(
                "The tax key stands for %(key)s, the case for %(case)s.",
                key=percent(key.rate),
                case=percent(case.rate),
            ),
            say("Correct the tax key or the rate."),
        )


def _check_days(case: TaxCaseInfo) -> Iterator[DataFault]:
    if case.valid_from and case.valid_until and case.valid_from > case.valid_until:
        yield DataFault(
            labels.TAX_CASE,
            case.key,
            say("The case ends before it begins."),
            say("Correct 'valid from' and 'valid until'."),
        )
