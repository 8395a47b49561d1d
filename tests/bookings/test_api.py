"""Programs hand in files by an authenticated call and ask what became of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from bookings import api_tokens
from bookings.models import Batch, HandedIn
from tests.bookings import given
from tests.bookings.world import World, datev_client

FILES = "/api/v1/files/"


@pytest.fixture
def program(world: World) -> Browser:
    _token, text = api_tokens.create("Kasse", world.client, "anna")
    return Browser(headers={"authorization": f"Bearer {text}"})


def hand_in(program: Browser, content: bytes, **headers: str) -> Any:
    named = {"content-disposition": 'attachment; filename="Buchungen.csv"'} | headers
    return program.post(FILES, content, content_type="text/csv", headers=named)


def test_a_file_is_taken_followed_and_answered_for(world, program):
    answer = hand_in(program, given.extf())

    assert answer.status_code == 201
    told = answer.json()
    assert (told["state"], told["client"], told["faults"]) == ("on_its_way", "455148-1", [])
    assert told["filename"] == "Buchungen.csv"
    world.run_to_rest()
    later = program.get(answer.headers["Location"])
    assert later.status_code == 200
    assert later.json()["state"] == "accepted"
    assert later.json()["batch"]["job"]
    assert world.arrived == ["RE-1"]


def test_the_same_bytes_and_the_same_key_send_nothing_twice(world, program):
    first = hand_in(program, given.extf(), **{"idempotency-key": "2026-07"})
    for headers in ({"idempotency-key": "2026-07"}, {"idempotency-key": "other"}, {}):
        again = hand_in(program, given.extf(), **headers)
        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    world.run_to_rest()

    assert world.arrived == ["RE-1"]


def test_a_key_that_was_used_for_another_file_is_refused(program):
    hand_in(program, given.extf(), **{"idempotency-key": "2026-07"})
    assert hand_in(program, given.extf({11: "RE-2"}), **{"idempotency-key": "2026-07"}).status_code == 409
    assert Batch.objects.count() == 1


def test_all_faults_are_told_and_nothing_is_sent(world, program):
    answer = hand_in(program, given.extf({8: "4711"}, {1: "0,00"}, {37: "999"}))

    assert answer.status_code == 422
    assert [fault["line"] for fault in answer.json()["faults"]] == [3, 4, 5]
    assert all(fault["rule"] for fault in answer.json()["faults"])
    assert not Batch.objects.exists()
    german = hand_in(program, given.extf({8: "4711"}), **{"accept-language": "de"})
    assert "Gegenkonto" in german.json()["faults"][0]["field"]


def test_a_form_is_taken_as_well(program):
    answer = program.post(FILES, {"file": SimpleUploadedFile("a.csv", given.extf())})
    assert answer.status_code == 201
    assert answer.json()["filename"] == "a.csv"


@pytest.mark.parametrize("header", ["", "Bearer mlc_wrong", "Bearer ", "Basic YTpi", "mlc_x", "Bearer \x00"])
def test_without_a_valid_token_nothing_is_told(world, program, header):
    row = hand_in(program, given.extf()).json()["id"]
    stranger = Browser(headers={"authorization": header} if header else {})

    assert hand_in(stranger, given.extf({11: "RE-2"})).status_code == 401
    assert stranger.get(reverse("handed-in-file", args=[row])).status_code == 401
    assert HandedIn.objects.count() == 1


def test_a_token_opens_the_files_of_its_client_alone(world, program):
    other = datev_client(world.connection, client_number=2, name="Zweite GmbH")
    _token, text = api_tokens.create("Andere", other, "anna")
    stranger = Browser(headers={"authorization": f"Token {text}"})
    row = hand_in(program, given.extf()).json()["id"]

    assert stranger.get(reverse("handed-in-file", args=[row])).status_code == 404
    assert hand_in(stranger, given.extf({11: "RE-2"})).status_code == 422
    of_another = hand_in(stranger, given.extf())
    assert of_another.status_code == 422
    assert of_another.json()["batch"] is None and of_another.json()["id"] != row
    assert Batch.objects.count() == 1


def test_a_revoked_token_opens_nothing(world):
    token, text = api_tokens.create("Kasse", world.client, "anna")
    api_tokens.revoke(token, "anna")
    assert hand_in(Browser(headers={"authorization": f"Bearer {text}"}), given.extf()).status_code == 401


def test_too_large_a_body_is_refused_and_not_kept(program, settings):
    settings.HAND_IN_MAX_BYTES = 1000
    assert hand_in(program, b"x" * 20_000).status_code == 413
    assert hand_in(program, b"x" * 1001).status_code == 413
    assert program.post(FILES, {"file": SimpleUploadedFile("a.csv", b"x" * 1001)}).status_code == 413
    assert not HandedIn.objects.exists()


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 50, b"PK\x03\x04broken", b"<a", b"\xef\xbb\xbf"])
def test_rubbish_is_a_refusal_and_never_a_fault_of_the_server(program, content):
    answer = hand_in(program, content)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert program.post(FILES, {"other": "x"}).status_code == 422


def test_a_name_may_be_anything_and_breaks_nothing(program):
    names = [
        "filename*=UTF-8''B%C3%BCro%00.csv",
        'filename="../../etc/passwd"',
        "filename=" + "x" * 500,
        "garbage",
    ]
    for at, name in enumerate(names):
        answer = hand_in(
            program, given.extf({11: f"RE-{at}"}), **{"content-disposition": f"attachment; {name}"}
        )
        assert answer.status_code == 201
        assert "\x00" not in answer.json()["filename"]
