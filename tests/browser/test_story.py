"""The first day of a finance admin: connect, map, switch on, approve, see it booked, mend what is parked."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from connections import clock
from tests.browser.place import CLIENT_NAME, PROJECT, Installation, Vendors
from tests.browser.visitor import Visitor, browser, executable

pytestmark = pytest.mark.browser

WAIT_SECONDS = 45.0
# The state stands in the first part of a record's page.
STATE = "xpath=(//section[contains(@class, 'mlc-panel')])[1]"
DONE = f"{STATE}//span[contains(@class, 'mlc-success')]"
PARKED = f"{STATE}//span[contains(@class, 'mlc-danger')]"
CONNECTIONS = "/admin/connections/connection/"
CLIENTS = "/admin/bookings/datevclient/"
TAX_KEYS = "/admin/bookings/taxkey/"
PARTNERS = "/admin/bookings/partner/"
INTEGRATIONS = "/admin/pairs/integration/"
RECORDS = "/admin/pairs/record/"
# field of the booking -> (kind of mapping, field in Asana or fixed value)
MAPPING = {
    "amount": ("amount", "Bruttobetrag"),
    "side": ("constant", "H"),
    "account": ("direct", "Kreditor"),
    "contra_account": ("account", "Aufwandskonto"),
    "document_date": ("date", "Rechnungsdatum"),
    "document_field_1": ("direct", "Rechnungsnummer"),
    "bu_key": ("constant", "9"),
}


@pytest.fixture
def chromium() -> str:
    path = executable()
    if path is None:
        pytest.skip("There is no Chromium (chromium, chromium-browser, google-chrome) on this machine.")
    return path


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    made = Vendors(clock.now().date())
    yield made
    made.close()


@pytest.fixture
def installation(chromium: str, tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def screenshots() -> Path:
    """The folder named by SCREENSHOTS, else a new one among the temporary files."""
    folder = Path(os.environ.get("SCREENSHOTS") or tempfile.mkdtemp(prefix="ml-connector-screenshots-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"Screenshots: {folder}")
    return folder


@pytest.fixture
def visitor(chromium: str, installation: Installation, screenshots: Path) -> Iterator[Visitor]:
    with browser(chromium) as running:
        yield Visitor(running, installation.url, screenshots)


def test_a_finance_admin_connects_maps_approves_and_replays(
    visitor: Visitor, installation: Installation, vendors: Vendors
) -> None:
    sign_in(visitor, installation)
    connect_asana(visitor, vendors)
    connect_datev(visitor, vendors)
    add_client(visitor)
    confirm_tax_key(visitor)
    add_creditor(visitor)
    add_integration(visitor)
    map_fields(visitor)
    switch_on(visitor, installation)

    approve(visitor, vendors, vendors.good)
    see_it_done(visitor, vendors.good, installation)
    visitor.sees("119,00 EUR", "Rechnung RE-2041.pdf")
    see_it_booked(visitor, vendors, "RE-2041", documents=1)
    see_the_result(visitor, vendors, vendors.good)

    approve(visitor, vendors, vendors.faulty)
    record = see_it_parked(visitor, vendors.faulty, installation)
    correct(visitor, vendors)
    replay(visitor, record, installation)
    see_it_booked(visitor, vendors, "RE-2042", documents=2)
    see_the_result(visitor, vendors, vendors.faulty)
    look_around(visitor)
    look_in_the_dark(visitor, record)

    assert not visitor.troubles, "\n".join(dict.fromkeys(visitor.troubles))


# --- setting up -------------------------------------------------------------------------------------------
def sign_in(visitor: Visitor, installation: Installation) -> None:
    visitor.open("/admin/")
    visitor.shot("anmelden")
    visitor.write(username=installation.name, password=installation.password)
    visitor.follow('[type="submit"]')
    visitor.page.wait_for_url("**/admin/")
    visitor.shot("leere-übersicht")


def connect_asana(visitor: Visitor, vendors: Vendors) -> None:
    visitor.go(CONNECTIONS)
    visitor.shot("keine-verbindungen")
    visitor.go(f"{CONNECTIONS}add/")
    visitor.shot("system-wählen")
    visitor.follow('a[href="?vendor=asana"]')
    open_all(visitor)
    visitor.shot("asana-einrichten")
    visitor.write(
        name="Asana Muster",
        secret_pat=vendors.asana.pat,
        setting_base_url=f"{vendors.asana_url}/api/1.0",
        setting_oauth_url=f"{vendors.asana_url}/-",
    )
    visitor.pick("setting_calls_per_minute", "1500")
    visitor.save("_save")
    visitor.shot("asana-gespeichert")
    visitor.press("run_test")
    assert visitor.page.locator(".mlc-dot.mlc-success").count() == 1, visitor.text()
    visitor.shot("asana-geprüft")
    assert vendors.asana.pat not in visitor.page.content()


def connect_datev(visitor: Visitor, vendors: Vendors) -> None:
    app = vendors.datev.apps[0]
    visitor.open(f"{CONNECTIONS}add/?vendor=datev")
    open_all(visitor)
    visitor.write(
        name="DATEV Muster",
        secret_client_secret=app.client_secret,
        setting_client_id=app.client_id,
        **{f"setting_{key}": url for key, url in vendors.datev.addresses(vendors.datev_url).items()},
    )
    visitor.shot("datev-einrichten")
    visitor.save("_save")
    visitor.shot("datev-gespeichert")
    visitor.press("connect")
    visitor.page.wait_for_url(f"{vendors.datev_url}/**")
    visitor.shot("anmeldung-bei-datev")
    visitor.follow(visitor.page.get_by_role("link", name="Als Erika Beispiel anmelden"))
    visitor.page.wait_for_url(f"{visitor.base}/admin/**")
    visitor.shot("datev-verbunden")
    visitor.sees("Erika Beispiel")
    if not visitor.page.locator(".mlc-dot.mlc-success").count():
        visitor.press("run_test")
    assert visitor.page.locator(".mlc-dot.mlc-success").count() == 1, visitor.text()
    visitor.shot("datev-geprüft")


def open_all(visitor: Visitor) -> None:
    """The parts of a form that are folded away."""
    visitor.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")


def add_client(visitor: Visitor) -> None:
    visitor.go(CLIENTS)
    visitor.shot("keine-mandanten")
    visitor.go(f"{CLIENTS}add/")
    visitor.write(name=CLIENT_NAME, consultant_number="455148", client_number="1")
    visitor.choose("connection", "DATEV Muster")
    visitor.shot("mandant-anlegen")
    visitor.save()
    visitor.press("read_from_datev")
    visitor.sees("Rechnungseingang")
    visitor.shot("mandant-gelesen")
    visitor.follow('a[href$="/starter/"]')
    visitor.shot("grundtabellen")
    visitor.follow(visitor.page.locator('form:has(input[name="chart"]) button[type="submit"]').last)
    visitor.shot("grundtabellen-geladen")


def confirm_tax_key(visitor: Visitor) -> None:
    visitor.follow(f'a[href^="{TAX_KEYS}?client"]')
    visitor.shot("steuerschlüssel")
    row = visitor.page.locator(
        "tr", has=visitor.page.locator("th a, td a", has_text=re.compile(r"^\s*9\s*$"))
    )
    visitor.follow(row.locator("a"))
    visitor.press("confirm")
    visitor.shot("steuerschlüssel-bestätigt")


def add_creditor(visitor: Visitor) -> None:
    visitor.open(f"{PARTNERS}add/")
    visitor.choose("client", CLIENT_NAME)
    visitor.write(number="70001", name="Müller & Söhne OHG")
    visitor.shot("kreditor")
    visitor.save("_save")
    visitor.shot("kreditoren")


def add_integration(visitor: Visitor) -> None:
    visitor.go(INTEGRATIONS)
    visitor.shot("keine-integrationen")
    visitor.go(f"{INTEGRATIONS}add/")
    visitor.write(name="Eingangsrechnungen")
    visitor.choose("pair", "Asana nach DATEV")
    visitor.choose("source", "Asana Muster")
    visitor.choose("target", "DATEV Muster")
    visitor.shot("integration-anlegen")
    visitor.save("_save")
    visitor.choose("setting_project", PROJECT)
    visitor.choose("setting_datev_client", CLIENT_NAME)
    visitor.write(setting_begin_on=f"{clock.now():%Y}-01-01")
    visitor.shot("einstellungen")
    visitor.save()
    visitor.shot("einstellungen-gespeichert")


def map_fields(visitor: Visitor) -> None:
    """The rows of required fields are proposed; others are added."""
    prefix = row_prefix(visitor, "document_field_1")
    for target, (kind, value) in MAPPING.items():
        row = row_of(visitor, prefix, target)
        visitor.pick(f"{row}-kind", kind)
        if kind == "constant":
            visitor.write(**{f"{row}-constant": value})
        else:
            visitor.choose(f"{row}-source_field", value)
    back = row_of(visitor, row_prefix(visitor, "text"), "text")
    visitor.choose(f"{back}-source_field", "DATEV-Hinweis")
    visitor.shot("felder-zuordnen")
    visitor.save()
    visitor.shot("felder-zugeordnet")


def row_prefix(visitor: Visitor, target: str) -> str:
    """The beginning of the names in the mapping table that offers `target`."""
    fields = visitor.page.locator('select[name$="-target_field"]')
    named = fields.evaluate_all("all => all.map(one => [one.name, [...one.options].map(o => o.value)])")
    prefixes = {name.rsplit("-", 2)[0] for name, offered in named if target in offered}
    assert len(prefixes) == 1, (target, named)
    return str(prefixes.pop())


def row_of(visitor: Visitor, prefix: str, target: str) -> str:
    """The row that is proposed for `target`, else a new one."""
    fields = visitor.page.locator(f'select[name^="{prefix}-"][name$="-target_field"]')
    chosen = dict(fields.evaluate_all("all => all.map(one => [one.value, one.name])"))
    if target not in chosen:
        visitor.page.locator(f"#{prefix}-group .add-row a, #{prefix}-group a.add-row").first.click()
        names = fields.evaluate_all("all => all.map(one => one.name)")
        name = [name for name in names if "__prefix__" not in name][-1]
        visitor.pick(name, target)
        return str(name).removesuffix("-target_field")
    return str(chosen[target]).removesuffix("-target_field")


def switch_on(visitor: Visitor, installation: Installation) -> None:
    visitor.press("switch_on")
    assert not visitor.page.locator('form[action$="/do/switch_on/"]').count(), visitor.text()
    visitor.shot("eingeschaltet")
    visitor.open("/admin/pairs/webhook/")
    visitor.wait_for("#result_list .mlc-success", seconds=WAIT_SECONDS, logs=installation.logs)


# --- running ----------------------------------------------------------------------------------------------
def approve(visitor: Visitor, vendors: Vendors, gid: str) -> None:
    visitor.open(vendors.task_url(gid))
    visitor.shot("aufgabe-in-asana")
    visitor.follow(visitor.page.get_by_role("button", name="Genehmigen"))
    visitor.sees("genehmigt / approved")


def find_record(visitor: Visitor, gid: str, installation: Installation) -> str:
    """Open the record of a task from the list, which is looked at until it is there."""
    visitor.open(f"{RECORDS}?q={gid}")
    visitor.wait_for("#result_list tbody a", seconds=WAIT_SECONDS, logs=installation.logs)
    visitor.follow('#result_list tbody a[href*="/record/"]')
    visitor.page.wait_for_url("**/change/**")
    return visitor.page.url.removeprefix(visitor.base).partition("?")[0]


def see_it_done(visitor: Visitor, gid: str, installation: Installation) -> None:
    find_record(visitor, gid, installation)
    visitor.shot("unterwegs")
    visitor.wait_for(DONE, seconds=WAIT_SECONDS, logs=installation.logs)
    visitor.shot("erledigt")


def see_it_parked(visitor: Visitor, gid: str, installation: Installation) -> str:
    record = find_record(visitor, gid, installation)
    visitor.wait_for(PARKED, seconds=WAIT_SECONDS, logs=installation.logs)
    visitor.sees("Umsatz", "79999")
    visitor.shot("geparkt")
    return record


def see_it_booked(visitor: Visitor, vendors: Vendors, number: str, *, documents: int) -> None:
    """In DATEV there is one row with this number, and a document for each booking so far."""
    visitor.open(f"{vendors.datev_url}/files")
    visitor.shot("dateien-in-datev")
    visitor.follow('a[href^="/files/"]')
    visitor.sees(number, "70001", "4930")
    visitor.shot("buchung-in-datev")
    visitor.open(f"{vendors.datev_url}/documents")
    assert visitor.page.locator("tbody tr").count() == documents
    visitor.shot("belege-in-datev")


def see_the_result(visitor: Visitor, vendors: Vendors, gid: str) -> None:
    """DATEV's answer stands in the field of the task, in German."""
    visitor.open(vendors.task_url(gid))
    field = f'form[action$="/field"]:has(input[value="{vendors.fields["hint"]}"]) input[name="value"]'
    assert "angenommen" in visitor.page.locator(field).input_value()
    visitor.shot("ergebnis-in-asana")


def correct(visitor: Visitor, vendors: Vendors) -> None:
    """Asana's webhooks are late, so that the replay by hand is what makes the record go on."""
    vendors.asana.deliver = lambda: []
    visitor.open(vendors.task_url(vendors.faulty))
    for field, value in ((vendors.fields["amount"], "59.50"), (vendors.fields["creditor"], "70001")):
        form = visitor.page.locator(f'form[action$="/field"]:has(input[value="{field}"])')
        form.locator('input[name="value"]').fill(value)
        visitor.follow(form.locator("button"))
    visitor.sees("70001")
    visitor.shot("aufgabe-verbessert")


def replay(visitor: Visitor, record: str, installation: Installation) -> None:
    visitor.open(record)
    visitor.press("try_again_one")
    visitor.shot("noch-einmal")
    visitor.wait_for(DONE, seconds=WAIT_SECONDS, logs=installation.logs)
    visitor.sees("59,50 EUR")
    visitor.shot("geparkter-erledigt")


def look_around(visitor: Visitor) -> None:
    """The other pages of the day, for the eye."""
    pages = {
        "übersicht": "/admin/",
        "vorgänge": RECORDS,
        "stapel": "/admin/bookings/batch/",
        "aufträge": "/admin/bookings/job/",
        "belege": "/admin/bookings/document/",
        "verbindungen": CONNECTIONS,
        "integrationen": INTEGRATIONS,
        "nachweis": "/admin/connections/auditentry/",
        "webhooks": "/admin/pairs/webhook/",
        "zustellungen": "/admin/pairs/delivery/",
        "lesestände": "/admin/pairs/cursor/",
        "aufrufe": "/admin/connections/calllog/",
    }
    for name, path in pages.items():
        visitor.open(path)
        visitor.shot(name)
    visitor.open("/admin/bookings/batch/")
    visitor.follow('#result_list tbody a[href*="/batch/"]')
    visitor.shot("ein-stapel")
    visitor.follow('a[href$="/file/"]')
    visitor.shot("datei-des-stapels")


def look_in_the_dark(visitor: Visitor, record: str) -> None:
    visitor.in_the_dark()
    for name, path in {
        "übersicht": "/admin/",
        "vorgang": record,
        "integration": f"{INTEGRATIONS}1/change/",
        "verbindung": f"{CONNECTIONS}2/change/",
        "stapel": "/admin/bookings/batch/1/file/",
    }.items():
        visitor.open(path)
        visitor.shot(f"dunkel-{name}")
