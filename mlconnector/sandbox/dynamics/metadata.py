"""EntityDefinitions: what tables and columns are. Source: query table definitions (read 2026-11)."""

import re
import uuid
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.dynamics import filters, wire
from mlconnector.sandbox.dynamics.api import ApiCall
from mlconnector.sandbox.dynamics.errors import bad, no_property, no_resource, no_row
from mlconnector.sandbox.dynamics.tables import CHOICE_KINDS, Choice, Column, Table
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

CRM = "Microsoft.Dynamics.CRM."
# Kind -> (AttributeType, AttributeTypeName, metadata type)
TYPES = {
    "uuid": ("Uniqueidentifier", "UniqueidentifierType", "UniqueIdentifierAttributeMetadata"),
    "string": ("String", "StringType", "StringAttributeMetadata"),
    "memo": ("Memo", "MemoType", "MemoAttributeMetadata"),
    "integer": ("Integer", "IntegerType", "IntegerAttributeMetadata"),
    "bigint": ("BigInt", "BigIntType", "BigIntAttributeMetadata"),
    "boolean": ("Boolean", "BooleanType", "BooleanAttributeMetadata"),
    "decimal": ("Decimal", "DecimalType", "DecimalAttributeMetadata"),
    "money": ("Money", "MoneyType", "MoneyAttributeMetadata"),
    "money_base": ("Money", "MoneyType", "MoneyAttributeMetadata"),
    "choice": ("Picklist", "PicklistType", "PicklistAttributeMetadata"),
    "state": ("State", "StateType", "StateAttributeMetadata"),
    "status": ("Status", "StatusType", "StatusAttributeMetadata"),
    "datetime": ("DateTime", "DateTimeType", "DateTimeAttributeMetadata"),
    "lookup": ("Lookup", "LookupType", "LookupAttributeMetadata"),
    "file": ("Virtual", "FileType", "FileAttributeMetadata"),
}
BY_NAME = re.compile(r"LogicalName='([^']+)'")
ATTRIBUTE = re.compile(r"Attributes(?:\(([^()]*)\))?(?:/(Microsoft\.Dynamics\.CRM\.\w+))?")
OPTION_SETS = ("OptionSet", "GlobalOptionSet")
LANGUAGES = (1031, 1033)


class Metadata:
    def __init__(self, sim: "DynamicsSimulator") -> None:
        self.sim = sim

    # --- requests -----------------------------------------------------------------------------------------
    def tables(self, call: ApiCall) -> Response:
        call.held("prvReadEntity", "table definitions")
        shown = [self.table(one) for one in self.sim.known.tables.values()]
        return self._listed(call, "EntityDefinitions", shown)

    def one(self, call: ApiCall, key: str) -> Response:
        call.held("prvReadEntity", "table definitions")
        table = self._table(key)
        body = self._selected(call.options, self.table(table))
        if "Attributes" in call.options.get("$expand", ""):
            body["Attributes"] = [self.attribute(table, one) for one in table.columns.values()]
        return wire.answer({"@odata.context": f"{call.root}/$metadata#EntityDefinitions/$entity", **body})

    def part(self, call: ApiCall, key: str, rest: str) -> Response:
        """Attributes, one of them, those of one type, or the alternate keys."""
        call.held("prvReadAttribute", "column definitions")
        table = self._table(key)
        if rest == "Keys":
            return self._listed(
                call, "EntityDefinitions/Keys", [self.key(table, one) for one in table.alternate_keys]
            )
        match = ATTRIBUTE.fullmatch(rest)
        if match is None:
            raise no_resource(rest.partition("/")[0])
        name, kind = match[1], (match[2] or "").removeprefix(CRM)
        if kind and kind not in {types[2] for types in TYPES.values()}:
            raise no_resource(f"{CRM}{kind}")
        found = [
            self.attribute(table, column, with_choices=self._expands_choices(call))
            for column in table.columns.values()
            if not kind or TYPES[column.kind][2] == kind
        ]
        if name is None:
            return self._listed(call, "EntityDefinitions/Attributes", found)
        wanted = BY_NAME.fullmatch(name)
        one = next((one for one in found if wanted and one["LogicalName"] == wanted[1]), None)
        if one is None:
            text = f"Could not find an attribute with specified name: {wanted[1] if wanted else name}"
            raise no_row("attribute", f"{name}. {text}")
        context = f"{call.root}/$metadata#EntityDefinitions('{table.name}')/Attributes/$entity"
        return wire.answer({"@odata.context": context, **self._selected(call.options, one)})

    def _table(self, key: str) -> Table:
        match = BY_NAME.fullmatch(key)
        table = self.sim.known.tables.get(match[1]) if match else None
        if table is None:
            found = [one for one in self.sim.known.tables.values() if _id(one.name) == key.lower()]
            if not found:
                raise no_row("entity", key)
            (table,) = found
        return table

    def _listed(self, call: ApiCall, context: str, rows: list[dict[str, Any]]) -> Response:
        options = call.options
        if "$orderby" in options or "$skip" in options:
            raise bad("The query parameter is not supported for metadata.", "0x80060888")
        if "$filter" in options:
            test = filters.parse(
                options["$filter"], _Plain(rows), accept_in=self.sim.options.accept_in_operator
            )
            rows = [row for row in rows if test(row)]
        shown = [self._selected(options, row) for row in rows]
        return wire.answer({"@odata.context": f"{call.root}/$metadata#{context}", "value": shown})

    def _expands_choices(self, call: ApiCall) -> bool:
        return "OptionSet" in call.options.get("$expand", "")

    def _selected(self, options: dict[str, str], row: dict[str, Any]) -> dict[str, Any]:
        if "$select" not in options:
            return row
        names = [name.strip() for name in options["$select"].split(",")]
        for name in names:
            if name not in row:
                raise no_property(name, row.get("@odata.type", "EntityMetadata").rpartition(".")[2])
        kept = {"@odata.type", "MetadataId", *names, *OPTION_SETS}
        return {name: value for name, value in row.items() if name in kept}

    # --- what is shown ------------------------------------------------------------------------------------
    def table(self, table: Table) -> dict[str, Any]:
        return {
            "LogicalName": table.name,
            "SchemaName": table.name.capitalize(),
            "EntitySetName": table.entity_set,
            "LogicalCollectionName": table.entity_set,
            "ObjectTypeCode": table.number,
            "PrimaryIdAttribute": table.key,
            "PrimaryNameAttribute": table.title,
            "ChangeTrackingEnabled": table.is_tracked,
            "CanChangeTrackingBeEnabled": {"Value": True, "CanBeChanged": True},
            "IsOptimisticConcurrencyEnabled": True,
            "IsCustomEntity": False,
            "OwnershipType": "UserOwned" if "ownerid" in table.columns else "OrganizationOwned",
            "DisplayName": self.label(table.name.capitalize(), table.name.capitalize()),
            "MetadataId": _id(table.name),
        }

    def attribute(self, table: Table, column: Column, *, with_choices: bool = False) -> dict[str, Any]:
        kind, kind_name, metadata = TYPES[column.kind]
        found: dict[str, Any] = {
            "@odata.type": f"#{CRM}{metadata}",
            "LogicalName": column.name,
            "SchemaName": column.name.capitalize(),
            "EntityLogicalName": table.name,
            "AttributeType": kind,
            "AttributeTypeName": {"Value": kind_name},
            # Names of look-ups and labels, which are columns of another one, are not kept here.
            "AttributeOf": None,
            "DisplayName": self.label(column.name, column.name),
            "RequiredLevel": {
                "Value": "ApplicationRequired" if column.is_required else "None",
                "CanBeChanged": True,
            },
            "IsPrimaryId": column.name == table.key,
            "IsCustomAttribute": column.is_custom,
            "IsValidForRead": not column.is_write_only,
            "IsValidForCreate": not column.is_read_only,
            "IsValidForUpdate": not (column.is_read_only or column.is_create_only),
            "MetadataId": _id(f"{table.name}.{column.name}"),
        }
        found |= self._details(column)
        if with_choices and column.kind in CHOICE_KINDS:
            name = f"{table.name}_{column.name}"
            choices = [self.choice(one, column) for one in column.choices]
            kinds = {"choice": "Picklist", "state": "State", "status": "Status"}
            found["OptionSet"] = {
                "MetadataId": _id(name),
                "Name": name,
                "IsGlobal": False,
                "IsCustomOptionSet": column.is_custom,
                "OptionSetType": kinds[column.kind],
                "Options": choices,
            }
        return found

    def _details(self, column: Column) -> dict[str, Any]:
        if column.kind in ("string", "memo"):
            return {"MaxLength": column.length, "Format": "Text" if column.kind == "string" else "TextArea"}
        if column.kind == "datetime":
            behavior = {"Value": column.behavior}
            return {"Format": column.format, "DateTimeBehavior": behavior}
        if column.kind in ("money", "money_base"):
            sources = {"currency": 2, "organization": 1}
            is_base = column.kind == "money_base"
            return {
                "Precision": 4 if is_base else 2,
                "PrecisionSource": 2 if is_base else sources.get(str(column.precision), 0),
                "IsBaseCurrency": is_base,
                "MinValue": column.minimum,
                "MaxValue": column.maximum,
            }
        if column.kind == "decimal":
            return {"Precision": column.precision, "MinValue": column.minimum, "MaxValue": column.maximum}
        if column.kind == "integer":
            return {"MinValue": column.minimum, "MaxValue": column.maximum, "Format": "None"}
        return {"Targets": list(column.targets)} if column.kind == "lookup" else {}

    def choice(self, choice: Choice, column: Column) -> dict[str, Any]:
        kinds = {"state": "StateOptionMetadata", "status": "StatusOptionMetadata"}
        found: dict[str, Any] = {
            "@odata.type": f"#{CRM}{kinds.get(column.kind, 'OptionMetadata')}",
            "Value": choice.value,
            "Label": self.label(choice.english, choice.german),
            "Description": self.label("", ""),
            "Color": None,
            "IsManaged": not column.is_custom,
        }
        if column.kind == "status":
            found |= {"State": choice.state, "TransitionData": None}
        if column.kind == "state":
            found |= {"DefaultStatus": None, "InvariantName": choice.english.split()[0]}
        return found

    def label(self, english: str, german: str) -> dict[str, Any]:
        texts = {1031: german, 1033: english}
        labels = [
            {
                "Label": texts[code],
                "LanguageCode": code,
                "IsManaged": True,
                "MetadataId": _id(f"{code}{texts[code]}"),
            }
            for code in LANGUAGES
            if texts[code]
        ]
        mine = [one for one in labels if one["LanguageCode"] == self.sim.options.language]
        return {"LocalizedLabels": labels, "UserLocalizedLabel": mine[0] if mine else None}

    def key(self, table: Table, column: str) -> dict[str, Any]:
        return {
            "LogicalName": f"{column}_key",
            "EntityLogicalName": table.name,
            "KeyAttributes": [column],
            "EntityKeyIndexStatus": "Active",
            "MetadataId": _id(f"{table.name} key {column}"),
        }


class _Plain:
    """Metadata rows for filters: the kind is that of the first value."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.first = rows[0] if rows else {}

    def kind(self, path: str) -> str:
        name = path.partition("/")[0]
        if self.first and name not in self.first:
            raise no_property(path, "EntityMetadata")
        value = self.first.get(name)
        return "Boolean" if isinstance(value, bool) else "Decimal" if isinstance(value, int) else "String"

    def value(self, row: dict[str, Any], path: str) -> Any:
        value: Any = row
        for name in path.split("/"):
            value = value.get(name) if isinstance(value, dict) else None
        return value


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"metadata {name}"))
