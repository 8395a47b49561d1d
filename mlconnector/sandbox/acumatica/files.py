"""Attached files: download by id, upload to a record by its `files:put` link or by its keys.

Source: Acumatica integration development guide, attaching and retrieving files (read 2026-11).
"""

from mlconnector.sandbox.acumatica import errors, records
from mlconnector.sandbox.acumatica.call import ApiCall
from mlconnector.sandbox.acumatica.contract import BILL_TYPES, ENTITIES, ORDER_TYPES
from mlconnector.sandbox.acumatica.state import File, Record, new_id
from mlconnector.sandbox.kit import Response


def download(call: ApiCall, file_id: str) -> Response:
    """The bytes; a client that insists on JSON is not served."""
    wanted = call.request.accept_mimetypes
    if wanted and not wanted.best_match(["application/octet-stream"]):
        raise errors.plain(406, "Not acceptable: ask for application/octet-stream.")
    for record in call.tenant.records.values():
        for file in record.files:
            if file.id == file_id.lower():
                return Response(file.content, content_type="application/octet-stream")
    raise errors.failed("The file cannot be found.", "System.IO.FileNotFoundException")


def upload(call: ApiCall, graph: str, view: str, record_id: str, filename: str) -> Response:
    """To the `files:put` link of a record."""
    found = (entity for entity in ENTITIES.values() if (entity.graph, entity.shape.view) == (graph, view))
    entity = next(found, None)
    if entity is None:
        raise errors.plain(404, "The form cannot be found.")
    call.entity(entity.name)
    return _kept(call, records.existing(call, entity, record_id), filename)


def upload_by_keys(call: ApiCall, entity_name: str, keys: str, filename: str) -> Response:
    entity = call.entity(entity_name)
    return _kept(call, records.existing(call, entity, keys), filename)


def _kept(call: ApiCall, record: Record, filename: str) -> Response:
    comment = call.request.headers.get("PX-CbFileComment", "")
    file = attach(record, filename, call.request.get_data(), comment)
    return errors.empty(204, Location=f"{call.base}/files/{file.id}")


def attach(record: Record, filename: str, content: bytes, comment: str = "") -> File:
    """The same name again is a new revision of the same file. Nothing moves LastModifiedDateTime."""
    name = f"{_place(record)}\\{filename}"
    for file in record.files:
        if file.name == name:
            file.content, file.comment, file.revision = content, comment, file.revision + 1
            return file
    file = File(new_id(), name, content, comment)
    record.files.append(file)
    return file


def _place(record: Record) -> str:
    """'Bills and Adjustments (INV 005933)': title of the screen, the type's internal code, the number."""
    codes = BILL_TYPES | ORDER_TYPES
    keys = " ".join(codes.get(part, part) for part in record.key)
    return f"{record.entity.title} ({keys})"
