"""The environment around the data: its beginning, customising, sign-in and rights, copies."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.dynamics import tables, webhooks
from mlconnector.sandbox.dynamics.errors import FAULTS
from mlconnector.sandbox.dynamics.login import certificate_of, issued
from mlconnector.sandbox.dynamics.state import App
from mlconnector.sandbox.dynamics.tables import Choice, Column, Lookup

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator
    from mlconnector.sandbox.dynamics.deliveries import Attempt

CLIENT_ID = "3c1f0a52-8d7e-4b6a-9f21-5e4d3c2b1a09"
CLIENT_SECRET = "muster~8Q.secret-value"
VERBS = ("Read", "Create", "Write", "Delete", "Append", "AppendTo")
# Symbol and name by ISO code.
CURRENCIES = {
    "EUR": ("€", "Euro"),
    "USD": ("$", "US-Dollar"),
    "CHF": ("CHF", "Schweizer Franken"),
    "JPY": ("¥", "Yen"),
}


class Environment:
    """Settings by hand. Mixed into DynamicsSimulator."""

    # --- the beginning ------------------------------------------------------------------------------------
    def found(self: "DynamicsSimulator") -> None:
        """Users, the base currency, the organisation, an app with a secret, all rights, the messages."""
        known, create = self.known, self.records.create
        known.apps[CLIENT_ID] = App(CLIENT_ID, {CLIENT_SECRET: None})
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        known.admin_user = known.next_id()
        currency = known.next_id()
        create("organization", self._organization(currency), known.admin_user, known.organization_id)
        self.business_unit = create("businessunit", {"name": "Muster GmbH"}, known.admin_user).id
        users = {"SYSTEM": known.admin_user, "Erika Muster": "", "# ml-connector": ""}
        for name, row_id in users.items():
            values = {"fullname": name, "businessunitid": Lookup("businessunit", self.business_unit)}
            users[name] = create("systemuser", values, known.admin_user, row_id).id
        known.sales_user, known.app_user = users["Erika Muster"], users["# ml-connector"]
        known.get("systemuser", known.app_user).values["applicationid"] = CLIENT_ID  # type: ignore[union-attr]
        symbol, name = CURRENCIES.get(self.base_currency, (self.base_currency, self.base_currency))
        values = {
            "isocurrencycode": self.base_currency,
            "currencyname": name,
            "currencysymbol": symbol,
            "currencyprecision": 2,
            "exchangerate": Decimal(1),
        }
        create("transactioncurrency", values, known.admin_user, currency)
        known.privileges = {
            f"prv{verb}{one.privilege}": "Global" for one in known.tables.values() for verb in VERBS
        }
        known.privileges |= {"prvReadEntity": "Global", "prvReadAttribute": "Global"}
        webhooks.seed(self, known.admin_user)

    def _organization(self: "DynamicsSimulator", currency: str) -> dict[str, Any]:
        return {
            "name": "Muster GmbH",
            "basecurrencyid": Lookup("transactioncurrency", currency),
            "maxuploadfilesize": 5_242_880,
            "expirechangetrackingindays": 7,
            "pricingdecimalprecision": 2,
            "currencydecimalprecision": 2,
            "languagecode": self.options.language,
            "oobpricecalculationenabled": True,
            "blockedattachments": "exe;bat;cmd;js;vbs",
        }

    @property
    def organization_name(self: "DynamicsSimulator") -> str:
        return f"org{self.known.organization_id[:8]}"

    # --- customising --------------------------------------------------------------------------------------
    def add_column(
        self: "DynamicsSimulator",
        table: str,
        name: str,
        kind: str = "string",
        *,
        behavior: str = "",
        length: int = 100,
    ) -> None:
        """A custom column, null in every row; `behavior` is that of a datetime (tables.DATE_ONLY ...)."""
        with self.lock:
            found = self.known.tables[table]
            if kind == "money":
                columns = tables.money(name, is_custom=True)
            elif kind == "datetime":
                day = "DateAndTime" if behavior == tables.USER_LOCAL else "DateOnly"
                columns = [
                    Column(name, kind, behavior=behavior or tables.DATE_ONLY, format=day, is_custom=True)
                ]
            else:
                columns = [Column(name, kind, length if kind in ("string", "memo") else 0, is_custom=True)]
            for column in columns:
                found.columns[column.name] = column
                for row in self.known.all(table):
                    row.values.setdefault(column.name)

    def add_choice_column(
        self: "DynamicsSimulator", table: str, name: str, choices: Mapping[int, str]
    ) -> None:
        """A custom choice column: label by value."""
        self.add_column(table, name, "choice")
        options = tuple(Choice(value, label, label) for value, label in choices.items())
        columns = self.known.tables[table].columns
        columns[name] = replace(columns[name], choices=options)

    def add_status(self: "DynamicsSimulator", table: str, value: int, label: str, state: int = 0) -> None:
        """A status value of the customer's own (100000000 and above)."""
        with self.lock:
            columns = self.known.tables[table].columns
            more = (*columns["statuscode"].choices, Choice(value, label, label, state))
            columns["statuscode"] = replace(columns["statuscode"], choices=more)

    def add_alternate_key(self: "DynamicsSimulator", table: str, column: str) -> None:
        with self.lock:
            self.known.tables[table].alternate_keys += (column,)

    def set_language(self: "DynamicsSimulator", language: int) -> None:
        """1031 German, 1033 English: labels and formatted values of the application user."""
        self.options.language = language

    def set_organization(self: "DynamicsSimulator", **columns: Any) -> None:
        """Settings of the organisation: oobpricecalculationenabled=False, maxuploadfilesize=..."""
        self.change(self.known.organization_id, **columns)

    # --- change tracking ----------------------------------------------------------------------------------
    def disable_tracking(self: "DynamicsSimulator", table: str = "invoice") -> None:
        self.known.tables[table].is_tracked = False

    def enable_tracking(self: "DynamicsSimulator", table: str = "invoice") -> None:
        self.known.tables[table].is_tracked = True

    def expire_delta_tokens(self: "DynamicsSimulator") -> None:
        """Every delta link that was handed out is too old from now on."""
        with self.lock:
            tokens = self.known.delta_tokens
            self.known.delta_tokens = {key: replace(one, is_expired=True) for key, one in tokens.items()}

    # --- sign-in and rights -------------------------------------------------------------------------------
    def add_secret(self: "DynamicsSimulator", secret: str, ends_at: datetime | None = None) -> None:
        """Another secret of the app, valid until `ends_at` (aware)."""
        self.known.apps[self.client_id].secrets[secret] = ends_at

    def remove_secret(self: "DynamicsSimulator", secret: str = CLIENT_SECRET) -> None:
        self.known.apps[self.client_id].secrets.pop(secret, None)

    def add_certificate(self: "DynamicsSimulator", pem: str) -> None:
        """Register a certificate (PEM text) with the app."""
        self.known.apps[self.client_id].certificates.append(certificate_of(pem))

    def expire_tokens(self: "DynamicsSimulator") -> None:
        """Every access token is refused from now on."""
        self.known.tokens.clear()

    def sign_in(self: "DynamicsSimulator") -> str:
        """A fresh access token without the request, for tests of what comes after."""
        with self.lock:
            return str(issued(self, self.client_id, self.base_url)["access_token"])

    def set_privilege(self: "DynamicsSimulator", name: str, depth: str = "") -> None:
        """Depth Basic, Local, Deep, Global; "" takes prvReadInvoice (or another) away."""
        with self.lock:
            self.known.privileges.pop(name, None)
            if depth:
                self.known.privileges[name] = depth

    def remove_app_user(self: "DynamicsSimulator") -> None:
        """Tokens are still issued, the API answers that the user is no member."""
        self.change(self.known.app_user, applicationid=None)

    def disable_app_user(self: "DynamicsSimulator", is_disabled: bool = True) -> None:
        self.change(self.known.app_user, isdisabled=is_disabled)

    # --- webhooks, faults, time ---------------------------------------------------------------------------
    def deliver(self: "DynamicsSimulator") -> "list[Attempt]":
        """Post the deliveries that wait (see `hooks` for duplicates, losses, order)."""
        return self.deliveries.send_due()

    def fail(self: "DynamicsSimulator", route: str, kind: str, **more: Any) -> Any:
        """Arm a fault as the vendor would answer it (errors.FAULTS): sim.fail("invoices.list", "429")."""
        return self.faults.add(route, **{**deepcopy(FAULTS[kind]), **more})

    def pass_time(self: "DynamicsSimulator", by: timedelta) -> None:
        self.clock.advance(by)

    # --- copies -------------------------------------------------------------------------------------------
    def copy_organization(self: "DynamicsSimulator", base_url: str) -> "DynamicsSimulator":
        """The environment copied to another address: same rows, ids and steps, another organisation id.

        Mount the copy at its own address; tokens for it come from the sign-in of either. Access and delta
        tokens of the first one are not valid there.
        """
        with self.lock:
            copied = type(self)(
                base_url=base_url,
                login_url=self.login_url,
                post=self.post,
                clock=self.clock,
                base_currency=self.base_currency,
                **vars(self.options),
            )
            copied.known = self.known.copied(base_url)
            copied.business_unit = self.business_unit
            copied.environments = self.environments
            self.environments.append(copied)
            return copied
