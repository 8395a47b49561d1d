"""Each rule that a single booking can break, one at a time and all at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils import translation

from bookings.entry import AccountInfo, Direction, FiscalYear, PartnerInfo, Route, Side
from bookings.validation import AccountKind, base_amount, check_entry, clean_document_field, kind_of, labels
from tests.bookings.formats.samples import BOOKS, VAT_ID, purchase, sale

GUIDS = tuple(UUID(int=number) for number in range(6))
FOREIGN = {"currency": "GBP", "exchange_rate": Decimal("0.83"), "base_amount": Decimal("123.86")}
GBP = purchase(amount=Decimal("102.80"), contra_account="4900", bu_key="", **FOREIGN)
FERNVERKAUF = sale(contra_account="8200", bu_key="240", eu_vat_id="NL", eu_tax_rate=Decimal("0.21"))
ERWERB = purchase(contra_account="3200", bu_key="19", eu_vat_id=VAT_ID)


def faults(entry, *, route=Route.EXTF, books=BOOKS):
    return check_entry(entry, books, route=route)


def broken(entry, **options):
    return [(fault.field, fault.value) for fault in faults(entry, **options)]


def sentences(entry, **options):
    with translation.override("en"):
        return [str(fault) for fault in faults(entry, **options)]


GOOD = [
    purchase(),
    purchase(bu_key="29", side=Side.DEBIT),
    purchase(contra_account="3400", bu_key=""),
    purchase(contra_account="320", bu_key="9"),
    purchase(contra_account="3400", bu_key="40"),
    purchase(contra_account="3400", bu_key="20", side=Side.DEBIT),
    purchase(contra_account="3400", bu_key="80", side=Side.DEBIT),
    purchase(side=Side.DEBIT, is_reversal=True),
    purchase(posting_text="🧾 viel zu lang " * 20),
    purchase(documents=GUIDS[:5]),
    purchase(document_field_1="A" * 36, document_field_2="$%&*+-/"),
    purchase(delivery_date=date(2024, 12, 30), tax_period_date=date(2025, 1, 31)),
    purchase(document_date=date(2025, 12, 31), due_date=date(2025, 12, 31)),
    sale(),
    sale(account="10001", contra_account="10002"),
    sale(eu_vat_id="EL"),
    GBP,
    FERNVERKAUF,
    ERWERB,
]


@pytest.mark.parametrize("entry", GOOD)
def test_a_correct_booking_has_no_fault(entry):
    assert faults(entry) == []


BAD = [
    # amounts
    (purchase(amount=Decimal("0")), labels.AMOUNT, "0"),
    (purchase(amount=Decimal("-119.00")), labels.AMOUNT, "-119,00"),
    (purchase(amount=Decimal("1.005")), labels.AMOUNT, "1,005"),
    (purchase(amount=Decimal("1." + "0" * 70 + "1")), labels.AMOUNT, "1," + "0" * 70 + "1"),
    (purchase(amount=Decimal("sNaN")), labels.AMOUNT, "sNaN"),
    (purchase(amount=Decimal("10000000000.00")), labels.AMOUNT, "10000000000,00"),
    (purchase(amount=Decimal("NaN")), labels.AMOUNT, "NaN"),
    (purchase(amount=Decimal("Infinity")), labels.AMOUNT, "Infinity"),
    (purchase(cost_quantity=Decimal("0.00001")), labels.COST_QUANTITY, "0.00001"),
    (purchase(cost_quantity=Decimal("-1")), labels.COST_QUANTITY, "-1"),
    (purchase(discount=Decimal("0")), labels.DISCOUNT, "0"),
    (purchase(discount=Decimal("119.00")), labels.DISCOUNT, "119,00"),
    (purchase(account="1200", bu_key="", discount=Decimal("2.38")), labels.DISCOUNT, "2,38"),
    # currency
    (replace(GBP, currency="gbp"), labels.CURRENCY, "gbp"),
    (replace(GBP, currency="EUR", base_amount=None), labels.EXCHANGE_RATE, "0.83"),
    (replace(GBP, currency="EUR", exchange_rate=None), labels.BASE_AMOUNT, "123.86"),
    (replace(GBP, exchange_rate=None), labels.EXCHANGE_RATE, ""),
    (replace(GBP, base_amount=None), labels.BASE_AMOUNT, ""),
    (replace(GBP, base_amount=Decimal("123.85")), labels.BASE_AMOUNT, "123,85"),
    (replace(GBP, exchange_rate=Decimal("0")), labels.EXCHANGE_RATE, "0"),
    (replace(GBP, exchange_rate=Decimal("0.8300001")), labels.EXCHANGE_RATE, "0.8300001"),
    # accounts
    (purchase(contra_account=""), labels.CONTRA_ACCOUNT, ""),
    (purchase(contra_account="493"), labels.CONTRA_ACCOUNT, "493"),
    (purchase(contra_account="04930"), labels.CONTRA_ACCOUNT, "04930"),
    (purchase(contra_account="493000"), labels.CONTRA_ACCOUNT, "493000"),
    (purchase(contra_account="4930;"), labels.CONTRA_ACCOUNT, "4930;"),
    (purchase(contra_account="٤٩٣٠"), labels.CONTRA_ACCOUNT, "٤٩٣٠"),
    (purchase(contra_account="4931"), labels.CONTRA_ACCOUNT, "4931"),
    (purchase(contra_account="4999"), labels.CONTRA_ACCOUNT, "4999"),
    (purchase(contra_account="1600", bu_key=""), labels.CONTRA_ACCOUNT, "1600"),
    (purchase(account="70009"), labels.ACCOUNT, "70009"),
    (purchase(account="79999"), labels.ACCOUNT, "79999"),
    (purchase(account="4930"), labels.CONTRA_ACCOUNT, "4930"),
    # taxes
    (purchase(bu_key="09"), labels.BU_KEY, "09"),
    (purchase(bu_key="8"), labels.BU_KEY, "8"),
    (purchase(bu_key="701", contra_account="3200", eu_vat_id=VAT_ID), labels.BU_KEY, "701"),
    (purchase(bu_key="3"), labels.BU_KEY, "3"),
    (purchase(bu_key="501"), labels.BU_KEY, "501"),
    (sale(contra_account="8200", bu_key="9"), labels.BU_KEY, "9"),
    (purchase(contra_account="3400"), labels.BU_KEY, "9"),
    (purchase(bu_key="40"), labels.BU_KEY, "40"),
    (sale(contra_account="10002", bu_key="3"), labels.BU_KEY, "3"),
    (sale(account="8125"), labels.BU_KEY, ""),
    (purchase(bu_key="29", side=Side.DEBIT, is_reversal=True), labels.REVERSAL, "29"),
    (purchase(bu_key="20", side=Side.DEBIT, is_reversal=True), labels.REVERSAL, "20"),
    (replace(ERWERB, eu_vat_id=""), labels.EU_VAT_ID, ""),
    (replace(ERWERB, eu_vat_id="AT"), labels.EU_VAT_ID, "AT"),
    (replace(ERWERB, eu_vat_id="DE136695976"), labels.EU_VAT_ID, "DE136695976"),
    (purchase(eu_vat_id="ATU12345678"), labels.EU_VAT_ID, "ATU12345678"),
    (purchase(eu_vat_id="U12345675"), labels.EU_VAT_ID, "U12345675"),
    (purchase(eu_vat_id="US"), labels.EU_VAT_ID, "US"),
    (purchase(eu_vat_id="atu 12345675"), labels.EU_VAT_ID, "atu 12345675"),
    (replace(FERNVERKAUF, eu_vat_id=""), labels.EU_VAT_ID, ""),
    (replace(FERNVERKAUF, eu_tax_rate=None), labels.EU_TAX_RATE, ""),
    (replace(FERNVERKAUF, eu_tax_rate=Decimal("21")), labels.EU_TAX_RATE, "21"),
    # dates
    (purchase(document_date=date(2024, 12, 31)), labels.DOCUMENT_DATE, "31.12.2024"),
    (purchase(due_date=date(1999, 12, 31)), labels.DUE_DATE, "31.12.1999"),
    (purchase(delivery_date=date(2025, 1, 2)), labels.DELIVERY_DATE, "02.01.2025"),
    (purchase(tax_period_date=date(2025, 1, 2)), labels.TAX_PERIOD_DATE, "02.01.2025"),
    # texts
    (purchase(document_field_1="RE 2025.17"), labels.DOCUMENT_FIELD_1, "RE 2025.17"),
    (purchase(document_field_1="Ä"), labels.DOCUMENT_FIELD_1, "Ä"),
    (purchase(document_field_1="A" * 37), labels.DOCUMENT_FIELD_1, "A" * 37),
    (purchase(document_field_2="1234567890123"), labels.DOCUMENT_FIELD_2, "1234567890123"),
    (purchase(cost_center_1="200"), labels.COST_CENTER_1, "200"),
    (purchase(documents=GUIDS), labels.DOCUMENT_LINK, "6"),
    (purchase(notes=(("a", "b"),) * 9), labels.NOTES, "9"),
    (purchase(notes=(("a", ""),)), labels.NOTES, "a"),
    (purchase(notes=(("", "b"),)), labels.NOTES, "b"),
    (purchase(notes=(("a" * 21, "b"),)), labels.NOTES, "a" * 21),
    (purchase(notes=(("a", "b" * 211),)), labels.NOTES, "b" * 211),
]


@pytest.mark.parametrize(("entry", "field", "value"), BAD)
def test_a_broken_rule_is_named_with_its_field_and_value(entry, field, value):
    assert broken(entry) == [(field, value)]
    assert all(fault.rule.pattern and fault.remedy.pattern for fault in faults(entry))


def test_all_faults_come_at_once():
    entry = purchase(
        amount=Decimal("-1"),
        account="99999",
        contra_account="4999",
        bu_key="8",
        document_date=date(2030, 1, 1),
        document_field_1="RE 1",
        cost_center_1="x",
    )
    assert broken(entry) == [
        (labels.AMOUNT, "-1"),
        (labels.ACCOUNT, "99999"),
        (labels.CONTRA_ACCOUNT, "4999"),
        (labels.BU_KEY, "8"),
        (labels.DOCUMENT_DATE, "01.01.2030"),
        (labels.DOCUMENT_FIELD_1, "RE 1"),
        (labels.COST_CENTER_1, "x"),
    ]


def test_an_open_item_key_is_never_changed_but_a_spelling_is_proposed():
    entry = purchase(document_field_1="Rechnung Nr. 17/ä")
    [sentence] = sentences(entry)
    assert "DATEV would take Rechnung-Nr-17/ae." in sentence
    assert entry.document_field_1 == "Rechnung Nr. 17/ä"


@pytest.mark.parametrize(
    ("text", "proposal"),
    [
        ("RE-2025/17", "RE-2025/17"),
        ("RE 2025.17", "RE-2025-17"),
        ("Größe №5", "Groesse-No5"),
        ("Cafe\u0301_1", "Cafe-1"),
        ("  ", ""),
        ("x" * 40, "x" * 36),
    ],
)
def test_the_proposal_is_always_the_same_and_always_valid(text, proposal):
    assert clean_document_field(text) == proposal
    assert not proposal or broken(purchase(document_field_1=proposal)) == []


def test_the_base_amount_is_divided_and_rounded_half_up():
    [sentence] = sentences(replace(GBP, base_amount=Decimal("123.85")))
    assert "102,80 GBP at a rate of 0,83 are 123,86 EUR." in sentence
    half = replace(GBP, amount=Decimal("0.25"), exchange_rate=Decimal("2"), base_amount=Decimal("0.13"))
    assert faults(half) == []


@pytest.mark.parametrize(("amount", "rate"), [("1E+99", "1E-99"), ("1", "0"), ("NaN", "1"), ("1", "sNaN")])
def test_the_base_amount_of_nonsense_is_no_amount(amount, rate):
    result = base_amount(Decimal(amount), Decimal(rate))
    assert not result.is_finite()
    assert labels.BASE_AMOUNT in dict(broken(replace(GBP, base_amount=result)))


def test_a_proposed_vat_id_is_named():
    [sentence] = sentences(purchase(eu_vat_id="atu 12345675"))
    assert "DATEV would take ATU12345675." in sentence


def test_a_closed_period_is_refused_up_to_its_last_day():
    closed = FiscalYear(date(2025, 1, 1), date(2025, 12, 31), closed_until=date(2025, 3, 31))
    books = replace(BOOKS, fiscal_years=(closed,))
    assert broken(purchase(document_date=date(2025, 3, 31)), books=books) == [
        (labels.DOCUMENT_DATE, "31.03.2025")
    ]
    assert broken(purchase(document_date=date(2025, 4, 1)), books=books) == []


def test_without_a_known_fiscal_year_nothing_is_booked():
    assert broken(purchase(), books=replace(BOOKS, fiscal_years=())) == [(labels.DOCUMENT_DATE, "15.01.2025")]


def test_a_leap_day_is_a_day_of_its_fiscal_year():
    books = replace(BOOKS, fiscal_years=(FiscalYear(date(2023, 7, 1), date(2024, 6, 30)),))
    assert broken(purchase(document_date=date(2024, 2, 29)), books=books) == []


@pytest.mark.parametrize(
    ("number", "length", "kind"),
    [
        ("4930", 4, AccountKind.GENERAL),
        ("320", 4, AccountKind.GENERAL),
        ("10000", 4, AccountKind.DEBTOR),
        ("69999", 4, AccountKind.DEBTOR),
        ("70000", 4, AccountKind.CREDITOR),
        ("99999", 4, AccountKind.CREDITOR),
        ("70000", 5, AccountKind.GENERAL),
        ("700000000", 8, AccountKind.CREDITOR),
        ("100000000", 8, AccountKind.DEBTOR),
        ("1000000000", 8, AccountKind.WRONG),
        ("100000", 4, AccountKind.WRONG),
        ("0400", 4, AccountKind.WRONG),
    ],
)
def test_digits_tell_general_debtor_and_creditor_accounts_apart(number, length, kind):
    assert kind_of(number, length) is kind


def test_longer_account_lengths_shift_the_personal_accounts():
    books = replace(
        BOOKS,
        account_length=6,
        accounts={"493000": AccountInfo("493000")},
        partners={"7000100": PartnerInfo("7000100")},
    )
    assert faults(purchase(account="7000100", contra_account="493000"), books=books) == []


def test_a_cost_center_that_windows_1252_would_change_is_refused():
    books = replace(BOOKS, cost_centers={"Łódź": "Filiale"})
    assert broken(purchase(cost_center_1="Łódź"), books=books) == [(labels.COST_CENTER_1, "Łódź")]


class TestDxso:
    """What Belege online refuses beyond that."""

    GOOD = [
        purchase(),
        purchase(side=Side.DEBIT),
        purchase(due_date=date(2025, 1, 16), delivery_date=date(2025, 1, 15)),
        sale(),
        replace(GBP, exchange_rate=None, base_amount=None),
        ERWERB,
    ]
    BAD = [
        (purchase(document_field_1=""), labels.DOCUMENT_FIELD_1, ""),
        (purchase(is_reversal=True), labels.REVERSAL, ""),
        (purchase(discount=Decimal("2.00")), labels.DISCOUNT, "2.00"),
        (purchase(due_date=date(2025, 1, 15)), labels.DUE_DATE, "15.01.2025"),
        (purchase(delivery_date=date(2025, 1, 16)), labels.DELIVERY_DATE, "16.01.2025"),
        (
            purchase(delivery_date=date(2025, 1, 1), tax_period_date=date(2025, 1, 1)),
            labels.TAX_PERIOD_DATE,
            "01.01.2025",
        ),
        (purchase(account="1200"), labels.CONTRA_ACCOUNT, "1200 / 4930"),
        (sale(direction=Direction.INCOMING), labels.CONTRA_ACCOUNT, "10001 / 8400"),
        (sale(contra_account="10002"), labels.CONTRA_ACCOUNT, "10001 / 10002"),
        (replace(GBP, currency="XXX"), labels.CURRENCY, "XXX"),
        (
            replace(GBP, exchange_rate=Decimal("10000"), base_amount=Decimal("0.01")),
            labels.EXCHANGE_RATE,
            "10000",
        ),
    ]

    @pytest.mark.parametrize("entry", GOOD)
    def test_a_correct_booking_has_no_fault(self, entry):
        assert faults(entry, route=Route.DXSO) == []

    @pytest.mark.parametrize(("entry", "field", "value"), BAD)
    def test_a_broken_rule_is_named(self, entry, field, value):
        assert broken(entry, route=Route.DXSO) == [(field, value)]
