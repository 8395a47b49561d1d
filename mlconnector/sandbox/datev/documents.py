"""accounting:documents v2: write-only uploads to Belege online, one GUID once.

Source: DATEV accounting:documents 2.1.12 (read 2026-11).
"""

import hashlib
import json
import re
import uuid
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.datev import answers, clients
from mlconnector.sandbox.datev.state import DOCUMENTS_SCOPE, READ_SCOPE, Client, Document
from mlconnector.sandbox.kit import Route, json_answer

if TYPE_CHECKING:
    from mlconnector.sandbox.datev.simulator import DatevSimulator

# "20 MB" without saying which: the smaller reading, so that what passes here passes there.
MAX_BYTES = 20_000_000
MAX_STAPLED = 10
MAX_NAME = 255
LIMITS = {
    "document_type": (30, "DCO01227"),
    "note": (255, "DCO01223"),
    "category": (30, "DCO01224"),
    "folder": (30, "DCO01225"),
    "register": (30, "DCO01226"),
}
MEDIA_TYPES = {
    "bmp": ("image/bmp",),
    "csv": ("text/csv", "text/plain"),
    "gif": ("image/gif",),
    "jpeg": ("image/jpeg",),
    "jpg": ("image/jpeg",),
    "pdf": ("application/pdf",),
    "png": ("image/png",),
    "tif": ("image/tiff",),
    "tiff": ("image/tiff",),
    "txt": ("text/plain",),
    "xml": ("application/xml", "text/xml"),
}
MAGIC = {"png": b"\x89PNG", "gif": b"GIF8", "jpg": b"\xff\xd8", "jpeg": b"\xff\xd8"}
FORBIDDEN_SIGN = re.compile(r"[^ &()+\-._0-9A-Za-zÀ-ÖØ-öø-ÿ]")
TEST_VIRUS = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
BERLIN = ZoneInfo("Europe/Berlin")


class DocumentsApi:
    def __init__(self, simulator: "DatevSimulator") -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        one = "/clients/<client_ref>"
        table = (
            ("documents.basics", "GET", one, self.basics),
            ("documents.types", "GET", f"{one}/document-types", self.types),
            ("documents.duo_version", "GET", f"{one}/duo-version", self.duo_version),
            ("documents.post", "POST", f"{one}/documents", self.post),
            ("documents.stapled", "PUT", f"{one}/documents/stapled", self.stapled),
            ("documents.put", "PUT", f"{one}/documents/<guid>", self.put),
        )
        return [
            route
            for name, method, path, handler in table
            for route in clients.environments(name, method, "/documents", "v2", path, handler)
        ]

    def basics(self, request: Request, client_ref: str) -> Response:
        client = self.simulator.access.client(request, READ_SCOPE, client_ref)
        return json_answer(clients.basics(client))

    def types(self, request: Request, client_ref: str) -> Response:
        client = self.simulator.access.client(request, DOCUMENTS_SCOPE, client_ref)
        return json_answer(clients.document_types(client))

    def duo_version(self, request: Request, client_ref: str) -> Response:
        client = self.simulator.access.client(request, DOCUMENTS_SCOPE, client_ref)
        return json_answer(clients.duo_version(client))

    def post(self, request: Request, client_ref: str) -> Response:
        client = self.simulator.access.client(request, DOCUMENTS_SCOPE, client_ref)
        return self._store(client, str(uuid.uuid4()), [_one_file(request)], request)

    def put(self, request: Request, client_ref: str, guid: str) -> Response:
        client = self.simulator.access.client(request, DOCUMENTS_SCOPE, client_ref)
        if not answers.GUID.fullmatch(guid):
            raise answers.dco("DCO01234")
        files = [_one_file(request)]
        if (client.ref, guid.lower()) in self.simulator.store.documents:
            raise answers.dco("DCO01012", 409)
        return self._store(client, guid, files, request)

    def stapled(self, request: Request, client_ref: str) -> Response:
        client = self.simulator.access.client(request, DOCUMENTS_SCOPE, client_ref)
        files = request.files.getlist("files")
        if not files:
            raise answers.dco("DCO01220")
        if len(files) > MAX_STAPLED:
            raise answers.dco("DCO01127")
        return self._store(client, str(uuid.uuid4()), files, request)

    def _store(self, client: Client, guid: str, files: list[FileStorage], request: Request) -> Response:
        if not client.has_belege_online:
            raise answers.dco("DCO01019")
        contents = [upload.read() for upload in files]
        names = [checked(client, upload, content) for upload, content in zip(files, contents, strict=True)]
        if sum(map(len, contents)) > MAX_BYTES:
            raise answers.dco("DCO01216" if client.is_duo_next else "DCO01016")
        metadata = _metadata(request, client)
        digests = [hashlib.sha256(content).hexdigest() for content in contents]
        self._refuse_duplicate(client, names, digests, metadata.get("document_type", ""))
        now = self.simulator.clock.now()
        shown = [
            {
                "id": str(uuid.uuid4()) if number else guid,
                "name": name,
                "size": len(content),
                "upload_date": now.astimezone(BERLIN).isoformat(timespec="seconds"),
                "media_type": upload.mimetype,
            }
            for number, (upload, name, content) in enumerate(zip(files, names, contents, strict=True))
        ]
        document = Document(
            guid=guid.lower(),
            client_ref=client.ref,
            files=shown,
            digests=digests,
            document_type=metadata.get("document_type", ""),
            note=metadata.get("note", ""),
            folders=(metadata.get("category", ""), metadata.get("folder", ""), metadata.get("register", "")),
            arrived_at=now,
            source="documents",
            contents=contents,
        )
        self.simulator.store.documents[client.ref, document.guid] = document
        answer: dict[str, Any] = {"id": guid, "files": shown}
        answer |= {name: metadata[name] for name in ("document_type", "note") if metadata.get(name)}
        return json_answer(answer, 201)

    def _refuse_duplicate(self, client: Client, names: list[str], digests: list[str], kind: str) -> None:
        """DCO01253 of the new Belege online: same content under the same name and document type."""
        if not self.simulator.options.duplicate_content:
            return
        for known in self.simulator.store.documents.values():
            same_names = [shown["name"] for shown in known.files] == names
            same_place = known.client_ref == client.ref and known.document_type == kind
            if same_place and same_names and known.digests == digests:
                raise answers.dco("DCO01253")


def _one_file(request: Request) -> FileStorage:
    if request.mimetype != "multipart/form-data":
        raise answers.dco("DCO01004")
    files = request.files.getlist("file")
    if len(files) > 1:
        raise answers.dco("DCO01232")
    if not files:
        raise answers.dco("DCO01252" if "file" in request.form else "DCO01220")
    return files[0]


def checked(client: Client, upload: FileStorage, content: bytes) -> str:
    """The name under which the file is kept. Refuses what Belege online does not take."""
    given = upload.filename or ""
    if len(given) > MAX_NAME:
        raise answers.dco("DCO01222")
    extension = given.rpartition(".")[2].lower()
    if extension not in clients.allowed_extensions(client):
        raise answers.dco("DCO01215" if client.is_duo_next else "DCO01015")
    if len(content) > MAX_BYTES:
        raise answers.dco("DCO01216" if client.is_duo_next else "DCO01016")
    expected = MEDIA_TYPES.get(extension)
    if expected and upload.mimetype not in expected:
        raise answers.dco("DCO01219")
    if not content.startswith(MAGIC.get(extension, b"")):
        raise answers.dco("DCO01219")
    if extension == "pdf" and b"%PDF-" not in content[:1024]:
        raise answers.dco("DCO01245")
    if TEST_VIRUS in content:
        raise answers.dco("DCO01243")
    return stored_name(given)


def stored_name(given: str) -> str:
    """Signs outside DATEV's list become underscores (decomposed letters lose their mark that way)."""
    return FORBIDDEN_SIGN.sub("_", given)


def _metadata(request: Request, client: Client) -> dict[str, str]:
    """The metadata part, a JSON file or a plain form field; {} when there is none."""
    if "metadata" in request.files:
        text = request.files["metadata"].read().decode("utf-8", "replace")
    else:
        text = request.form.get("metadata", "")
    try:
        metadata = json.loads(text) if text else {}
    except ValueError:
        raise answers.dco("DCO01217") from None
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise answers.dco("DCO01217")
    if set(metadata) - set(LIMITS):
        raise answers.dco("DCO01217")
    for name, (limit, code) in LIMITS.items():
        if len(metadata.get(name, "")) > limit:
            raise answers.dco(code)
    kind = metadata.get("document_type", "")
    if kind and kind not in {known.name for known in client.document_types}:
        raise answers.dco("DCO01010")
    if len({bool(metadata.get(level)) for level in ("category", "folder", "register")}) > 1:
        raise answers.dco("DCO01017")
    return metadata
