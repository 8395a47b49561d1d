"""Custom field values: read with their type, written in Asana's shape, compared after writing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connections.answers import decode_json
from connections.vendors.asana.fields import CustomField, FieldValue, arrived, to_wire

OPTION = {"gid": "77", "name": "4711 Bürobedarf", "enabled": True, "resource_type": "enum_option"}


def sent(subtype: str, **rest: Any) -> dict[str, Any]:
    """One entry of a task's `custom_fields`, as Asana sends it."""
    return {
        "gid": "1201",
        "name": "Feld",
        "resource_subtype": subtype,
        "representation_type": subtype,
        "enabled": True,
        "display_value": None,
        **rest,
    }


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        (sent("text", text_value="RE-4711"), "RE-4711"),
        (sent("text", text_value=""), None),
        (sent("text", text_value=None), None),
        (sent("number", number_value=0), Decimal(0)),
        (sent("number", number_value=None), None),
        (sent("enum", enum_value=OPTION), "77"),
        (sent("enum", enum_value={**OPTION, "enabled": False}), "77"),
        (sent("enum", enum_value=None), None),
        (sent("multi_enum", multi_enum_values=[OPTION, {"gid": "78"}]), ["77", "78"]),
        (sent("multi_enum", multi_enum_values=[]), []),
        (sent("date", date_value={"date": "2026-07-01", "date_time": None}), date(2026, 7, 1)),
        (sent("date", date_value=None), None),
        (sent("people", people_value=[{"gid": "12", "name": "Erika Beispiel"}]), ["12"]),
        (sent("people", people_value=[]), []),
        (sent("reference", reference_value=[{"gid": "900"}]), ["900"]),
    ],
)
def test_each_type_has_its_own_value(entry: dict[str, Any], value: Any) -> None:
    field = FieldValue.from_json(entry)

    assert field.value == value
    assert field.is_readable
    assert field.is_empty == (value in (None, []))


@pytest.mark.parametrize("digits", ["0.1", "1190.50", "19.99", "1234567890.123456", "-0.07", "1E+3"])
def test_a_number_keeps_exactly_the_digits_that_came(digits: str) -> None:
    body = f'{{"gid": "1", "resource_subtype": "number", "number_value": {digits}}}'.encode()

    assert FieldValue.from_json(decode_json(body)).value == Decimal(digits)


def test_a_number_in_a_stored_snapshot_is_the_same_number() -> None:
    assert FieldValue.from_json(sent("number", number_value="1190.50")).value == Decimal("1190.50")


def test_a_binary_float_is_never_taken_for_an_amount() -> None:
    assert not FieldValue.from_json(sent("number", number_value=0.1)).is_readable


def test_the_text_is_what_asana_shows_and_not_the_amount() -> None:
    field = FieldValue.from_json(sent("number", number_value=Decimal("1190.5"), display_value="1.190,50 €"))

    assert (field.value, field.text) == (Decimal("1190.5"), "1.190,50 €")


def test_a_moment_alone_falls_on_the_day_of_this_installation(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    late = {"date": None, "date_time": "2026-07-01T22:30:00.000Z"}

    assert FieldValue.from_json(sent("date", date_value=late)).value == date(2026, 7, 2)


def test_the_day_that_asana_names_wins_over_the_moment() -> None:
    both = {"date": "2026-07-01", "date_time": "2026-07-01T22:30:00.000Z"}

    assert FieldValue.from_json(sent("date", date_value=both)).value == date(2026, 7, 1)


def test_a_formula_reads_as_a_number_and_can_not_be_written() -> None:
    field = FieldValue.from_json(
        sent("number", representation_type="formula", number_value=Decimal("2.5"), is_value_read_only=True)
    )

    assert (field.kind, field.value, field.is_read_only) == ("formula", Decimal("2.5"), True)


def test_an_empty_formula_does_not_become_its_display_text() -> None:
    field = FieldValue.from_json(sent("formula", number_value=None, display_value="-"))

    assert field.value is None


def test_a_custom_id_reads_as_the_id_that_people_see() -> None:
    field = FieldValue.from_json(
        sent("text", representation_type="custom_id", text_value=None, display_value="INV-12")
    )

    assert (field.value, field.is_read_only) == ("INV-12", True)


def test_a_type_from_the_future_reads_as_its_text() -> None:
    field = FieldValue.from_json(sent("location", location_value={"lat": 1}, display_value="Köln"))

    assert (field.kind, field.value, field.is_readable) == ("location", "Köln", True)


@pytest.mark.parametrize(
    "entry",
    [
        sent("number"),
        sent("number", number_value="viel"),
        sent("number", number_value=True),
        sent("number", number_value="NaN"),
        sent("text", text_value=7),
        sent("enum", enum_value="77"),
        sent("multi_enum", multi_enum_values=["77"]),
        sent("date", date_value={"date": "01.07.2026"}),
        sent("date", date_value="2026-07-01"),
    ],
)
def test_a_value_of_another_shape_is_marked_and_not_guessed(entry: dict[str, Any]) -> None:
    field = FieldValue.from_json(entry)

    assert not field.is_readable
    assert field.value is None


def test_a_leftover_of_a_removed_field_is_marked() -> None:
    assert not FieldValue.from_json(sent("text", text_value="alt", enabled=False)).is_enabled


def test_a_definition_names_type_options_and_whether_it_can_be_written() -> None:
    field = CustomField.from_json(
        {
            "gid": "1203",
            "name": "Konto",
            "resource_subtype": "enum",
            "representation_type": "enum",
            "is_formula_field": False,
            "enum_options": [OPTION, {"gid": "78", "name": "alt", "enabled": False}],
        }
    )

    assert (field.kind, field.is_read_only) == ("enum", False)
    assert [(option.gid, option.enabled) for option in field.options] == [("77", True), ("78", False)]


def test_a_formula_definition_is_read_only() -> None:
    field = CustomField.from_json(
        {"gid": "1", "name": "Summe", "resource_subtype": "number", "is_formula_field": True}
    )

    assert (field.kind, field.is_read_only) == ("formula", True)


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        ("Gebucht", "Gebucht"),
        ("", None),
        (None, None),
        (Decimal("1190.50"), Decimal("1190.50")),
        (7, 7),
        (date(2026, 7, 1), {"date": "2026-07-01"}),
        (datetime(2026, 7, 1, 10, 0, tzinfo=UTC), {"date_time": "2026-07-01T10:00:00.000Z"}),
        (["77", "78"], ["77", "78"]),
    ],
)
def test_values_are_written_in_the_shape_that_asana_takes(value: Any, wire: Any) -> None:
    assert to_wire(value) == wire


@pytest.mark.parametrize("value", [True, 1.5, object()])
def test_what_no_field_can_hold_is_a_mistake_of_ours(value: Any) -> None:
    with pytest.raises(TypeError):
        to_wire(value)


@pytest.mark.parametrize(
    ("value", "entry", "is_there"),
    [
        ("Gebucht", sent("text", text_value="Gebucht"), True),
        ("Gebucht ", sent("text", text_value="Gebucht"), True),
        ("Gebucht", sent("text", text_value=None), False),
        ("Gebucht", sent("text", text_value="Offen"), False),
        (None, sent("text", text_value=None), True),
        (None, sent("multi_enum", multi_enum_values=[]), True),
        (None, sent("enum", enum_value=OPTION), False),
        (Decimal("1.2345"), sent("number", number_value=Decimal("1.23"), precision=2), True),
        (Decimal("1.235"), sent("number", number_value=Decimal("1.24"), precision=2), True),
        (Decimal("1.2345"), sent("number", number_value=Decimal("1.25"), precision=2), False),
        (
            Decimal("0.25"),
            sent("number", number_value=Decimal("0.25"), precision=0, format="percentage"),
            True,
        ),
        (
            Decimal("0.25"),
            sent("number", number_value=Decimal("0.26"), precision=0, format="percentage"),
            False,
        ),
        (Decimal(5), sent("number", number_value=6), False),
        ("77", sent("enum", enum_value=OPTION), True),
        ("78", sent("enum", enum_value=OPTION), False),
        (["78", "77"], sent("multi_enum", multi_enum_values=[OPTION, {"gid": "78"}]), True),
        (["77"], sent("multi_enum", multi_enum_values=[OPTION, {"gid": "78"}]), False),
        (date(2026, 7, 1), sent("date", date_value={"date": "2026-07-01"}), True),
        (date(2026, 7, 1), sent("date", date_value=None), False),
        (["erika@example.com"], sent("people", people_value=[{"gid": "12"}]), True),
        (["erika@example.com"], sent("people", people_value=[]), False),
        ("x", sent("number", number_value=1), False),
    ],
)
def test_what_was_written_is_compared_with_what_is_there(
    value: Any, entry: dict[str, Any], is_there: bool
) -> None:
    assert arrived(value, FieldValue.from_json(entry)) is is_there
