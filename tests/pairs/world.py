"""Simulated Asana and DATEV, and one integration between them, ready to approve a task."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bookings.models import Account, CostCenter, DatevClient, FiscalYearRow, Partner, TaxKey
from connections import clock
from connections.models import Connection, Health
from pairs.models import FieldMapping, Integration, Record, ValueTable, ValueTableRow
from tests.factories import datev_connection
from tests.pairs.passing import STEP, poll_soon, work_for

SCOPES = (
    "openid profile datev:accounting:clients datev:accounting:extf-files-import "
    "accounting:documents accounting:dxso-jobs accounting:clients:read"
)


class World:
    """`approved(...)` adds a task, `work()` lets the product run to rest on a moving clock."""

    def __init__(self, asana: Any, datev: Any, **settings: Any) -> None:
        self.asana, self.datev = asana, datev
        self.project = asana.add_project("Eingangsrechnungen")
        field = lambda name, kind="text", **more: asana.add_custom_field(self.project, name, kind, **more)  # noqa: E731
        self.fields = {
            "amount": field("Bruttobetrag", "number", precision=2),
            "account": field("Aufwandskonto", "number", precision=0),
            "creditor": field("Kreditor"),
            "bu_key": field("Steuerschlüssel", "enum", options=("19 % Vorsteuer", "7 % Vorsteuer", "ohne")),
            "document_number": field("Belegnummer"),
            "document_date": field("Belegdatum", "date"),
            "cost_center": field("Kostenstelle", "enum", options=("Büro", "Baustelle Süd")),
            "kind": field("Belegart", "enum", options=("Rechnung", "Gutschrift")),
            "result": field("DATEV-Status", "enum", options=("Gebucht", "Abgelehnt", "Prüfen", "Unklar")),
            "details": field("DATEV-Hinweis"),
            "job": field("DATEV-Job"),
        }
        self.source = Connection.objects.create(
            name="Asana Muster",
            vendor="asana",
            settings={
                "sign_in": "pat",
                "base_url": "https://asana.example/api/1.0",
                "oauth_url": "https://asana.example/-",
                "workspace": asana.workspace,
            },
            secrets={"pat": asana.pat},
            health=Health.OK,
        )
        self.target = datev_connection(datev, "DATEV Muster")
        self.client = datev_client(self.target)
        self.integration = Integration.objects.create(
            name="Eingangsrechnungen",
            pair="asana_datev",
            source=self.source,
            target=self.target,
            is_on=True,
            settings={
                "project": self.project,
                "datev_client": self.client.ref,
                "begin_on": "2025-01-01",
                "attachments": "required",
            }
            | settings,
        )
        self._map()

    def _map(self) -> None:
        asana, fields = self.asana, self.fields
        tables = {
            "Steuerschlüssel": {"19 % Vorsteuer": "9", "7 % Vorsteuer": "8", "ohne": ""},
            "Kostenstellen": {"Büro": "100", "Baustelle Süd": "200"},
            "Ergebnis": {
                "posted": asana.option(fields["result"], "Gebucht"),
                "failed": asana.option(fields["result"], "Abgelehnt"),
                "refused": asana.option(fields["result"], "Prüfen"),
                "unknown": asana.option(fields["result"], "Unklar"),
            },
            "Belegart": {"Rechnung": "nein", "Gutschrift": "ja"},
        }
        stored = {}
        for name, rows in tables.items():
            stored[name] = ValueTable.objects.create(name=name)
            for source, target in rows.items():
                ValueTableRow.objects.create(table=stored[name], source_value=source, target_value=target)
        into = (
            ("amount", "amount", fields["amount"], ""),
            ("side", "constant", "", "H"),
            ("account", "direct", fields["creditor"], ""),
            ("contra_account", "account", fields["account"], ""),
            ("bu_key", "table", fields["bu_key"], "Steuerschlüssel"),
            ("document_date", "date", fields["document_date"], ""),
            ("document_field_1", "direct", fields["document_number"], ""),
            ("posting_text", "direct", "builtin:name", ""),
            ("cost_center_1", "table", fields["cost_center"], "Kostenstellen"),
            ("is_credit_note", "table", fields["kind"], "Belegart"),
        )
        for target, kind, source, extra in into:
            FieldMapping.objects.create(
                integration=self.integration,
                flow="tasks",
                target_field=target,
                kind=kind,
                source_field=source,
                constant=extra if kind == "constant" else "",
                table=stored.get(extra),
            )
        FieldMapping.objects.filter(target_field="side").update(constant="H")
        for target, field, table in (
            ("result", "result", "Ergebnis"),
            ("text", "details", ""),
            ("job_ref", "job", ""),
        ):
            FieldMapping.objects.create(
                integration=self.integration,
                flow="tasks",
                way=FieldMapping.Way.BACK,
                target_field=target,
                source_field=fields[field],
                table=stored.get(table),
            )

    def task(self, name: str = "Müller & Söhne, Büromaterial", *, attach: bool = True, **fields: Any) -> str:
        """The gid of a new pending task; `fields` by the names of `self.fields`, None leaves one empty."""
        number = fields.pop("document_number", f"RE-{self.asana.known.next_gid()[-6:]}")
        values: dict[str, Any] = {
            "amount": Decimal("119.00"),
            "account": Decimal("4930"),
            "creditor": "70001",
            "bu_key": "19 % Vorsteuer",
            "document_number": number,
            "document_date": date(2026, 3, 14),
            "cost_center": "Büro",
            "kind": "Rechnung",
        } | fields
        gid = self.asana.add_task(
            self.project,
            name,
            fields={self.fields[key]: value for key, value in values.items() if value is not None},
        )
        if attach:
            self.asana.add_attachment(gid, f"{number}.pdf")
        return gid

    def approved(self, name: str = "Müller & Söhne, Büromaterial", **fields: Any) -> str:
        gid = self.task(name, **fields)
        self.asana.approve(gid)
        return gid

    def work(self, *, poll: bool = True, minutes: float = 30, step: timedelta = STEP) -> None:
        """Let the product run to rest; waiting times pass on the clocks of product and vendors."""
        if poll:
            poll_soon()
        work_for(timedelta(minutes=minutes), self.pass_time, step=step)

    def pass_time(self, by: timedelta) -> None:
        clock.advance(by)
        self.asana.clock.advance(by)
        self.datev.clock.advance(by)

    def record(self, gid: str) -> Record:
        return Record.objects.get(integration=self.integration, source_ref=gid)

    def result(self, gid: str) -> tuple[Any, Any]:
        """(DATEV-Status, DATEV-Hinweis) of the task in Asana."""
        return self.asana.value(gid, self.fields["result"]), self.asana.value(gid, self.fields["details"])


def datev_client(connection: Connection) -> DatevClient:
    """The simulator's first client with the tables that a finance admin has filled."""
    client = DatevClient.objects.create(
        name="Muster Werkzeugbau GmbH",
        connection=connection,
        consultant_number=455148,
        client_number=1,
        chart="03",
        account_length=4,
    )
    for year in (2025, 2026):
        FiscalYearRow.objects.create(client=client, start=date(year, 1, 1), end=date(year, 12, 31))
    for number, name, is_automatic, is_collective in (
        ("4930", "Bürobedarf", False, False),
        ("4530", "Laufende Kfz-Betriebskosten", False, False),
        ("3400", "Wareneingang 19 % Vorsteuer", True, False),
        ("1600", "Verbindlichkeiten aus L+L", False, True),
    ):
        Account.objects.create(
            client=client, number=number, name=name, is_automatic=is_automatic, is_collective=is_collective
        )
    for number, name, vat_id in (
        ("70001", "Müller & Söhne", ""),
        ("70002", "Beispiel Handels GmbH", "ATU52409200"),
    ):
        Partner.objects.create(client=client, number=number, name=name, vat_id=vat_id)
    for number, name in (("100", "Büro"), ("200", "Baustelle Süd")):
        CostCenter.objects.create(client=client, number=number, name=name)
    for key, meaning, rate, reversal in (
        ("9", "Vorsteuer 19 %", "0.19", "29"),
        ("8", "Vorsteuer 7 %", "0.07", "28"),
    ):
        TaxKey.objects.create(
            client=client,
            bu_key=key,
            meaning=meaning,
            rate=Decimal(rate),
            direction="purchase",
            reversal_key=reversal,
            is_confirmed=True,
        )
    return client
