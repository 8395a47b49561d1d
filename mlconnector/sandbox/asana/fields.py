"""Custom fields: definitions, options, settings of projects, and the checks of values on tasks.

Source: Asana custom fields guide and reference (read 2026-11).
"""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.asana import checks, values
from mlconnector.sandbox.asana.errors import ApiError, not_an_id, unknown
from mlconnector.sandbox.asana.state import Field, Option, Setting, Task, Value
from mlconnector.sandbox.kit import Response, json_answer

if TYPE_CHECKING:
    from mlconnector.sandbox.asana.api import ApiCall

SUBTYPES = ("text", "number", "enum", "multi_enum", "date", "people", "reference")
FORMATS = ("currency", "identifier", "percentage", "custom", "duration", "none")
OPTION_LIMIT = 500
BUILT_IN = ("name", "assignee", "due date", "projects", "tags", "description", "created at", "completed")
OPTION: dict[str, checks.Check] = {"name": checks.text, "color": checks.text, "enabled": checks.flag}
OPTION_CREATE = OPTION | {"insert_before": checks.gid, "insert_after": checks.gid}
CHANGE: dict[str, checks.Check] = {
    "name": checks.text,
    "description": checks.text,
    "precision": checks.number,
    "format": checks.one_of(*FORMATS),
    "currency_code": checks.nullable(checks.text),
    "custom_label": checks.nullable(checks.text),
    "custom_label_position": checks.nullable(checks.one_of("prefix", "suffix")),
    "has_notifications_enabled": checks.flag,
}
CREATE: dict[str, checks.Check] = CHANGE | {
    "workspace": checks.gid,
    "resource_subtype": checks.one_of(*SUBTYPES),
    "type": checks.one_of(*SUBTYPES),
    "enum_options": checks.each(checks.obj),
    "input_restrictions": checks.each(checks.one_of("task", "project", "portfolio", "goal")),
    "owned_by_app": checks.flag,
}


# --- values on tasks -------------------------------------------------------------
def checked_values(call: "ApiCall", task: Task, given: dict[str, Any]) -> dict[str, Value]:
    """`custom_fields` of a request as it is stored, by field gid. Raises ApiError 400 or 403."""
    own = call.state.fields_of(task)
    found: dict[str, Value] = {}
    for gid, value in given.items():
        field = _field_on(call, task, own, gid)
        if field.is_read_only:
            raise ApiError(400, f"custom_fields: {gid}: The value of this custom field is read-only")
        if field.is_locked:
            raise ApiError(403, f"custom_fields: {gid}: This custom field is locked")
        if gid not in own and value is not None:
            raise ApiError(
                400, f"custom_fields: {gid}: This custom field is disabled, it can only be cleared"
            )
        found[gid] = values.checked(
            field,
            value,
            state=call.state,
            options=call.sim.options,
            me=call.token.user,
            now=task.values.get(gid),
        )
    return found


def _field_on(call: "ApiCall", task: Task, own: list[str], gid: str) -> Field:
    """The field when one of the task's own projects has it, or when an old value of it is left."""
    field: Field | None = call.state.get("custom_field", gid)
    is_left = task.values.get(gid) not in (None, [])
    if field is None or (gid not in own and not is_left) or call.token.user in field.hidden_from:
        raise ApiError(400, f"Custom field with ID {gid} is not on given object")
    return field


# --- definitions -------------------------------------------------------------
def _needs_paid_plan(call: "ApiCall") -> None:
    if call.sim.options.is_free_plan:
        raise ApiError(402, "Custom Fields are not available for free users or guests.")


def of_workspace(call: "ApiCall", gid: str) -> Response:
    workspace = call.workspace(gid)
    found = [
        field
        for field in call.state.all("custom_field")
        if field.workspace == workspace.gid and field.is_global and call.token.user not in field.hidden_from
    ]
    return call.page(found, call.records.field)


def one(call: "ApiCall", gid: str) -> Response:
    return call.one(call.records.field(call.field(gid)))


def create(call: "ApiCall") -> Response:
    _needs_paid_plan(call)
    field = _new_field(call, call.data(CREATE, required=("workspace", "resource_subtype", "name")))
    return call.created(call.records.field(field), f"/custom_fields/{field.gid}")


def _new_field(call: "ApiCall", data: dict[str, Any], *, is_global: bool = True) -> Field:
    workspace = call.workspace(data["workspace"])
    if data.get("owned_by_app"):
        raise ApiError(403, "owned_by_app: This app may not own custom fields")
    _check_name(call, workspace.gid, data["name"])
    _check_number(data)
    field = Field(
        call.state.next_gid(), data["name"], data["resource_subtype"], workspace.gid, call.token.user
    )
    field.is_global = is_global
    field.input_restrictions = data.get("input_restrictions") or []
    for given in data.get("enum_options") or []:
        checks.body(given, OPTION, required=("name",))
        _append_option(call, field, given)
    _set(field, data)
    return call.state.add(field)


def _check_name(call: "ApiCall", workspace: str, name: str, but: str = "") -> None:
    same = [
        field
        for field in call.state.all("custom_field")
        if field.workspace == workspace and field.name.casefold() == name.casefold() and field.gid != but
    ]
    if same:
        raise ApiError(400, f"name: A custom field with this name exists already: {name}")
    if name.casefold() in BUILT_IN:
        raise ApiError(400, f"name: This name is reserved: {name}")


def _check_number(data: dict[str, Any]) -> None:
    if not 0 <= data.get("precision", 0) <= 6:
        raise ApiError(400, f"precision: Must be between 0 and 6: {data['precision']}")
    if data.get("currency_code") and data.get("format") != "currency":
        raise ApiError(400, "currency_code: Only allowed with the format currency")


def _set(field: Field, data: dict[str, Any]) -> None:
    for name in (
        "description",
        "precision",
        "format",
        "currency_code",
        "custom_label",
        "custom_label_position",
    ):
        if name in data:
            setattr(field, name, data[name])


def change(call: "ApiCall", gid: str) -> Response:
    field = call.field(gid)
    data = call.data(CHANGE)
    if field.is_locked:
        raise ApiError(403, "custom_field: This custom field is locked")
    if "name" in data:
        _check_name(call, field.workspace, data["name"], field.gid)
        field.name = data["name"]
    _check_number({"format": field.format, **data})
    _set(field, data)
    return call.one(call.records.field(field))


def delete(call: "ApiCall", gid: str) -> Response:
    """The definition goes, and with it its settings and values."""
    field = call.field(gid)
    field.is_deleted = True
    for project in call.state.all("project"):
        project.settings = [setting for setting in project.settings if setting.custom_field != gid]
    for task in call.state.all("task"):
        task.values.pop(gid, None)
    return call.nothing()


# --- options -------------------------------------------------------------
def _append_option(call: "ApiCall", field: Field, given: dict[str, Any], place: int | None = None) -> Option:
    if field.subtype not in ("enum", "multi_enum"):
        raise ApiError(400, "custom_field: Only enum fields have options")
    if len(field.options) >= OPTION_LIMIT:
        raise ApiError(400, f"enum_options: A custom field has at most {OPTION_LIMIT} options")
    option = Option(call.state.next_gid(), given["name"], field.gid, given.get("color", "none"))
    option.is_enabled = given.get("enabled", True)
    field.options.insert(len(field.options) if place is None else place, option)
    return call.state.add(option)


def create_option(call: "ApiCall", gid: str) -> Response:
    field = call.field(gid)
    data = call.data(OPTION_CREATE, required=("name",))
    place = None
    for name, shift in (("insert_before", 0), ("insert_after", 1)):
        if name in data:
            anchor = field.option(data[name])
            if anchor is None:
                raise unknown(name, data[name])
            place = field.options.index(anchor) + shift
    option = _append_option(call, field, data, place)
    return call.created(call.records.option(option), f"/enum_options/{option.gid}")


def change_option(call: "ApiCall", gid: str) -> Response:
    """Rename, colour, enable, disable; the last enabled option stays."""
    if not gid.isdigit():
        raise not_an_id("enum_option", gid)
    option: Option | None = call.state.get("enum_option", gid)
    if option is None:
        raise unknown("enum_option", gid)
    field = call.field(option.custom_field)
    data = call.data(OPTION)
    others = [one for one in field.options if one.is_enabled and one is not option]
    if data.get("enabled") is False and not others:
        raise ApiError(400, "enabled: At least one option must stay enabled")
    option.name = data.get("name", option.name)
    option.color = data.get("color", option.color)
    option.is_enabled = data.get("enabled", option.is_enabled)
    return call.one(call.records.option(option))


# --- settings of a project -------------------------------------------------------------
def settings(call: "ApiCall", gid: str) -> Response:
    """The fields of a project: a list of full records."""
    hidden = call.token.user
    found = [
        setting
        for setting in call.project(gid).settings
        if hidden not in call.state.by_gid[setting.custom_field].hidden_from
    ]
    return call.page(found, call.records.setting, full=True)


def add_setting(call: "ApiCall", gid: str) -> Response:
    """An existing field by gid, or a new one of this project alone by an object."""
    _needs_paid_plan(call)
    project = call.project(gid)
    known: dict[str, checks.Check] = {
        "custom_field": lambda name, value: (
            checks.body(value, CREATE) and None if isinstance(value, dict) else checks.gid(name, value)
        ),
        "is_important": checks.flag,
        "insert_before": checks.gid,
        "insert_after": checks.gid,
    }
    data = call.data(known, required=("custom_field",))
    given = data["custom_field"]
    field = _new_field(call, given, is_global=False) if isinstance(given, dict) else call.field(given)
    if field.gid in project.fields:
        raise ApiError(400, f"custom_field: The project has this custom field already: {field.gid}")
    setting = Setting(call.state.next_gid(), project.gid, field.gid, data.get("is_important", False))
    project.settings.append(setting)
    return call.one(call.records.setting(setting))


def remove_setting(call: "ApiCall", gid: str) -> Response:
    """Values on the tasks stay behind, disabled."""
    project = call.project(gid)
    field = call.data({"custom_field": checks.gid}, required=("custom_field",))["custom_field"]
    if field not in project.fields:
        raise ApiError(400, f"custom_field: The project does not have this custom field: {field}")
    project.settings = [setting for setting in project.settings if setting.custom_field != field]
    return json_answer({"data": {}})
