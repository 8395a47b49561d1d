"""Debtors: a number of the right length and range, and details that DATEV takes as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from stdnum import bic, iban

from bookings.debtor_details import DebtorDetails
from bookings.entry import Books
from bookings.extf.partner_columns import COLUMNS
from bookings.extf.partners import PARTNER_HEADER_FIELDS, PartnerHeader, values_of
from bookings.validation import labels
from bookings.validation.accounts import AccountKind, kind_of
from bookings.validation.taxes import is_vat_id
from connections.messages import DataFault, Message, say

COUNTRY = re.compile("[A-Z]{2}")
# Free texts are cut to DATEV's length by the writer; these must not be.
NEVER_CUT = {99: labels.DEBTOR_CUSTOMER_NUMBER}
MAX_DUE_DAYS = 999


def check_number(number: str, books: Books) -> list[DataFault]:
    """Whether `number` is that of a debtor with this client's account length."""
    if kind_of(number, books.account_length) is AccountKind.DEBTOR:
        return []
    first = 10**books.account_length
    return [
        DataFault(
            labels.DEBTOR_NUMBER,
            number,
            say(
                "Debtors of this client lie between %(first)s and %(last)s.", first=first, last=7 * first - 1
            ),
            say("Correct the number at the source, or the account length of the DATEV client."),
        )
    ]


def check_details(number: str, details: DebtorDetails, books: Books) -> list[DataFault]:
    """Everything for which the row of this debtor would be refused or go wrong."""
    return [*check_number(number, books), *_check_values(details), *_check_columns(number, details)]


def _check_values(details: DebtorDetails) -> Iterator[DataFault]:
    if not details.name.strip():
        yield _fault(
            labels.DEBTOR_NAME, "", say("A debtor needs a name."), say("Enter the name at the source.")
        )
    if details.country and not COUNTRY.fullmatch(details.country):
        yield _fault(
            labels.DEBTOR_COUNTRY,
            details.country,
            say("A country is a code of two capital letters."),
            say("Enter DE, AT, CH ... or map the name of the country to its code."),
        )
    if details.vat_id and not is_vat_id(details.vat_id):
        yield _fault(
            labels.DEBTOR_VAT_ID,
            details.vat_id,
            say("This is not a valid VAT id: its prefix, its length or its check digit is wrong."),
            say("Check it with the customer and correct it at the source."),
        )
    if details.iban and not iban.is_valid(details.iban):
        yield _fault(
            labels.DEBTOR_IBAN,
            f"{details.iban[:4]}...",
            say("The check digits of the IBAN are wrong."),
            say("Correct it at the source."),
        )
    if details.bic and not bic.is_valid(details.bic):
        yield _fault(
            labels.DEBTOR_BIC,
            details.bic,
            say("A BIC has 8 or 11 characters."),
            say("Correct it at the source or leave it empty."),
        )
    if details.due_days is not None and not 0 <= details.due_days <= MAX_DUE_DAYS:
        yield _fault(
            labels.DEBTOR_DUE_DAYS,
            str(details.due_days),
            say("Payment is due within 0 to 999 days."),
            say("Correct the terms of payment at the source."),
        )


def _check_columns(number: str, details: DebtorDetails) -> Iterator[DataFault]:
    """What is written against the pattern of its column."""
    for position, label in NEVER_CUT.items():
        length = COLUMNS[position - 1].length
        if len(details.customer_number) > length:
            yield _fault(
                label,
                details.customer_number,
                say("At most %(length)s characters are allowed.", length=length),
                say("Map a shorter value, or none."),
            )
    # Number, VAT id and country were checked above, with a sentence of their own.
    spoken_for = {1, 9, 10, 20, 45, 47, 110}
    for position, value in values_of(number, details).items():
        column = COLUMNS[position - 1]
        if position not in spoken_for and not column.accepts(value):
            yield _fault(
                column.name,
                value,
                say(
                    "Column %(number)s (%(name)s) isn't as DATEV demands.", number=position, name=column.name
                ),
                say("Correct the value at the source."),
            )


def check_file(
    header: PartnerHeader, debtors: Sequence[tuple[str, DebtorDetails]], books: Books
) -> list[DataFault]:
    """Every rule that a file of debtors breaks as a whole; each debtor was checked by `check_details`."""
    faults = [
        _fault(
            labels.HEADER,
            value,
            say("Field %(number)s (%(name)s) isn't as DATEV demands.", number=field.number, name=field.name),
            say("Correct the settings of the DATEV client, then try again."),
        )
        for field, value in zip(PARTNER_HEADER_FIELDS, header.values(), strict=True)
        if not field.accepts(value)
    ]
    if not debtors:
        faults.append(
            _fault(labels.ROWS, "0", say("A file needs at least one debtor."), say("Nothing is to be sent."))
        )
    if header.account_length != books.account_length:
        faults.append(
            _fault(
                labels.ACCOUNT_LENGTH,
                str(header.account_length),
                say("The DATEV client has %(kept)s.", kept=books.account_length),
                say("Close the batch and start a new one with the client's present settings."),
            )
        )
    return faults


def _fault(label: str, value: str, rule: Message, remedy: Message) -> DataFault:
    return DataFault(label, value, rule, remedy)
