"""An installation between simulated Asana and DATEV: what is measured, without a person."""

from __future__ import annotations

import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bookings.models import Account, CostCenter, DatevClient, FiscalYearRow, Partner, TaxKey
from connections import clock, limits
from connections.models import Connection, Health, TokenSet
from connections.vendors.datev.settings import DEFAULT_SCOPES
from pairs import work
from pairs.models import Cursor, FieldMapping, Integration, Record, RecordState

FIELDS = {
    "amount": ("Bruttobetrag", "number", 2),
    "contra_account": ("Aufwandskonto", "number", 0),
    "account": ("Kreditor", "text", None),
    "document_field_1": ("Belegnummer", "text", None),
    "document_date": ("Belegdatum", "date", None),
    "cost_center_1": ("Kostenstelle", "text", None),
    "result": ("DATEV-Status", "text", None),
    "text": ("DATEV-Hinweis", "text", None),
    "job_ref": ("DATEV-Job", "text", None),
}
KINDS = {"amount": "amount", "contra_account": "account", "document_date": "date"}
WRITTEN_BACK = ("result", "text", "job_ref")
STEP = timedelta(seconds=61)


class World:
    """One integration, ready to book. `asana_url` and `datev_url` say where the simulators answer."""

    def __init__(self, asana: Any, datev: Any, asana_url: str, datev_url: str, **settings: Any) -> None:
        self.asana, self.datev = asana, datev
        self.numbers = 0
        self.project = asana.add_project("Eingangsrechnungen")
        self.fields = {
            key: asana.add_custom_field(self.project, name, kind, precision=precision)
            if precision is not None
            else asana.add_custom_field(self.project, name, kind)
            for key, (name, kind, precision) in FIELDS.items()
        }
        self.source = asana_connection(asana, asana_url)
        self.target = datev_connection(datev, datev_url)
        self.integration = Integration.objects.create(
            name="Eingangsrechnungen",
            pair="asana_datev",
            source=self.source,
            target=self.target,
            is_on=True,
            settings={
                "project": self.project,
                "datev_client": datev_client(self.target).ref,
                "begin_on": "2025-01-01",
                "attachments": "required",
            }
            | settings,
        )
        self._map()

    def _map(self) -> None:
        rows = [
            {"target_field": key, "kind": KINDS.get(key, "direct"), "source_field": gid}
            for key, gid in self.fields.items()
            if key not in WRITTEN_BACK
        ]
        rows += [
            {"target_field": "side", "kind": "constant", "constant": "H"},
            {"target_field": "bu_key", "kind": "constant", "constant": "9"},
            {"target_field": "posting_text", "source_field": "builtin:name"},
        ]
        rows += [
            {"target_field": key, "source_field": self.fields[key], "way": FieldMapping.Way.BACK}
            for key in WRITTEN_BACK
        ]
        for row in rows:
            FieldMapping.objects.create(integration=self.integration, flow="tasks", **row)

    def add(self, count: int, *, approved: bool = True) -> list[str]:
        """The gids of new tasks with one attachment each."""
        gids = []
        for _ in range(count):
            self.numbers += 1
            values = {
                "amount": Decimal("119.00"),
                "contra_account": Decimal("4930"),
                "account": "70001",
                "document_field_1": f"RE-{self.numbers:06}",
                "document_date": date(2026, 3, 1 + self.numbers % 28),
                "cost_center_1": "100",
            }
            gid = self.asana.add_task(
                self.project,
                f"Müller & Söhne, Büromaterial {self.numbers}",
                fields={self.fields[key]: value for key, value in values.items()},
            )
            self.asana.add_attachment(gid, f"RE-{self.numbers:06}.pdf")
            if approved:
                self.asana.approve(gid)
            gids.append(gid)
        return gids

    def settle(self, *, poll: bool = True) -> None:
        """Let the product run until every record is done; waiting times pass on the clocks.

        Raises RuntimeError when it comes to rest anywhere else.
        """
        if poll:
            Cursor.objects.update(due_at=clock.now())
        for _ in range(30):
            while work.everything() or self.heard():
                pass
            if not self._records(RecordState.SENT, RecordState.WAITING):
                break
            self.pass_time(STEP)
        for other in self._records(*(state for state in RecordState if state != RecordState.DONE)):
            raise RuntimeError(f"A record came to rest as {other.state}: {other.reason}")

    def _records(self, *states: RecordState) -> list[Record]:
        """One record in any of these states, if there is one. By an index: this look is measured too."""
        return list(self.integration.records.filter(state__in=states).order_by()[:1])

    def heard(self) -> int:
        """Let the simulated Asana send what it has to tell its webhooks. How many deliveries."""
        return len(self.asana.deliver())

    def set(self, **settings: Any) -> None:
        """Change the integration's settings."""
        self.integration.settings |= settings
        self.integration.save()

    def pass_time(self, by: timedelta) -> None:
        clock.advance(by)
        self.asana.clock.advance(by)
        self.datev.clock.advance(by)


class _Impatient:
    """The module `time` for the limiter: what it would sleep passes on the clock instead."""

    sleep = staticmethod(lambda seconds: clock.advance(timedelta(seconds=seconds)))
    monotonic = staticmethod(time.monotonic)


def dont_wait() -> None:
    """From now on nobody in this process sleeps for a vendor's limit: only the work is measured."""
    limits.time = _Impatient  # type: ignore[assignment]


def asana_connection(asana: Any, url: str) -> Connection:
    return Connection.objects.create(
        name="Asana",
        vendor="asana",
        settings={
            "sign_in": "pat",
            "base_url": f"{url}/api/1.0",
            "oauth_url": f"{url}/-",
            "calls_per_minute": "1500",
            "workspace": asana.workspace,
        },
        secrets={"pat": asana.pat},
        health=Health.OK,
    )


def datev_connection(datev: Any, url: str) -> Connection:
    app = datev.apps[0]
    connection = Connection.objects.create(
        name="DATEV",
        vendor="datev",
        settings={
            "environment": "production",
            "client_id": app.client_id,
            "token_mode": "short",
            **datev.addresses(url),
        },
        secrets={"client_secret": app.client_secret},
        health=Health.OK,
    )
    answer = datev.sign_in(DEFAULT_SCOPES)
    ends_at = clock.now() + timedelta(seconds=answer["refresh_token_expires_in"])
    signed_in(connection, answer, consent_ends_at=ends_at)
    return connection


def signed_in(connection: Connection, answer: Any, **more: Any) -> None:
    """Store the tokens of a sign-in; `answer` is the token address's."""
    now = clock.now()
    TokenSet.objects.create(
        connection=connection,
        tokens={key: answer[key] for key in ("access_token", "refresh_token", "scope")},
        generation=1,
        issued_at=now,
        signed_in_at=now,
        access_expires_at=now + timedelta(seconds=answer["expires_in"]),
        **more,
    )


def datev_client(connection: Connection) -> DatevClient:
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
    Account.objects.create(client=client, number="4930", name="Bürobedarf")
    Partner.objects.create(client=client, number="70001", name="Müller & Söhne")
    CostCenter.objects.create(client=client, number="100", name="Büro")
    TaxKey.objects.create(
        client=client,
        bu_key="9",
        meaning="Vorsteuer 19 %",
        rate=Decimal("0.19"),
        direction="purchase",
        reversal_key="29",
        is_confirmed=True,
    )
    return client
