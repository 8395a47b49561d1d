"""Type from content, and file names with umlauts on their way to Asana."""

from __future__ import annotations

import pytest

from connections.media_types import media_type_of
from connections.vendors.asana.attachments import multipart


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (b"\r\n\xef\xbb\xbf%PDF-1.4", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0..JFIF", "image/jpeg"),
        (b"II*\x00....", "image/tiff"),
        (b"MM\x00*....", "image/tiff"),
        (b"GIF89a....", "image/gif"),
        (b'<?xml version="1.0"?><a/>', "application/xml"),
        (b'\xef\xbb\xbf  \n<?xml version="1.0"?>', "application/xml"),
        ('\ufeff<?xml version="1.0"?>'.encode("utf-16-le"), "application/xml"),
        (b'<rsm:CrossIndustryInvoice xmlns:rsm="urn:x">', "application/xml"),
        (b"<!DOCTYPE html><html>", "application/octet-stream"),
        (b"<html lang='de'>", "application/octet-stream"),
        (b"PK\x03\x04....", "application/octet-stream"),
        (b"Rechnung", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_type_is_told_from_the_content(content: bytes, media_type: str) -> None:
    assert media_type_of(content) == media_type


def test_a_plain_name_is_sent_as_it_is() -> None:
    body, content_type = multipart("1201", "Rechnung 4711.pdf", b"%PDF-", "application/pdf")

    assert b'name="file"; filename="Rechnung 4711.pdf"\r\n' in body
    assert b'name="parent"\r\n\r\n1201\r\n' in body
    assert b"Content-Type: application/pdf\r\n\r\n%PDF-\r\n" in body
    assert content_type.startswith("multipart/form-data; boundary=")


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("Prüfung.pdf", "Pr%C3%BCfung.pdf"),
        ('a"b.pdf', "a%22b.pdf"),
        ("a\r\nX-Evil: 1.pdf", "a%0D%0AX-Evil%3A%201.pdf"),
        ("100%.pdf", "100%25.pdf"),
    ],
)
def test_any_other_name_is_percent_encoded_in_both_forms(name: str, encoded: str) -> None:
    body, _ = multipart("1201", name, b"x", "application/pdf")

    assert f"filename=\"{encoded}\"; filename*=UTF-8''{encoded}\r\n".encode() in body
