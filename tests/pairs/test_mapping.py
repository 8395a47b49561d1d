"""A mapping makes typed values or says why not; it never guesses and never raises."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairs.base import FieldType, TargetField
from pairs.mapping import MappingRow, SourceValue, apply

BERLIN = ZoneInfo("Europe/Berlin")
FIELDS = {kind: TargetField("field", "Field", kind) for kind in FieldType}


def mapped(value, type_, *, required=False, **row):
    field = TargetField("field", "Field", type_, required)
    source = {"1201": value if isinstance(value, SourceValue) else SourceValue(value, str(value))}
    return apply(
        [MappingRow("field", **{"kind": "direct", "source_field": "1201"} | row)],
        source,
        [field],
        zone=BERLIN,
    )


def value_of(value, type_, **row):
    result = mapped(value, type_, **row)
    assert result.faults == [] and result.gone == []
    return result.values["field"]


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("119,00", "119.00"),
        ("1.234,56", "1234.56"),
        ("1234,5", "1234.50"),
        ("12.345.678", "12345678.00"),
        ("-5,00", "-5.00"),
        (Decimal("119"), "119.00"),
        (Decimal("0.1"), "0.10"),
    ],
)
def test_amounts_are_read_as_an_accountant_writes_them(written, amount):
    assert value_of(written, FieldType.AMOUNT) == Decimal(amount)


@pytest.mark.parametrize(
    "written",
    ["1,234.56", "119.00", "12.34", "119,00 EUR", "1 234,56", "1.23,4", "", " ", "NaN", "1e5", "١٢", "0x1F"],
)
def test_every_other_spelling_of_an_amount_is_refused(written):
    result = mapped(SourceValue(written or "?", written), FieldType.AMOUNT)

    assert result.values["field"] is None
    assert [str(fault.rule) for fault in result.faults] == ["This is not an amount such as 1.234,56."]
    assert result.unusable == {"field"}


def test_an_amount_with_a_third_decimal_is_refused_not_rounded():
    assert [str(fault.rule) for fault in mapped(Decimal("1.005"), FieldType.AMOUNT).faults] == [
        "An amount has at most two decimals."
    ]


@pytest.mark.parametrize(
    "number", [Decimal("Infinity"), Decimal("NaN"), Decimal("1E+400"), Decimal("-1E+30")]
)
def test_a_number_that_is_no_amount_is_refused(number):
    assert mapped(number, FieldType.AMOUNT).faults


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("31.12.2026", date(2026, 12, 31)),
        ("1.2.2026", date(2026, 2, 1)),
        ("2026-12-31", date(2026, 12, 31)),
        (date(2026, 5, 1), date(2026, 5, 1)),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_dates_are_days_in_the_books_zone(written, day):
    assert value_of(written, FieldType.DATE) == day


@pytest.mark.parametrize("written", ["31.02.2026", "12/31/2026", "2026-13-01", "20261231", "heute", "1.2.26"])
def test_a_day_that_does_not_exist_is_refused(written):
    assert mapped(written, FieldType.DATE).faults


@pytest.mark.parametrize(
    ("written", "account"), [("4930", "4930"), ("4930 Bürobedarf", "4930"), (Decimal("4930"), "4930")]
)
def test_an_account_is_its_leading_number(written, account):
    assert value_of(written, FieldType.ACCOUNT) == account


@pytest.mark.parametrize("written", ["Bürobedarf", "49-30", "4930-2", Decimal("49.5")])
def test_what_is_not_an_account_number_is_refused(written):
    assert mapped(written, FieldType.ACCOUNT).faults


def test_a_value_table_is_asked_for_the_options_id_first():
    option = SourceValue("Büro", "Büro", key="777")

    assert value_of(option, FieldType.COST_CENTER, kind="table", table={"777": "100", "Büro": "200"}) == "100"
    assert value_of(option, FieldType.COST_CENTER, kind="table", table={"Büro": "200"}) == "200"


def test_an_empty_target_in_a_value_table_leaves_the_field_empty():
    option = SourceValue("ohne", "ohne", key="1")

    assert value_of(option, FieldType.TAX_KEY, kind="table", table={"1": ""}) is None
    assert mapped(option, FieldType.TAX_KEY, required=True, kind="table", table={"1": ""}).faults


def test_a_row_that_is_not_filled_in_yet_is_refused():
    assert mapped("Keller", FieldType.TEXT, kind="table", table={"Keller": "?"}).faults


def test_a_value_that_is_not_in_its_table_is_refused_with_the_tables_name():
    result = mapped("Keller", FieldType.COST_CENTER, kind="table", table={}, table_name="Abteilungen")

    assert "Abteilungen" in str(result.faults[0].rule)


def test_an_account_may_be_given_by_a_name_that_is_unique():
    assert value_of("Bürobedarf", FieldType.ACCOUNT, kind="account", table={"Bürobedarf": "4930"}) == "4930"
    assert value_of("4930", FieldType.ACCOUNT, kind="account", table={"Bürobedarf": "4930"}) == "4930"


def test_zero_is_a_value_and_empty_is_not():
    assert value_of(Decimal(0), FieldType.AMOUNT, required=True) == Decimal("0.00")
    assert "empty" in str(mapped(SourceValue(None), FieldType.AMOUNT, required=True).faults[0].rule)
    assert value_of(SourceValue(None), FieldType.AMOUNT) is None


def test_a_mapped_field_that_is_gone_is_the_configurations_fault():
    result = apply(
        [MappingRow("field", "direct", "1201", "Betrag")], {}, [FIELDS[FieldType.AMOUNT]], zone=BERLIN
    )

    assert result.faults == []
    assert "Betrag" in str(result.gone[0])


def test_a_value_that_its_type_does_not_promise_is_refused():
    result = mapped(SourceValue(None, "1,00 €", is_readable=False), FieldType.AMOUNT)

    assert result.faults and result.unusable == {"field"}


def test_all_faults_are_listed_at_once():
    fields = [TargetField(key, key, FieldType.AMOUNT, True) for key in ("a", "b", "c")]
    rows = [MappingRow(key, "direct", key) for key in ("a", "b", "c")]
    source = {"a": SourceValue("x", "x"), "b": SourceValue(None), "c": SourceValue("y", "y")}

    assert len(apply(rows, source, fields, zone=BERLIN).faults) == 3


@given(
    st.one_of(st.text(), st.decimals(), st.dates(), st.booleans(), st.lists(st.text()), st.none()),
    st.sampled_from(FieldType),
)
def test_any_value_becomes_a_typed_value_or_a_fault(value, kind):
    result = mapped(SourceValue(value, str(value)), kind)

    assert len(result.faults) <= 1
    assert (result.values["field"] is None) or not result.faults
    if kind == FieldType.AMOUNT and result.values["field"] is not None:
        assert result.values["field"] == result.values["field"].quantize(Decimal("0.01"))
