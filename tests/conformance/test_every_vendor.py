"""What every vendor of the registry must do; an entry in `stages.VENDORS` puts it on the stage."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from connections import services
from connections.base import Checkup, Handshake, Rate
from connections.declared import secret_faults, setting_faults
from connections.errors import (
    AccessLostError,
    ConfigurationError,
    ConnectorError,
    RejectedError,
    TransientError,
)
from connections.exchange import Exchange
from connections.http import UnlistedStatusError
from connections.models import Connection, Health, Throttle
from connections.registry import vendor, vendors
from mlconnector.sandbox.faults import Fault
from tests.conformance.stages import EVIL, VENDORS, VendorStage
from tests.mounting import mounted

pytestmark = pytest.mark.django_db

# name -> (fault switch, what it has to become)
REFUSALS: dict[str, tuple[dict[str, Any], tuple[type[ConnectorError], ...]]] = {
    "401": ({"status": 401}, (AccessLostError, ConfigurationError)),
    "403": ({"status": 403}, (ConfigurationError, AccessLostError)),
    "403 HTML": ({"status": 403, "body": "<html>Forbidden</html>"}, (ConfigurationError, AccessLostError)),
    "429": ({"status": 429, "headers": {"Retry-After": "30"}}, (TransientError,)),
    "429 without a time": ({"status": 429}, (TransientError,)),
    # DATEV's advice is not to repeat what ended in a 500.
    "500": ({"status": 500}, (TransientError, RejectedError)),
    "502 HTML": ({"status": 502, "body": "<html>Bad gateway</html>"}, (TransientError,)),
    "503": ({"status": 503, "headers": {"Retry-After": "30"}}, (TransientError,)),
    "time-out": ({"delay": 3600.0}, (TransientError,)),
    "dropped before": ({"drop": "before"}, (TransientError,)),
    "dropped after": ({"drop": "after"}, (TransientError,)),
    "200 HTML": ({"status": 200, "body": "<html>Sign in</html>"}, (TransientError,)),
    "200 empty": ({"status": 200, "body": b""}, (TransientError,)),
    "200 cut off": ({"status": 200, "body": b'{"data": [{"gid": "1'}, (TransientError,)),
    "200 nothing": ({"status": 200, "body": "null"}, (TransientError,)),
    "200 another shape": ({"status": 200, "body": '{"data": null}'}, (TransientError,)),
    "200 a text": ({"status": 200, "body": '"welcome"'}, (TransientError,)),
    "200 numbers": ({"status": 200, "body": '{"data": [1, 2]}'}, (TransientError,)),
    "200 objects without ids": ({"status": 200, "body": '{"data": [{}]}'}, (TransientError,)),
    "204": ({"status": 204, "body": b""}, (TransientError, UnlistedStatusError)),
    "302": ({"status": 302, "headers": {"Location": f"{EVIL}/"}}, (UnlistedStatusError,)),
    "418": ({"status": 418}, (UnlistedStatusError,)),
}


def becomes(connection: Connection, trouble: str) -> tuple[type[ConnectorError], ...]:
    """Where a young token may not be renewed yet, a refused one is waited for instead of given up."""
    profile = vendor(connection.vendor).oauth(connection)
    waits = trouble == "401" and profile is not None and bool(profile.earliest_refresh)
    return (TransientError,) if waits else REFUSALS[trouble][1]


@pytest.fixture(params=sorted(VENDORS))
def key(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stage(key: str) -> VendorStage:
    return VENDORS[key]


@pytest.fixture
def simulator(stage: VendorStage) -> Iterator[Any]:
    made = stage.simulator()
    with mounted(made, *stage.prefixes):
        yield made


@pytest.fixture
def connection(stage: VendorStage, simulator: Any) -> Connection:
    return stage.connection(simulator)


class Recorder(requests.adapters.BaseAdapter):
    """A host that is none of the vendor's; it notes what came and answers like a good one."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        self.received.append(request)
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = 200, request, str(request.url)
        answer.raw = io.BytesIO(b'{"data": []}')
        return answer

    def close(self) -> None: ...


@pytest.fixture
def evil() -> Iterator[Recorder]:
    from connections import http

    recorder = Recorder()
    http.mounted[EVIL] = recorder
    yield recorder
    http.mounted.pop(EVIL)


def test_every_vendor_of_the_registry_is_on_the_stage() -> None:
    """A module of that name in `tests/conformance/stages/vendors/`."""
    assert set(VENDORS) == set(vendors())


# --- declarations ---


def test_settings_and_secrets_are_declared_for_people(key: str, sentences: set[str]) -> None:
    declared = vendor(key)
    assert declared.key == key and declared.label
    for fields in (declared.settings, declared.secrets):
        assert len({field.key for field in fields}) == len(fields)
        for field in fields:
            assert field.label and field.help_text, field.key
            assert {str(field.label), str(field.help_text)} <= sentences, f"{field.key} can't be translated"
    for setting in declared.settings:
        assert bool(setting.choices) == (setting.kind == "choice"), setting.key
        assert (setting.discover in declared.discover) == (setting.kind == "discovered"), setting.key


def test_the_defaults_are_valid_and_an_empty_form_lists_what_is_missing(key: str) -> None:
    declared = vendor(key)
    defaults = {field.key: field.default for field in declared.settings if field.default != ""}

    faults = {str(fault.rule) for fault in setting_faults(declared.settings, defaults)}
    assert faults <= {"This setting is required."}
    required = [field.label for field in declared.settings if field.required and field.default == ""]
    assert [fault.field for fault in setting_faults(declared.settings, {})] == required
    assert [fault.field for fault in secret_faults(declared.secrets, {"unknown": "x"})][0] == "unknown"


def test_a_connection_with_nothing_filled_in_can_be_looked_at(key: str) -> None:
    """The admin shows it, the limiter asks it, and no call is made."""
    declared, empty = vendor(key), Connection(name="Neu", vendor=key)
    urls = list(declared.base_urls(empty))
    rate = declared.rate(empty)

    # An address that only the customer knows has no default, and then there is nowhere to send a token yet.
    needs_address = any(
        field.kind == "url" and field.required and not field.default for field in declared.settings
    )
    assert (urls or needs_address) and all(url.startswith("https://") for url in urls)
    assert isinstance(rate, Rate) and rate.per_minute > 0 and rate.burst > 0
    assert all(str(note) for note in declared.notes(empty))
    profile = declared.oauth(empty)
    if profile is not None:
        called = (profile.authorize_url, profile.token_url) if profile.needs_person else (profile.token_url,)
        assert all(url.startswith("https://") for url in called)


# --- "Test connection" and the lists, in good and bad times ---


def test_a_test_against_its_simulator_is_green(connection: Connection) -> None:
    found = services.test_connection(connection, "anna")

    assert found.who and found.may and not found.missing
    connection.refresh_from_db()
    assert connection.health == Health.OK


@pytest.mark.parametrize("trouble", sorted(REFUSALS))
def test_trouble_during_a_test_has_a_name_and_is_noted(
    connection: Connection, simulator: Any, trouble: str
) -> None:
    switch, expected = REFUSALS[trouble][0], becomes(connection, trouble)
    simulator.faults.add("*", times=None, **switch)

    with pytest.raises(ConnectorError) as raised:
        services.test_connection(connection, "anna")

    assert type(raised.value) in expected, repr(raised.value)
    assert len(str(raised.value)) > 20
    connection.refresh_from_db()
    assert connection.health in (Health.ATTENTION, Health.SIGN_IN) and connection.health_message


def test_trouble_in_any_later_step_of_a_test_is_named_too(connection: Connection, simulator: Any) -> None:
    """Each call of the test goes wrong, the ways in turn: an error of ours, or a list of what is missing.

    What only some integrations need is not missing; then at least it is no longer said that it can be done.
    """
    healthy = vendor(connection.vendor).check(connection)
    number = len(simulator.calls)
    assert number > 1
    # Of a long test each call sees a fifth of the ways, and each way a fifth of the calls.
    stride = 1 if number < 6 else 5
    for turn, (switch, _) in enumerate(REFUSALS.values()):
        for skipped in range(1 + turn % stride, number, stride):
            simulator.faults.clear()
            fault = simulator.faults.add("*", times=None, skip=skipped, **switch)
            try:
                found = vendor(connection.vendor).check(connection)
            except ConnectorError as error:
                assert str(error)
            else:
                is_told = found.missing or list(found.may) != list(healthy.may)
                assert isinstance(found, Checkup) and (is_told or not fault.hits), (switch, skipped)
            connection = _as_before(connection)


def test_every_list_can_be_read(connection: Connection, stage: VendorStage, simulator: Any) -> None:
    parents = stage.parents(simulator)
    for name, discover in vendor(connection.vendor).discover.items():
        assert discover(connection, parents.get(name, "")) is not None, name


@pytest.mark.parametrize("trouble", sorted(REFUSALS))
def test_a_list_that_can_not_be_read_is_an_error_never_an_empty_list(
    connection: Connection, stage: VendorStage, simulator: Any, trouble: str
) -> None:
    """A body is read list by list, so each gets every one; a status is judged in one place for all."""
    parents = stage.parents(simulator)
    switch, expected = REFUSALS[trouble][0], becomes(connection, trouble)
    lists = list(vendor(connection.vendor).discover.items())
    simulator.faults.add("*", times=None, **switch)
    if switch.get("status") != 200:
        turn = sorted(REFUSALS).index(trouble) % len(lists)
        lists = lists[turn : turn + 1]
    for name, discover in lists:
        asked = len(simulator.calls)
        with pytest.raises(ConnectorError) as raised:
            discover(connection, parents.get(name, ""))
        assert type(raised.value) in expected, (name, repr(raised.value))
        assert len(simulator.calls) > asked
        connection = _as_before(connection)


def _as_before(connection: Connection) -> Connection:
    """Not paused by the vendor, and usable."""
    Throttle.objects.all().delete()
    Connection.objects.filter(pk=connection.pk).update(health=Health.OK)
    return Connection.objects.get(pk=connection.pk)


def test_a_list_of_many_pages_is_read_to_its_end(
    connection: Connection, stage: VendorStage, simulator: Any
) -> None:
    expected = stage.fill(simulator)
    before = len(simulator.calls)

    found = list(vendor(connection.vendor).discover[stage.listing](connection, ""))

    assert len(found) == len({option.ref for option in found}) == expected
    assert len(simulator.calls) - before > 2


# --- the token stays at home ---


def test_no_redirect_takes_the_token_away(connection: Connection, simulator: Any, evil: Recorder) -> None:
    for status in (301, 302, 303, 307, 308):
        simulator.faults.clear()
        simulator.faults.add("*", times=None, status=status, headers={"Location": f"{EVIL}/take"})
        with pytest.raises(ConnectorError):
            vendor(connection.vendor).check(connection)
    assert evil.received == []


@pytest.mark.parametrize("key", [key for key in sorted(VENDORS) if VENDORS[key].links], indirect=True)
def test_no_link_in_an_answer_takes_the_token_away(
    connection: Connection, stage: VendorStage, simulator: Any, evil: Recorder
) -> None:
    for route, override in stage.links:
        fault: Fault = simulator.faults.add(route, times=None, **override)
        with pytest.raises(ConfigurationError, match=r"evil\.example"):
            list(vendor(connection.vendor).discover[stage.listing](connection, ""))
        assert fault.hits
    assert evil.received == []


@pytest.mark.parametrize(
    "change",
    [
        lambda base: f"{EVIL}/",
        lambda base: base.replace(".example", ".example.evil.example"),
        lambda base: base.replace("https://", f"https://{EVIL.removeprefix('https://')}@"),
        lambda base: base.replace("https://", "http://"),
        lambda base: base.replace(".example", ".example:8443"),
        lambda base: base.replace("https://", "https:///"),
    ],
)
def test_an_address_that_only_looks_like_ours_is_not_called(
    connection: Connection, simulator: Any, evil: Recorder, change: Any
) -> None:
    transport = vendor(connection.vendor).api(connection).transport
    asked = len(simulator.calls)
    for base in vendor(connection.vendor).base_urls(connection):
        with pytest.raises(ConfigurationError):
            transport.call("GET", change(base))
    assert evil.received == [] and len(simulator.calls) == asked


# --- webhooks ---

HEADERS = st.dictionaries(
    st.sampled_from(["X-Hook-Secret", "X-Hook-Signature", "X-Hub-Signature", "Authorization", "X-Other"]),
    st.text(max_size=80),
)


@pytest.fixture
def nobody_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("a delivery is judged without any call")

    monkeypatch.setattr(Exchange, "send", refused)


@pytest.mark.parametrize("key", [key for key in sorted(VENDORS) if vendor(key).webhooks], indirect=True)
def test_deliveries_are_judged_without_a_call_and_nothing_breaks_that(key: str, nobody_calls: None) -> None:
    protocol = vendor(key).webhooks
    assert protocol

    @examples(max_examples=60)
    @given(headers=HEADERS, body=st.binary(max_size=200), secret=st.text(max_size=40))
    def check(headers: dict[str, str], body: bytes, secret: str) -> None:
        assert protocol.is_genuine(headers, body, secret) is False
        assert protocol.is_genuine(headers, body, "") is False
        shaken = protocol.handshake(headers, body)
        assert shaken is None or (isinstance(shaken, Handshake) and shaken.secret)

    check()
    # None: the vendor sends nothing as long as nothing happens.
    assert protocol.silence_limit is None or protocol.silence_limit.total_seconds() > 3600
