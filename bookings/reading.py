"""What DATEV itself says of a client: services, document types, file types, fiscal years; read once a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from bookings.models import DatevClient, FiscalYearRow
from connections import audit
from connections.messages import Message, say

# Source: DATEV demands a healthy ratio of reads to uploads (interface requirements, read 2026-11).
KEPT_FOR = timedelta(days=1)
DOCUMENT_SCOPE = "accounting:documents"


def read_client(client: DatevClient, datev: Any, now: datetime, *, force: bool = False) -> list[Message]:
    """Bring what DATEV says into `client`, at most once a day unless forced; what differs from our settings.

    Fiscal years that we do not know are added. Nothing that a person has set is changed: a differing account
    length or fiscal year is reported, because bookings would be refused or go astray.
    """
    if not force and client.read_at is not None and timedelta(0) <= now - client.read_at < KEPT_FOR:
        return [Message.from_json(remark) for remark in client.remarks]
    services = datev.client(client.ref).services
    # Without the document service its calls are refused: nothing to ask.
    takes_documents = any(DOCUMENT_SCOPE in scopes for _, scopes in services)
    said: dict[str, Any] = {"has_documents": False, "years": ()}
    if takes_documents:
        said = _documents(client, datev)
    years: Sequence[Any] = said.pop("years")
    known = list(client.fiscal_years.all())
    remarks = [*_lengths(client, years), *_changed_years(known, years)]
    with transaction.atomic():
        DatevClient.objects.filter(pk=client.pk).update(
            services=[{"name": name, "scopes": list(scopes)} for name, scopes in services],
            remarks=[remark.to_json() for remark in remarks],
            read_at=now,
            **said,
        )
        added = _added_years(client, known, years)
        audit.record(
            "client.read",
            f"datev_client:{client.pk}",
            say("Read from DATEV: services, document types, file types, fiscal years."),
            added_fiscal_years=[str(year) for year in added],
            remarks=[str(remark.pattern) for remark in remarks],
        )
    client.refresh_from_db()
    return remarks


def _documents(client: DatevClient, datev: Any) -> dict[str, Any]:
    basics = datev.basics(client.ref)
    types = datev.document_types(client.ref)
    version = datev.duo_version(client.ref)
    return {
        "has_documents": basics.is_document_management_available,
        "document_types": [{"name": known.name, "category": known.category} for known in types],
        "file_extensions": sorted(version.allowed_file_extensions),
        "years": basics.fiscal_years,
    }


def _lengths(client: DatevClient, years: Iterable[Any]) -> list[Message]:
    """The account length of the newest fiscal year against ours."""
    newest = max(years, key=lambda year: year.start, default=None)
    if newest is None or newest.account_length in (None, client.account_length):
        return []
    return [
        say(
            "DATEV keeps accounts with %(theirs)s digits for %(client)s, %(ours)s are set here. Nothing was "
            "changed: correct the account length and the tables of accounts, or DATEV refuses the files.",
            theirs=newest.account_length,
            ours=client.account_length,
            client=client,
        )
    ]


def _changed_years(known: Iterable[FiscalYearRow], years: Iterable[Any]) -> list[Message]:
    ends: Mapping[date, date] = {row.start: row.end for row in known}
    return [
        say(
            "Fiscal year from %(start)s: ends on %(theirs)s in DATEV, on %(ours)s here. Nothing is changed.",
            start=f"{year.start:%d.%m.%Y}",
            theirs=f"{year.end:%d.%m.%Y}",
            ours=f"{ends[year.start]:%d.%m.%Y}",
        )
        for year in years
        if year.start in ends and ends[year.start] != year.end
    ]


def _added_years(
    client: DatevClient, known: Sequence[FiscalYearRow], years: Iterable[Any]
) -> list[FiscalYearRow]:
    """Fiscal years that overlap none of ours; another worker may be adding the same."""
    added = []
    for year in years:
        if any(row.start <= year.end and year.start <= row.end for row in known):
            continue
        row, is_new = FiscalYearRow.objects.get_or_create(
            client=client, start=year.start, defaults={"end": year.end}
        )
        if is_new:
            added.append(row)
    return added
