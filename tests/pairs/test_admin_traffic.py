"""Webhooks, deliveries, reading positions and the audit trail: looked at, never changed."""

import pytest

from connections import audit, clock
from connections.messages import say
from connections.models import AuditEntry
from pairs import hooks
from pairs.models import Cursor, Delivery, Verdict, Webhook, WebhookState
from tests import factories
from tests.pairs.admin_pages import each_reader, look, superuser, told, url, viewer
from tests.pairs.world import World

SECRET = "planted-hook-secret-4711"
BODY = b'{"events": [{"planted": "body-0815"}]}'


@pytest.fixture
def world(db, asana, datev):
    made = World(asana, datev)
    made.approved(amount=None)
    made.work(minutes=1)
    return made


@pytest.fixture
def hook(world):
    return Webhook.objects.create(
        integration=world.integration,
        connection=world.source,
        flow="tasks",
        resource_ref=world.project,
        vendor_ref="9001",
        state=WebhookState.FAILED,
        secrets={"secret": SECRET},
        error=say("The address can't be reached.").to_json(),
    )


@pytest.fixture
def deliveries(hook):
    common = {"webhook": hook, "received_at": clock.now(), "sha256": "0" * 64, "headers": {"X-Test": "1"}}
    return {
        "genuine": Delivery.objects.create(verdict=Verdict.GENUINE, body=BODY, woken=1, **common),
        "refused": Delivery.objects.create(
            verdict=Verdict.REFUSED, body=b"", reason="wrong signature", **common
        ),
    }


@each_reader
def test_every_page_can_be_looked_at_and_shows_no_secret(world, hook, deliveries, person, language):
    browser = person(language)
    things = (hook, *deliveries.values(), Cursor.objects.get(), AuditEntry.objects.first())
    for thing in things:
        for address in (url(type(thing)), url(thing)):
            page = look(browser, address)
            assert SECRET not in page
            assert str(hook.public_id) not in page, "who knows the address may knock"


@pytest.mark.parametrize(
    ("kind", "person", "is_shown"),
    [("admin", superuser, True), ("admin", viewer, False), ("dynamic", superuser, False)],
)
def test_who_may_change_connections_sees_how_a_webhook_is_entered_by_hand(
    world, hook, jira, kind, person, is_shown
):
    hook.connection = factories.jira_connection(jira, webhooks=kind)
    hook.state = WebhookState.ACTIVE
    hook.save()

    page = look(person(), url(hook))

    assert (f'value="{hooks.address(hook)}"' in page) is is_shown
    assert (f"project IN ({world.project})" in page) is is_shown
    assert (str(hook.public_id) in page) is is_shown
    assert "entered-by-an-administrator" not in page


def test_a_body_is_for_superusers_alone_and_a_refused_one_was_never_kept(deliveries):
    assert "body-0815" in look(superuser(), url(deliveries["genuine"]))
    assert "body-0815" not in look(viewer(), url(deliveries["genuine"]))
    assert "not stored, because it was refused" in look(superuser(), url(deliveries["refused"]))


def test_failures_are_told_in_words(world, hook):
    Cursor.objects.update(error=say("Asana does not answer.").to_json(), failures=3)

    assert "The address can&#x27;t be reached." in look(superuser(), url(hook))
    assert "Asana does not answer." in look(superuser(), url(Cursor))


@pytest.mark.parametrize("model", [Webhook, Delivery, Cursor, AuditEntry])
def test_nothing_is_added_changed_or_deleted_by_hand(world, deliveries, model):
    thing = model.objects.first()
    browser = superuser()

    assert browser.get(url(model, "add")).status_code == 403
    assert browser.post(url(thing), {}).status_code == 403
    assert browser.post(url(thing, "delete"), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=thing.pk).exists()


@pytest.mark.parametrize("query", ["?q=connection:1", "?q=anna", "?q=switched"])
def test_the_trail_can_be_searched(world, query):
    audit.record("connection.switched", "connection:1", say("Switched off by hand."), actor="anna")

    assert "Switched off by hand." in look(superuser(), url(AuditEntry) + query)


def test_the_chain_is_verified_by_a_button(world):
    browser = viewer()
    assert browser.get(url(AuditEntry, "verify")).status_code == 405

    answer = browser.post(url(AuditEntry, "verify"), follow=True)
    assert f"{AuditEntry.objects.count()} entries" in told(answer)


def test_a_broken_chain_is_told_with_the_entry(world, monkeypatch):
    monkeypatch.setattr(audit, "broken_links", lambda: iter([(7, "this entry was changed")]))

    answer = superuser().post(url(AuditEntry, "verify"), follow=True)

    assert "Entry 7: this entry was changed." in told(answer)
