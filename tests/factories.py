"""Connections to the simulated vendors, as a person would have made them."""

from __future__ import annotations

from typing import Any

from connections import clock
from connections.models import Connection, Health

ASANA = "https://asana.example"
ASANA_FILES = "https://asana-files.example"
DATEV = "https://datev.example"
ACUMATICA = "https://acumatica.example"
EXACT = "https://exact.example"

DYNAMICS = "https://muster.crm4.dynamics.example"
DYNAMICS_API = "https://muster.api.crm4.dynamics.example"
ENTRA = "https://login.dynamics.example"


def asana_connection(asana: Any, name: str = "Asana Muster GmbH", **settings: Any) -> Connection:
    """A connection with the personal access token of the simulator's own Asana user."""
    return Connection.objects.create(
        name=name,
        vendor="asana",
        settings={
            "sign_in": "pat",
            "base_url": f"{ASANA}/api/1.0",
            "oauth_url": f"{ASANA}/-",
            "calls_per_minute": "1500",
            "workspace": asana.workspace,
        }
        | settings,
        secrets={"pat": asana.pat},
        health=Health.OK,
    )


def datev_connection(datev: Any, name: str = "DATEV Muster GmbH", **settings: Any) -> Connection:
    """A connection on which the simulator's person has signed in with all scopes."""
    from connections.tokens import TokenStore
    from connections.vendors.datev.settings import DEFAULT_SCOPES

    app = datev.apps[0]
    environment = settings.get("environment", "production")
    connection = Connection.objects.create(
        name=name,
        vendor="datev",
        settings={
            "environment": environment,
            "client_id": app.client_id,
            "token_mode": "short",
            **datev.addresses(DATEV, environment),
        }
        | settings,
        secrets={"client_secret": app.client_secret},
    )
    answer = datev.sign_in(DEFAULT_SCOPES, bound_client=connection.setting("bound_client") or "")
    TokenStore(connection).store_answer(answer, clock.now())
    connection.health = Health.OK
    connection.save(update_fields=("health",))
    return connection


def acumatica_connection(acumatica: Any, name: str = "Acumatica Muster GmbH", **settings: Any) -> Connection:
    """A connection to the simulator's first tenant: signed in by OAuth, or with `sign_in` another way."""
    from connections.tokens import TokenStore

    way = settings.get("sign_in", "oauth")
    connection = Connection.objects.create(
        name=name,
        vendor="acumatica",
        settings={
            "instance_url": acumatica.addresses(ACUMATICA)["instance_url"],
            "tenant": acumatica.tenant,
            "endpoint_version": "24.200.001",
            "sign_in": way,
            "client_id": acumatica.client_id,
            "user_name": acumatica.user,
            "calls_per_minute": 60_000,
        }
        | settings,
        secrets={
            "client_secret": acumatica.client_secret,
            "password": acumatica.password,
            "push_secret": "simulated-push-secret",
        },
        health=Health.OK,
    )
    if way == "oauth":
        TokenStore(connection).store_answer(acumatica.sign_in(), clock.now())
    return connection


def dynamics_connection(
    dynamics: Any, name: str = "Dynamics Muster GmbH", secrets: dict[str, str] | None = None, **settings: Any
) -> Connection:
    """A connection of the simulator's app, signed in; with its client secret where no `secrets` are given."""
    from connections.tokens import TokenStore

    connection = Connection.objects.create(
        name=name,
        vendor="dynamics",
        settings={
            "environment_url": dynamics.base_url,
            "login_url": dynamics.login_url,
            "tenant": dynamics.tenant_id,
            "client_id": dynamics.client_id,
        }
        | settings,
        secrets=secrets or {"client_secret": dynamics.client_secret},
        health=Health.OK,
    )
    TokenStore(connection).current()
    return connection


def jira_connection(jira: Any, name: str = "Jira Muster GmbH", **settings: Any) -> Connection:
    """A connection on which the simulator's person has signed in, with its site chosen."""
    from connections.tokens import TokenStore
    from connections.vendors.jira.login import scopes

    connection = Connection.objects.create(
        name=name,
        vendor="jira",
        settings={
            "client_id": jira.client_id,
            "site": jira.site,
            "api_url": jira.api_url,
            "auth_url": jira.auth_url,
            "calls_per_minute": 3000,
        }
        | settings,
        secrets={"client_secret": jira.client_secret, "webhook_secret": "entered-by-an-administrator"},
    )
    asked = scopes(connection)
    access, refresh = jira.sign_in(scopes=asked)
    answer = {
        "access_token": access,
        "refresh_token": refresh,
        "expires_in": jira.options.access_token_seconds,
        "scope": " ".join(asked),
    }
    TokenStore(connection).store_answer(answer, clock.now())
    connection.health = Health.OK
    connection.save(update_fields=("health",))
    return connection


def exact_connection(
    exact: Any, name: str = "Exact Online Muster GmbH", user: str = "", **settings: Any
) -> Connection:
    """A connection on which the simulator's user (or another one) has signed in, with its division chosen.

    Its limits are wide, unless `settings` say otherwise: no test sleeps.
    """
    from connections.tokens import TokenStore

    connection = Connection.objects.create(
        name=name,
        vendor="exact",
        settings={
            "region": exact.region.code,
            "base_url": exact.base_url,
            "client_id": exact.client_id,
            "division": str(exact.division),
            "calls_per_minute": 3000,
        }
        | settings,
        secrets={"client_secret": exact.client_secret, "webhook_secret": exact.webhook_secret},
    )
    access, refresh = exact.add_oauth_tokens(user=user)
    answer = {
        "access_token": access,
        "refresh_token": refresh,
        "token_type": "bearer",
        "expires_in": str(exact.options.access_token_seconds),
    }
    TokenStore(connection).store_answer(answer, clock.now())
    connection.health = Health.OK
    connection.save(update_fields=("health",))
    return connection
