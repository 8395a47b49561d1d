"""Validation against DATEV's own schema files: DATEV demands it before sending; they are not shipped."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from lxml import etree

from bookings.dxso import archive, ledger
from bookings.validation import labels
from connections.errors import ConfigurationError
from connections.messages import DataFault, say

SCHEMA_FILES = {
    archive.NAMESPACE: "Document_v060.xsd",
    ledger.NAMESPACE: "Belegverwaltung_online_ledger_import_v060.xsd",
}


def validate(content: bytes, schema_dir: str) -> list[DataFault]:
    """What the schema finds in our XML. Raises ConfigurationError when the folder lacks the schema files."""
    document = etree.fromstring(content, _parser())
    schema = _schema(SCHEMA_FILES[etree.QName(document).namespace], schema_dir)
    if schema.validate(document):
        return []
    return [
        DataFault(
            labels.FILES,
            "",
            say("DATEV's schema refuses line %(line)s: %(text)s", line=error.line, text=error.message),
            say("This is a fault of ml-connector: please report it. Nothing was sent."),
        )
        for error in schema.error_log
    ]


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True)


@lru_cache(maxsize=8)
def _schema(name: str, schema_dir: str) -> etree.XMLSchema:
    path = Path(schema_dir) / name
    try:
        return etree.XMLSchema(etree.parse(str(path), _parser()))
    except (OSError, etree.Error) as error:
        raise ConfigurationError(
            say(
                "The schema file %(path)s can't be read. Put DATEV's XML schema files v6.0 into the folder "
                "that DATEV_XSD_DIR names, or leave that setting empty.",
                path=path,
            )
        ) from error
