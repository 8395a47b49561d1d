"""Set-up and questions in plain Python. Changes go the way of a person's change on the screen: they move
LastModifiedDateTime and reach push notifications.

A record is named by its id (GUID, what the add_... helpers return), by "Bill|000123", or by its number alone
where that is enough. Fields are given by the short names in world.NAMES or by the contract's own names;
amounts as text or Decimal, days as "2026-02-11" or date. Without `tenant` the first tenant is meant.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mlconnector.sandbox.acumatica import files
from mlconnector.sandbox.acumatica.errors import FAULTS
from mlconnector.sandbox.acumatica.pushes import COLUMNS, Attempt, Inquiry
from mlconnector.sandbox.acumatica.state import (
    App,
    ApprovalMap,
    Done,
    Row,
    Tenant,
    User,
    new_id,
)
from mlconnector.sandbox.acumatica.workflow import DEFAULT_ACTIONS
from mlconnector.sandbox.acumatica.world import World
from mlconnector.sandbox.kit import Fault

if TYPE_CHECKING:
    from mlconnector.sandbox.acumatica.app import AcumaticaSimulator

TENANT = "MUSTER"
USER = "ml-connector"
PASSWORD = "simulated-password"
CLIENT = "88358B02-A48D-A50E-F710-39C1636C30F6"
CLIENT_SECRET = "simulated-client-secret"
REDIRECT_URIS = ("https://hub.example/oauth/callback", "http://localhost/oauth/callback")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class Helpers(World):
    """Mixed into AcumaticaSimulator."""

    # How the first tenant is signed in to.
    tenant: str = TENANT
    user: str = USER
    password: str = PASSWORD
    client_id: str = f"{CLIENT}@{TENANT}"
    client_secret: str = CLIENT_SECRET

    def found(self: "AcumaticaSimulator") -> None:
        """The beginning of the world: one tenant with two branches, two vendors, no documents."""
        self.add_tenant(TENANT, branches=("MAIN", "NORD"))

    # --- the instance -------------------------------------------------------------------------------------
    def add_tenant(
        self: "AcumaticaSimulator",
        name: str,
        *,
        time_zone: str = "Europe/Berlin",
        branches: tuple[str, ...] = ("MAIN",),
        endpoints: Iterable[str] = (),
    ) -> str:
        """A tenant with the usual user, connected application and two vendors. Its name comes back."""
        with self.lock:
            tenant = Tenant(name, ZoneInfo(time_zone), branches, list(endpoints))
            tenant.actions = {entity: dict(names) for entity, names in DEFAULT_ACTIONS.items()}
            self.tenants[name] = tenant
            self.add_user(USER, PASSWORD, tenant=name)
            self.apps.append(App(CLIENT, CLIENT_SECRET, REDIRECT_URIS, name))
            self.add_vendor_class("STANDARD", "Standard", tenant=name)
            self.add_vendor("WERKZEUG", "Muster Werkzeughandel GmbH", tenant=name)
            self.add_vendor("GERUEST", "Beispiel Gerüstbau KG", tenant=name)
            return name

    def add_user(
        self: "AcumaticaSimulator",
        name: str,
        password: str = PASSWORD,
        *,
        may_not: Iterable[str] = (),
        tenant: str = "",
    ) -> str:
        user = User(name, password, set(may_not))
        self._tenant(tenant).users[name] = user
        return name

    def set_approval_map(
        self: "AcumaticaSimulator",
        entity: str,
        *steps: str,
        reason_required: bool = False,
        tenant: str = "",
    ) -> None:
        """Documents that come off hold from now on need these users' approval, one after the other."""
        self._tenant(tenant).approval[entity] = ApprovalMap(list(steps), reason_required)

    def rename_action(
        self: "AcumaticaSimulator", entity: str, old: str, new: str, *, tenant: str = ""
    ) -> None:
        """Screens name their actions differently; "" removes it."""
        known = self._tenant(tenant).actions[entity]
        effect = known.pop(old)
        if new:
            known[new] = effect

    def close_period(self: "AcumaticaSimulator", period: str, *, tenant: str = "") -> None:
        """Bills of this period ("022026") can't be released any more."""
        self._tenant(tenant).closed_periods.add(period)

    def addresses(self: "AcumaticaSimulator", base: str) -> dict[str, str]:
        """Addresses under `base` ("https://acumatica.example")."""
        instance = f"{base.rstrip('/')}{self.instance}"
        return {
            "instance_url": instance,
            "entity_url": f"{instance}/entity",
            "authorize_url": f"{instance}/identity/connect/authorize",
            "token_url": f"{instance}/identity/connect/token",
            "revoke_url": f"{instance}/identity/connect/revocation",
        }

    # --- master data --------------------------------------------------------------------------------------
    def add_vendor_class(
        self: "AcumaticaSimulator", number: str, description: str, *, tenant: str = ""
    ) -> str:
        return self._add("VendorClass", tenant, {"number": number, "description": description}).id

    def add_vendor(
        self: "AcumaticaSimulator",
        number: str,
        name: str,
        *,
        vendor_class: str = "STANDARD",
        email: str = "",
        tenant: str = "",
        **fields: Any,
    ) -> str:
        given = {"number": number, "name": name, "vendor_class": vendor_class, "LegalName": name, **fields}
        record = self._add("Vendor", tenant, given)
        record.linked["MainContact"] = {"_id": new_id(), "Email": email or None, "CompanyName": name}
        return record.id

    def add_employee(
        self: "AcumaticaSimulator",
        name: str,
        email: str,
        *,
        number: str = "",
        department: str = "FINANCE",
        branch: str = "",
        reports_to: str = "",
        status: str = "Active",
        tenant: str = "",
    ) -> str:
        first, _, last = name.rpartition(" ")
        record = self._add("Employee", tenant, {"number": number, "name": name, "status": status})
        contact = {"_id": new_id(), "Email": email or None, "FirstName": first, "LastName": last}
        settings = {
            "_id": new_id(),
            "BranchID": branch or self._tenant(tenant).branches[0],
            "DepartmentID": department,
            "EmployeeClass": "STANDARD",
            "ReportsTo": reports_to or None,
        }
        record.linked = {"ContactInfo": contact | {"DisplayName": name}, "EmployeeSettings": settings}
        return record.id

    def deactivate_employee(self: "AcumaticaSimulator", ref: str, *, tenant: str = "") -> None:
        self._change("Employee", ref, tenant, {"status": "Inactive"})

    def change_employee(self: "AcumaticaSimulator", ref: str, *, tenant: str = "", **fields: Any) -> None:
        """Fields of the employee; `email` belongs to the contact and doesn't move the employee's stamp."""
        if "email" in fields:
            record = self.find("Employee", ref, tenant)
            record.linked["ContactInfo"]["Email"] = fields.pop("email") or None
        if fields:
            self._change("Employee", ref, tenant, fields)

    # --- documents ----------------------------------------------------------------------------------------
    def add_bill(
        self: "AcumaticaSimulator",
        *,
        amount: Any = "119.00",
        vendor: str = "WERKZEUG",
        status: str = "Balanced",
        lines: Iterable[Mapping[str, Any]] = (),
        custom: Mapping[str, Any] | None = None,
        tenant: str = "",
        **fields: Any,
    ) -> str:
        """A bill in any status. Without `lines` it has one over the whole amount without tax."""
        given = {"amount": amount, "vendor": vendor, "status": status, **fields}
        tax = Decimal(str(fields.get("tax", 0)))
        rows = list(lines) or [
            {
                "TransactionDescription": fields.get("description", "Lieferung"),
                "Qty": 1,
                "UnitCost": Decimal(str(amount)) - tax,
                "Amount": Decimal(str(amount)) - tax,
            }
        ]
        return self._add("Bill", tenant, given, rows, custom).id

    def add_purchase_order(
        self: "AcumaticaSimulator",
        *,
        amount: Any = "1190.00",
        vendor: str = "WERKZEUG",
        status: str = "Pending Approval",
        lines: Iterable[Mapping[str, Any]] = (),
        custom: Mapping[str, Any] | None = None,
        tenant: str = "",
        **fields: Any,
    ) -> str:
        """An order in any status. Without `lines` it has one over the whole amount without tax."""
        given = {"amount": amount, "vendor": vendor, "status": status, **fields}
        net = Decimal(str(amount)) - Decimal(str(fields.get("tax", 0)))
        given |= {"LineTotal": net, "ControlTotal": amount}
        rows = list(lines) or [
            {
                "LineDescription": fields.get("description", "Material"),
                "OrderQty": 1,
                "UnitCost": net,
                "ExtendedCost": net,
            }
        ]
        numbered = [{"LineNbr": number} | dict(row) for number, row in enumerate(rows, 1)]
        return self._add("PurchaseOrder", tenant, given, numbered, custom).id

    def change_bill(self: "AcumaticaSimulator", ref: str, *, tenant: str = "", **fields: Any) -> None:
        """A person changes fields, the status included. An amount is the balance too unless given."""
        self._change("Bill", ref, tenant, fields)

    def change_purchase_order(
        self: "AcumaticaSimulator", ref: str, *, tenant: str = "", **fields: Any
    ) -> None:
        self._change("PurchaseOrder", ref, tenant, fields)

    def delete_bill(self: "AcumaticaSimulator", ref: str, *, tenant: str = "") -> None:
        self._delete("Bill", ref, tenant)

    def delete_purchase_order(self: "AcumaticaSimulator", ref: str, *, tenant: str = "") -> None:
        self._delete("PurchaseOrder", ref, tenant)

    def press(
        self: "AcumaticaSimulator",
        entity: str,
        ref: str,
        action: str,
        *,
        user: str = "",
        tenant: str = "",
    ) -> None:
        """A person presses the button of `action` on the screen. Raises workflow.Refused."""
        with self.lock:
            record = self.find(entity, ref, tenant)
            effect = self.tenants[record.tenant].actions[entity][action]
            self.workflow.run(record, action, effect, user or USER)

    def add_file(
        self: "AcumaticaSimulator",
        entity: str,
        ref: str,
        filename: str = "Rechnung.pdf",
        content: bytes = PDF,
        *,
        tenant: str = "",
    ) -> str:
        """Attach a file; its id comes back. LastModifiedDateTime stays as it is."""
        with self.lock:
            return files.attach(self.find(entity, ref, tenant), filename, content).id

    def transaction(self: "AcumaticaSimulator") -> AbstractContextManager[None]:
        """What is changed inside is one transaction for push notifications (a bulk operation)."""
        return self.pushes.transaction()

    # --- what became of it --------------------------------------------------------------------------------
    def bill(self: "AcumaticaSimulator", ref: str, *, tenant: str = "") -> Row:
        """All fields with their values (Decimal, date, ...), `id`, `lines`, `files`; what is due is done."""
        return self._shown("Bill", ref, tenant)

    def purchase_order(self: "AcumaticaSimulator", ref: str, *, tenant: str = "") -> Row:
        return self._shown("PurchaseOrder", ref, tenant)

    def releases(self: "AcumaticaSimulator", ref: str = "", *, effect: str = "release") -> list[Done]:
        """The release log: what took effect ("release", "approve", "reject", ...), oldest first."""
        with self.lock:
            self.work()
            return [
                done
                for done in self.done
                if done.effect == effect and not done.refusal and ref in ("", done.id, done.ref)
            ]

    @property
    def sessions_opened(self: "AcumaticaSimulator") -> int:
        return len(self.sessions.all)

    @property
    def sessions_closed(self: "AcumaticaSimulator") -> int:
        """Signed out by the client; what merely expired doesn't count."""
        return sum(session.end == "signed out" for session in self.sessions.all)

    @property
    def sessions_open(self: "AcumaticaSimulator") -> int:
        return len(self.sessions.open)

    @property
    def sessions_most_at_once(self: "AcumaticaSimulator") -> int:
        return self.sessions.most_at_once

    # --- tokens and sessions ------------------------------------------------------------------------------
    def sign_in(
        self: "AcumaticaSimulator", scope: str = "api offline_access", *, tenant: str = "", user: str = USER
    ) -> Row:
        """A token answer without the browser."""
        with self.lock:
            name = self._tenant(tenant).name
            app = next(app for app in self.apps if app.tenant == name)
            return self.oauth.pair(self.oauth.new_grant(app, user, scope.split()))

    def expire_tokens(self: "AcumaticaSimulator") -> None:
        """Every access token ends now; refresh tokens live on."""
        with self.lock:
            self.oauth.access.clear()

    def revoke_grants(self: "AcumaticaSimulator") -> None:
        """Every chain of tokens ends: a person has to sign in again."""
        with self.lock:
            for grant in self.oauth.grants:
                grant.is_revoked = True

    def end_sessions(self: "AcumaticaSimulator") -> None:
        """The site restarts: every session is gone."""
        with self.lock:
            for session in self.sessions.open:
                self.sessions.close(session, "expired")

    # --- push notifications -------------------------------------------------------------------------------
    def add_push(
        self: "AcumaticaSimulator",
        url: str,
        *,
        entity: str = "Bill",
        query: str = "AsanaBills",
        header: str = "X-Acumatica-Secret",
        secret: str = "simulated-push-secret",
        columns: Mapping[str, str] | None = None,
        statuses: tuple[str, ...] = (),
        tenant: str = "",
    ) -> None:
        """What a person sets up on SM302000. `columns`: caption -> field ("id" is NoteID)."""
        name = self._tenant(tenant).name
        chosen = dict(columns or COLUMNS[entity])
        with self.lock:
            self.pushes.inquiries.append(
                Inquiry(query, name, entity, url, (header, secret), chosen, statuses)
            )

    def deliver(self: "AcumaticaSimulator") -> list[Attempt]:
        """Post what is due."""
        return self.pushes.send_due()

    def pass_time(self: "AcumaticaSimulator", by: timedelta) -> list[Attempt]:
        """Move the clock, posting at each moment on the way."""
        return self.pushes.pass_time(by)

    # --- faults -------------------------------------------------------------------------------------------
    def fail(self: "AcumaticaSimulator", route: str, kind: str, **more: Any) -> Fault:
        """Let a request fail like the vendor's do: `kind` is a key of errors.FAULTS."""
        return self.faults.add(route, **{**FAULTS[kind], **more})
