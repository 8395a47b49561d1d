"""Is an integration complete? Asked before it is switched on, by the admin and by the configuration file."""

from __future__ import annotations

from connections.declared import setting_faults
from connections.messages import DataFault, say
from connections.registry import vendor
from pairs.mapping import UNFILLED
from pairs.models import FieldMapping, Integration, MappingKind
from pairs.registry import pairs


def faults_of(integration: Integration) -> list[DataFault]:
    """All that is missing or contradictory, at once; [] means that it may be switched on."""
    if integration.pair not in pairs():
        return [DataFault("Pair", integration.pair, say("There is no such pair."))]
    declared = integration.declared
    faults = [
        DataFault(
            label,
            str(connection),
            say("This connection is not one to %(vendor)s.", vendor=vendor(wanted).label),
            say("Choose another connection."),
        )
        for label, connection, wanted in (
            ("From", integration.source, declared.source_vendor),
            ("To", integration.target, declared.target_vendor),
        )
        if connection.vendor != wanted
    ]
    faults += setting_faults(declared.settings, integration.settings)
    faults += _mapping_faults(integration)
    if not faults:
        faults += declared.check(integration)
    return faults


def _mapping_faults(integration: Integration) -> list[DataFault]:
    faults = []
    rows = (
        list(integration.mappings.select_related("table").prefetch_related("table__rows"))
        if integration.pk
        else []
    )
    for flow in integration.declared.flows:
        for way, fields in ((FieldMapping.Way.INTO, flow.fields), (FieldMapping.Way.BACK, flow.write_back)):
            known = {field.key: field for field in fields}
            of_flow = [row for row in rows if row.flow == flow.key and row.way == way]
            faults += [
                DataFault("Mapping", row.target_field, say("There is no such field to map to."))
                for row in of_flow
                if row.target_field not in known
            ]
            for row in of_flow:
                faults += _row_faults(row)
            mapped = {row.target_field for row in of_flow}
            faults += [
                DataFault(
                    field.label,
                    "",
                    say("This field is required, and no mapping fills it."),
                    say("Add a mapping."),
                )
                for field in fields
                if field.is_required and field.key not in mapped
            ]
    flows = {flow.key for flow in integration.declared.flows}
    faults += [
        DataFault("Mapping", row.flow, say("There is no such flow.")) for row in rows if row.flow not in flows
    ]
    return faults


def _row_faults(row: FieldMapping) -> list[DataFault]:
    if row.kind == MappingKind.CONSTANT and not row.constant:
        return [DataFault("Mapping", row.target_field, say("The fixed value is missing."))]
    if row.kind == MappingKind.TABLE and row.table_id is None:
        return [DataFault("Mapping", row.target_field, say("The value table is missing."))]
    if row.table is not None and any(entry.target_value == UNFILLED for entry in row.table.rows.all()):
        return [
            DataFault(
                "Value table",
                row.table.name,
                say("The table has rows whose target value is not filled in."),
                say("Open the value table and replace each question mark."),
            )
        ]
    if row.kind != MappingKind.CONSTANT and not row.source_field:
        return [DataFault("Mapping", row.target_field, say("The source field is missing."))]
    return []
