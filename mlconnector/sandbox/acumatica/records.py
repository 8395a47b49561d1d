"""GET, PUT, PATCH, DELETE of records, and $adHocSchema.

Source: OpenAPI file of Default/24.200.001 and the integration development guide (read 2026-11).
"""

from collections.abc import Callable
from typing import Any

from mlconnector.sandbox.acumatica import errors, filters, writes
from mlconnector.sandbox.acumatica.call import GUID, ApiCall
from mlconnector.sandbox.acumatica.contract import EntityType
from mlconnector.sandbox.acumatica.shapes import Wanted
from mlconnector.sandbox.acumatica.state import Record
from mlconnector.sandbox.acumatica.values import answer
from mlconnector.sandbox.acumatica.workflow import is_released
from mlconnector.sandbox.kit import AnswerNow, Response


def listed(call: ApiCall, entity_name: str) -> Response:
    """A bare array. No count, no next page: the last one has fewer rows than $top."""
    entity = call.entity(entity_name)
    call.check_form_is_free(entity)
    wanted = call.wanted(entity)
    _refuse_unoptimised(call, entity, wanted)
    records = call.tenant.all(entity.name)
    condition = call.request.args.get("$filter", "")
    if condition:
        test = filters.parsed(condition, entity, call.tenant.zone, call.sim.options.unknown_name_status)
        records = [record for record in records if test(record)]
    records = _ordered(call, records)
    skip, top = _whole(call, "$skip", 0), _whole(call, "$top", len(records))
    writer = call.writer()
    page = records[skip : skip + top]
    return answer([writer.record(record, wanted, number) for number, record in enumerate(page, 1)])


def _ordered(call: ApiCall, records: list[Record]) -> list[Record]:
    """The order is not promised: see the option `order`."""
    order = call.sim.options.order
    if order == "modified":
        return sorted(records, key=lambda record: record.modified_at, reverse=True)
    records = sorted(records, key=lambda record: record.key)
    if order == "shifting" and records:
        by = call.tenant.changes % len(records)
        return records[by:] + records[:by]
    return records


def _whole(call: ApiCall, name: str, default: int) -> int:
    text = call.request.args.get(name)
    if text is None:
        return default
    if not text.isdigit():
        raise errors.plain(400, f"The request is invalid. {name} is not a number.")
    return int(text)


def _refuse_unoptimised(call: ApiCall, entity: EntityType, wanted: Wanted) -> None:
    """A list is an optimised export; fields with code behind their view can't be in it."""
    barred = {
        name.removeprefix(f"{entity.name}.")
        for name in call.sim.options.not_optimised
        if name.startswith(f"{entity.name}.")
    }
    named = wanted.select or set(entity.shape.fields)
    hit = sorted(barred & (named | wanted.expand))
    if hit:
        lines = "".join(f"\r\n{name}: View {entity.shape.view} has BQL delegate" for name in hit)
        raise errors.failed(
            f"Optimization cannot be performed.The following fields cause the error:{lines}",
            errors.CANNOT_OPTIMISE,
        )


def one(call: ApiCall, entity_name: str, keys: str) -> Response:
    entity = call.entity(entity_name)
    call.check_form_is_free(entity)
    wanted = call.wanted(entity)
    return answer(call.writer().record(existing(call, entity, keys), wanted))


def existing(call: ApiCall, entity: EntityType, keys: str) -> Record:
    """By id, or by keys joined with / or |. Raises AnswerNow: a missing record is a 500."""
    segments = keys.split("/")
    if any(part.endswith(".") for part in segments) and not call.sim.options.has_dots_in_path:
        raise AnswerNow(Response("<h2>Not Found</h2>", status=404, content_type="text/html"))
    record = (
        call.tenant.records.get(keys.lower())
        if GUID.fullmatch(keys)
        else call.tenant.by_key(entity.name, tuple(keys.replace("|", "/").split("/")))
    )
    if record is None or record.entity is not entity:
        raise errors.no_entity()
    return record


# --- writing ----------------------------------------------------------------------------------------------
def put(call: ApiCall, entity_name: str) -> Response:
    """Creates or updates; If-Match: * updates alone, If-None-Match: * inserts alone, else 412."""
    return _written(call, entity_name, missing=_insert)


def patch(call: ApiCall, entity_name: str) -> Response:
    """Updates what is there; 404 when it isn't."""
    if not call.sim.options.has_patch:
        raise errors.plain(405, "The requested resource does not support http method 'PATCH'.")
    if call.request.headers.get("If-None-Match"):
        raise errors.plain(412, "Precondition failed.")
    return _written(call, entity_name, missing=_not_there)


def _written(
    call: ApiCall, entity_name: str, missing: Callable[[ApiCall, EntityType, dict[str, Any]], Record]
) -> Response:
    entity = call.entity(entity_name)
    call.check_form_is_free(entity)
    wanted = call.wanted(entity)
    body = call.body()
    record = writes.found(call, entity, body)
    headers = call.request.headers
    if (record is None and headers.get("If-Match") == "*") or (
        record is not None and headers.get("If-None-Match") == "*"
    ):
        raise errors.plain(412, "Precondition failed.")
    if record is None:
        record = missing(call, entity, body)
    else:
        writes.update(call, record, body)
    return answer(call.writer().record(record, wanted))


def _insert(call: ApiCall, entity: EntityType, body: dict[str, Any]) -> Record:
    return writes.insert(call, entity, body)


def _not_there(call: ApiCall, entity: EntityType, body: dict[str, Any]) -> Record:
    raise errors.plain(404, "No entity satisfies the condition.")


def delete(call: ApiCall, entity_name: str, keys: str) -> Response:
    entity = call.entity(entity_name)
    call.check_form_is_free(entity)
    record = existing(call, entity, keys)
    if is_released(record):
        raise errors.failed("The document has been released and cannot be deleted.")
    call.sim.remove(record)
    return errors.empty(204)


def schema(call: ApiCall, entity_name: str) -> Response:
    """Fields, user-defined fields, and on newer releases the actions that the screen's workflow offers."""
    entity = call.entity(entity_name)
    workflow = sorted(set(call.tenant.actions.get(entity.name, {})) - set(entity.actions))
    custom = call.tenant.custom_fields.get(entity.name, {})
    return answer(call.writer().schema(entity, custom, workflow))
