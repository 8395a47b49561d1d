"""POST {entity}/{action}, the operations that it starts, and GET of their status.

Source: Acumatica integration development guide, executing actions; answers seen by working clients (read
2026-11).
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.acumatica import errors, writes
from mlconnector.sandbox.acumatica.call import ApiCall
from mlconnector.sandbox.acumatica.contract import EntityType, is_known
from mlconnector.sandbox.acumatica.state import Operation, Record, new_id
from mlconnector.sandbox.acumatica.values import answer
from mlconnector.sandbox.acumatica.workflow import Refused
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.acumatica.app import AcumaticaSimulator


def run(call: ApiCall, entity_name: str, action: str) -> Response:
    """202 with Location: started. 204: over, or nothing was done at all."""
    entity = call.entity(entity_name)
    effect = _effect(call, entity, action)
    call.check_form_is_free(entity)
    body = call.body()
    if not isinstance(body.get("entity"), dict):
        raise errors.plain(400, "The request is invalid.")
    record = writes.found(call, entity, body["entity"])
    if record is None:
        raise errors.no_entity()
    # Whatever else stands in `entity` is applied before the action runs.
    writes.update(call, record, body["entity"])
    options = call.sim.options
    if options.actions_without_effect > 0:
        options.actions_without_effect -= 1
        return _finished(call, entity, action)
    if effect in options.long_actions:
        return _started(call, record, action, effect)
    try:
        call.sim.workflow.run(record, action, effect, call.session.user, body.get("parameters"))
    except Refused as refused:
        raise errors.failed(refused.text, refused.kind) from None
    return _finished(call, entity, action)


def _effect(call: ApiCall, entity: EntityType, action: str) -> str:
    """What the action does; 404 when neither contract nor screen has it."""
    effect = call.tenant.actions.get(entity.name, {}).get(action)
    if effect is None or (action in entity.actions and not is_known(entity.name, action, call.version)):
        raise errors.plain(404, f"The action '{action}' cannot be found.")
    return effect


def _started(call: ApiCall, record: Record, action: str, effect: str) -> Response:
    sim, options = call.sim, call.sim.options
    if not options.refuse_in_operation:
        try:
            sim.workflow.check(record, effect)
        except Refused as refused:
            raise errors.failed(refused.text, refused.kind) from None
    operation = Operation(
        id=new_id(),
        session=call.session.id,
        tenant=call.tenant.name,
        user=call.session.user,
        entity=record.entity.name,
        record=record.id,
        action=action,
        effect=effect,
        due_at=sim.clock.now() + timedelta(seconds=options.action_seconds),
        will_be_lost=options.operations_lost > 0,
    )
    options.operations_lost = max(options.operations_lost - 1, 0)
    sim.operations[operation.id] = operation
    return errors.empty(202, Location=_location(call, record.entity, action, operation.id))


def _finished(call: ApiCall, entity: EntityType, action: str) -> Response:
    if not call.sim.options.location_on_204:
        return errors.empty(204)
    return errors.empty(204, Location=_location(call, entity, action, new_id()))


def _location(call: ApiCall, entity: EntityType, action: str, operation: str) -> str:
    path = f"{call.base}/{entity.name}/{action}/status/{operation}"
    return f"{call.request.host_url.rstrip('/')}{path}" if call.sim.options.absolute_location else path


def status(call: ApiCall, entity_name: str, action: str, operation_id: str) -> Response:
    """202 running, 204 over, else the error of the operation. Only the session that started it may ask."""
    operation = call.sim.operations.get(operation_id)
    if operation is None or operation.tenant != call.tenant.name:
        raise errors.plain(404, "The operation cannot be found.")
    if operation.session != call.session.id:
        raise errors.failed(
            "The operation cannot be found in the current session.",
            status=call.sim.options.foreign_poll_status,
        )
    if operation.state == "running":
        path = _location(call, call.entity(entity_name), action, operation_id)
        return errors.empty(202, Location=path)
    if operation.state != "failed":
        return errors.empty(204)
    return answer(operation.error, call.sim.options.failed_poll_status)


def work(sim: "AcumaticaSimulator") -> None:
    """Let every operation that is due take effect, or fail."""
    now = sim.clock.now()
    for operation in sim.operations.values():
        if operation.state == "running" and operation.due_at <= now:
            _end(sim, operation)


def _end(sim: "AcumaticaSimulator", operation: Operation) -> None:
    record = sim.tenants[operation.tenant].records.get(operation.record)
    if operation.will_be_lost:
        operation.state = "lost"
        return
    if record is None:
        operation.state, operation.error = "failed", _no_entity()
        return
    try:
        sim.workflow.run(record, operation.action, operation.effect, operation.user)
        operation.state = "done"
    except Refused as refused:
        operation.state, operation.error = "failed", refused.body()


def _no_entity() -> dict[str, Any]:
    return errors.body_of("No entity satisfies the condition.", errors.NO_ENTITY)
