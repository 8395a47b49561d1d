"""What tables and columns are, and that they are Microsoft's."""

from __future__ import annotations

import pytest

from mlconnector.sandbox.dynamics.schema import all_tables
from tests.sandbox.dynamics import spec

INVOICE = "EntityDefinitions(LogicalName='invoice')"
CRM = "Microsoft.Dynamics.CRM"


def test_a_table_tells_number_set_and_tracking(api, sim):
    body = api.read(
        f"{INVOICE}?$select=EntitySetName,ObjectTypeCode,ChangeTrackingEnabled,CanChangeTrackingBeEnabled"
    )

    assert (body["EntitySetName"], body["ObjectTypeCode"], body["ChangeTrackingEnabled"]) == (
        "invoices",
        1090,
        True,
    )
    assert body["CanChangeTrackingBeEnabled"]["Value"] is True
    (found,) = api.rows("EntityDefinitions?$select=LogicalName&$filter=EntitySetName eq 'accounts'")
    assert found["LogicalName"] == "account"
    assert api.get("EntityDefinitions(LogicalName='msdyn_project')").status_code == 404
    sim.set_privilege("prvReadEntity")
    assert api.get(INVOICE).status_code == 403


def test_how_dates_are_meant(api, sim):
    sim.add_column("invoice", "msdyn_invoicedate", "datetime", behavior="TimeZoneIndependent")

    rows = api.rows(
        f"{INVOICE}/Attributes/{CRM}.DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior,Format"
    )

    found = {row["LogicalName"]: (row["DateTimeBehavior"]["Value"], row["Format"]) for row in rows}
    assert found["duedate"] == ("DateOnly", "DateOnly")
    assert found["datedelivered"] == ("UserLocal", "DateOnly")
    assert found["createdon"] == ("UserLocal", "DateAndTime")
    assert found["msdyn_invoicedate"] == ("TimeZoneIndependent", "DateOnly")


@pytest.mark.parametrize(("language", "label"), [(1031, "Fakturiert"), (1033, "Billed")])
def test_statuses_with_their_state_and_localised_labels(api, sim, language, label):
    sim.set_language(language)
    sim.add_status("invoice", 100000001, "Freigegeben", state=0)

    path = f"{INVOICE}/Attributes/{CRM}.StatusAttributeMetadata?$select=LogicalName&$expand=OptionSet"
    (row,) = api.rows(path)
    options = {one["Value"]: one for one in row["OptionSet"]["Options"]}

    assert options[4]["Label"]["UserLocalizedLabel"]["Label"] == label
    assert {one["LanguageCode"] for one in options[4]["Label"]["LocalizedLabels"]} == {1031, 1033}
    assert (options[100003]["State"], options[100000001]["State"]) == (3, 0)
    one = api.read(
        f"{INVOICE}/Attributes(LogicalName='statecode')/{CRM}.StateAttributeMetadata?$select=LogicalName&$expand=OptionSet"
    )
    assert [option["Value"] for option in one["OptionSet"]["Options"]] == [0, 1, 2, 3]


def test_custom_columns_are_found_with_their_type(api, sim):
    sim.add_column("account", "new_vatid", "string", length=20)
    sim.add_column("invoice", "new_rate", "decimal")
    sim.add_choice_column("invoice", "new_taxcase", {100000000: "Inland", 100000001: "EU"})
    attributes = "EntityDefinitions(LogicalName='account')/Attributes"

    (row,) = api.rows(
        f"{attributes}?$select=LogicalName,AttributeType,MaxLength&$filter=LogicalName eq 'new_vatid'"
    )

    assert (row["AttributeType"], row["MaxLength"]) == ("String", 20)
    assert api.get(f"{attributes}(LogicalName='new_unknown')").status_code == 404
    (choices,) = api.rows(
        f"{INVOICE}/Attributes/{CRM}.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet"
        "&$filter=LogicalName eq 'new_taxcase'"
    )
    assert len(choices["OptionSet"]["Options"]) == 2


def test_a_custom_column_takes_part_in_everything(api, sim, account):
    sim.add_column("account", "new_vatid", "string", length=20)
    sim.add_column("invoice", "msdyn_invoicedate", "datetime", behavior="TimeZoneIndependent")
    sim.change(account, new_vatid="DE123456789")
    invoice = sim.add_invoice(account, msdyn_invoicedate="2026-06-01T00:00:00+00:00")

    (row,) = api.rows(
        "invoices?$select=msdyn_invoicedate&$expand=customerid_account($select=new_vatid)"
        "&$filter=customerid_account/new_vatid eq 'DE123456789'"
    )

    assert row["msdyn_invoicedate"] == "2026-06-01T00:00:00Z"
    assert row["customerid_account"]["new_vatid"] == "DE123456789"
    assert row["invoiceid"] == invoice


def test_alternate_keys(api, sim):
    assert api.rows("EntityDefinitions(LogicalName='account')/Keys") == []
    sim.add_alternate_key("account", "accountnumber")

    (key,) = api.rows(
        "EntityDefinitions(LogicalName='account')/Keys?$select=KeyAttributes,EntityKeyIndexStatus"
    )
    assert (key["KeyAttributes"], key["EntityKeyIndexStatus"]) == (["accountnumber"], "Active")


# --- against the table definitions -------------------------------------------------------------------------
def test_lengths_ranges_and_choices_are_microsofts():
    faults = []
    ours = all_tables()
    for name, definition in spec.tables().items():
        for column in ours[name].columns.values():
            known = definition["columns"].get(column.name)
            if known is None:
                continue
            length = known.get("max_length")
            if column.kind in ("string", "memo") and length and column.length != length:
                faults.append(f"{name}.{column.name}: length {column.length}, defined {length}")
            if column.minimum is not None and "min" in known and column.minimum != spec.Decimal(known["min"]):
                faults.append(f"{name}.{column.name}: from {column.minimum}, defined {known['min']}")
            faults += choice_faults(name, column, known.get("options", []))
        assert ours[name].entity_set == definition["entity_set"]
        assert ours[name].key == definition["primary_key"]

    assert faults == []


def choice_faults(table, column, options) -> list[str]:
    labels = {option["value"]: (option["label"], option.get("state")) for option in options}
    return [
        f"{table}.{column.name}: {choice.value} {choice.english} is not defined so"
        for choice in column.choices
        if labels and labels.get(choice.value) != (choice.english, choice.state)
    ]


def test_every_column_of_an_invoice_has_the_type_it_is_defined_with(api, sim, invoice, account):
    sim.add_note(invoice, "Rechnung", filename="RE.pdf", content=b"%PDF-1.7")
    sim.add_order(account, [{"price": "1"}])
    sim.add_contact("Muster", "Erika", account)

    for entity_set in (
        "invoices",
        "invoicedetails",
        "salesorders",
        "salesorderdetails",
        "accounts",
        "contacts",
        "annotations",
        "transactioncurrencies",
    ):
        assert api.rows(entity_set)
    assert not spec.is_at_hand() or len(list(spec.shown_rows(sim))) >= 8
