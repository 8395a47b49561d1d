"""Answers in DATEV's shapes: problem details, DCO errors, gateway errors, and the odd forms that occur."""

import gzip
import json
import re
import uuid
from typing import Any

from werkzeug.wrappers import Request, Response

from mlconnector.sandbox.kit import AnswerNow, json_answer

UTF8_JSON = "application/json;charset=utf-8"
HELP = "http://www.datev.de/hilfe/"
# Source: DATEV accounting:clients 2.0 and accounting:extf-files 3.0.1, error tables (read 2026-11).
TITLES = {
    "1008828": "Invalid query parameters",
    "1008829": "Missing required scope",
    "1008831": "Invalid message-body",
    "1008832": "Invalid header fields",
    "1008833": "Invalid file",
    "1008834": "Invalid EXTF-header",
    "1008835": "Invalid request URI path",
    "1008836": "Virus found",
    "1008837": "Try again",
    "1008838": "Missing permission",
}
# Source: DATEV accounting:documents 2.1.12 and accounting:dxso-jobs 2.1.7, error tables (read 2026-11).
FAULTS = {
    "DCO01001": "InvalidResourceModificationFault",
    "DCO01002": "InvalidDxsoImportTargetFault",
    "DCO01003": "InvalidDxsoJobIdFault",
    "DCO01004": "MultipartUploadFault",
    "DCO01005": "ScopeFault",
    "DCO01007": "InvalidDxsoJobStateFault",
    "DCO01008": "InvalidMessageBodyFault",
    "DCO01009": "InvalidAccountingBasicDataFault",
    "DCO01010": "InvalidDocumentTypeFault",
    "DCO01012": "KeyConflictFault",
    "DCO01013": "AuthentificationTypeFault",
    "DCO01015": "UnsupportedFileTypeFault",
    "DCO01016": "FileSizeFault",
    "DCO01017": "MissingMandatoryParameterFault",
    "DCO01019": "NoValidBelegeBestandFault",
    "DCO01020": "ServiceNotAvailableFault",
    "DCO01127": "FileCountFault",
    "DCO01215": "UnsupportedFileTypeDuoNextFault",
    "DCO01216": "FileSizeDuoNextFault",
    "DCO01217": "MetadataParsingFault",
    "DCO01219": "ContentTypeDoesNotMatchFileExtensionFault",
    "DCO01220": "FilesParameterIsMissingFault",
    "DCO01222": "FileNameTooLongFault",
    "DCO01223": "PropertyNoteTooLongFault",
    "DCO01224": "PropertyCategoryNameTooLongFault",
    "DCO01225": "PropertyFolderNameTooLongFault",
    "DCO01226": "PropertyRegisterNameTooLongFault",
    "DCO01227": "PropertyDocumentTypeTooLongFault",
    "DCO01232": "MultipleFilesUploadIsNotSupportedFault",
    "DCO01234": "WrongUuidFormatFault",
    "DCO01243": "VirusInFileFoundFault",
    "DCO01245": "PdfNotParseableFault",
    "DCO01252": "FilenameIsRequiredFault",
    "DCO01253": "DuplicateFileFault",
    "DCO01300": "IsNeuePersonalakteFault",
    "DCO01301": "RDS1UploadNotSupportedFault",
}
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def problem(
    status: int,
    code: str = "",
    detail: str = "",
    elements: list[tuple[str, str]] | None = None,
    title: str = "",
) -> AnswerNow:
    """Problem details (RFC 9457) as accounting:clients and accounting:extf-files send them."""
    body: dict[str, Any] = {"type": HELP + code} if code else {}
    body["title"] = title or TITLES.get(code) or PLAIN_TITLES[status]
    if detail:
        body["detail"] = detail
    if elements:
        body["affected_elements"] = [{"name": name, "reason": reason} for name, reason in elements]
    body |= {"request_id": str(uuid.uuid4()), "status": status}
    return AnswerNow(json_answer(body, status, content_type=UTF8_JSON))


PLAIN_TITLES = {
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    415: "Unsupported Media Type",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def dco(code: str, status: int = 400) -> AnswerNow:
    """An error of accounting:documents or accounting:dxso-jobs."""
    body = {
        "error": f"#{code}",
        "error_description": f"restapi.{FAULTS[code]}",
        "error_uri": f"https://apps.datev.de/knowledge/help/search?q={code}",
        "request_id": str(uuid.uuid4()),
    }
    return AnswerNow(json_answer(body, status))


def only_request_id(status: int) -> AnswerNow:
    """What documents and dxso-jobs say to "no rights" and "not there"."""
    return AnswerNow(json_answer({"request_id": str(uuid.uuid4())}, status))


def gateway(status: int, message: str, text: str) -> AnswerNow:
    """An error of the gateway before any API: old and new fields together."""
    body = {
        "httpCode": str(status),
        "httpMessage": message,
        "moreInformation": text,
        "status": str(status),
        "title": message,
        "detail": text,
    }
    return AnswerNow(json_answer(body, status))


def empty(status: int, **headers: str) -> AnswerNow:
    response = Response(b"", status=status)
    response.headers.pop("Content-Type", None)
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return AnswerNow(response)


def with_quirks(request: Request, response: Response) -> Response:
    """The same answer in the odd forms of DATEV's examples and live answers."""
    if not (response.mimetype or "").endswith("json"):
        return response
    value = json.loads(response.get_data())
    value = _odd(value)
    if response.status_code >= 400 and isinstance(value, dict) and "httpCode" not in value:
        if "title" in value:
            response.content_type = "application/problem+json"
        else:
            value = [value]
    body = json.dumps(value, ensure_ascii=False).encode()
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body = gzip.compress(body)
        response.headers["Content-Encoding"] = "gzip"
    response.set_data(body)
    response.headers.pop("Total-Items", None)
    if response.content_type == "application/json":
        response.content_type = UTF8_JSON
    # Without a length the real server sends the answer in chunks.
    response.automatically_set_content_length = False
    response.headers.pop("Content-Length", None)
    return response


def _odd(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _odd_date(item)
            if key.startswith("fiscal_year_") and key != "fiscal_year_begin"
            else _odd(item)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [_odd(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and GUID.fullmatch(value):
        return value.replace("-", "").upper()
    return value


def _odd_date(value: str) -> str:
    return f"{value}T00:00:00.000+0000"
