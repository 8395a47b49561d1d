"""The watched folder: each whole file once, none lost, wherever a worker dies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from bookings import folder
from bookings.models import Account, Batch, HandedIn
from tests.bookings import given
from tests.bookings.test_killed import rolled_back
from tests.bookings.world import Killed, World, boundaries, killed_at


@pytest.fixture
def box(world: World, tmp_path: Path, settings: Any) -> Path:
    cache.clear()
    settings.HAND_IN_DIR = str(tmp_path)
    return tmp_path


def put(box: Path, name: str, content: bytes) -> Path:
    path = box / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def look(world: World) -> int:
    """Two looks, between which nothing was written."""
    folder.take_in()
    world.pass_time(seconds=40)
    return folder.take_in()


def names(place: Path) -> list[str]:
    return sorted(path.name.split("-")[0] for path in place.iterdir() if path.suffix != ".txt")


def test_a_file_is_taken_once_it_is_whole_and_put_away(world, box):
    put(box, "Buchungen.csv", given.extf())
    assert folder.take_in() == 0
    assert (box / "Buchungen.csv").exists()
    world.pass_time(seconds=40)
    assert folder.take_in() == 1
    world.run_to_rest()

    assert names(box / "taken") == ["Buchungen"]
    assert list((box / "in_work").iterdir()) == []
    assert world.arrived == ["RE-1"]
    assert HandedIn.objects.get().filename == "Buchungen.csv"


def test_a_file_that_grows_is_left_alone_until_it_is_at_rest(world, box):
    content = given.extf()
    path = put(box, "a.csv", content[:200])
    folder.take_in()
    world.pass_time(seconds=40)
    path.write_bytes(content)
    assert folder.take_in() == 0
    world.pass_time(seconds=10)
    assert folder.take_in() == 0
    world.pass_time(seconds=40)
    assert folder.take_in() == 1
    assert HandedIn.objects.get().state == "taken"


@pytest.mark.parametrize("name", ["a.csv.part", ".a.csv", "~a.csv", "a.TMP", "a.filepart"])
def test_names_of_unfinished_files_are_left_alone(world, box, name):
    put(box, name, given.extf())
    assert look(world) == 0
    assert (box / name).exists()


def test_a_refused_file_lies_beside_its_reason_and_may_come_again(world, box):
    put(box, "a.csv", given.extf({8: "4711"}, {37: "999"}))
    look(world)

    [reason] = (box / "refused").glob("*.txt")
    text = reason.read_text()
    assert "4711" in text and "999" in text and reason.with_suffix("").exists()
    Account.objects.create(client=world.client, number="4711")
    world.client.cost_centers.create(client=world.client, number="999")
    os.rename(reason.with_suffix(""), box / "a.csv")
    look(world)
    assert HandedIn.objects.get().state == "taken"


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"PK\x03\x04", b"<x/>"])
def test_an_unreadable_file_is_refused_with_a_reason(world, box, content):
    put(box, "a.csv", content)
    assert look(world) == 1
    assert len(list((box / "refused").iterdir())) == 2
    assert not Batch.objects.exists()


def test_a_subfolder_says_for_whom_a_file_is(world, box):
    put(box, "455148-1/RE-1.xml", given.ledger())
    put(box, "455148-9/RE-2.xml", given.ledger("RE-2"))
    put(box, "RE-3.xml", given.ledger("RE-3"))
    put(box, "other/a.csv", given.extf())
    look(world)
    world.run_to_rest()

    assert world.arrived == ["RE-1"]
    assert len(list((box / "refused").glob("*.xml"))) == 2
    assert (box / "other" / "a.csv").exists()


def test_the_same_bytes_under_two_names_are_sent_once(world, box):
    put(box, "a.csv", given.extf())
    put(box, "b.csv", given.extf())
    assert look(world) == 2
    world.run_to_rest()
    assert names(box / "taken") == ["a", "b"]
    assert world.arrived == ["RE-1"]


def test_links_are_not_followed_and_odd_names_are_taken(world, box, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.csv"
    outside.write_bytes(given.extf({11: "RE-9"}))
    (box / "link.csv").symlink_to(outside)
    put(box, "B\N{LATIN SMALL LETTER U WITH DIAERESIS}" + "x" * 200 + ".csv", given.extf())
    os.close(os.open(os.fsencode(box) + b"/\xff\xfe.csv", os.O_CREAT | os.O_WRONLY))

    look(world)
    world.run_to_rest()

    assert world.arrived == ["RE-1"]
    assert outside.exists() and (box / "link.csv").is_symlink()
    assert len(list((box / "refused").iterdir())) == 2


def test_of_two_workers_one_takes_the_file(world, box, monkeypatch):
    put(box, "a.csv", given.extf())
    folder.take_in()
    world.pass_time(seconds=40)
    rename, others = os.rename, []

    def slow(source: Any, target: Any) -> None:
        monkeypatch.setattr(os, "rename", rename)
        others.append(folder.take_in())
        rename(source, target)

    monkeypatch.setattr(os, "rename", slow)
    assert folder.take_in() == 0
    assert others == [1]
    assert HandedIn.objects.count() == 1


def test_without_a_folder_nothing_happens(world, settings, tmp_path):
    settings.HAND_IN_DIR = ""
    assert folder.take_in() == 0
    settings.HAND_IN_DIR = str(tmp_path / "is" / "not" / "there")
    assert folder.take_in() == 0


@pytest.mark.kills
def test_killed_anywhere_no_file_is_lost_or_doubled(world: World, box: Path, monkeypatch: Any) -> None:
    """Also before and after each renaming."""
    rename = os.rename

    def way() -> None:
        folder.take_in()
        world.run()
        world.pass_time(seconds=40)
        folder.take_in()
        world.run()
        world.pass_time(seconds=10)
        world.run()

    def prepared() -> None:
        cache.clear()
        for place in ("in_work", "taken", "refused"):
            for path in (box / place).glob("*"):
                path.unlink()
        put(box, "a.csv", given.extf())
        world.datev.store.uploads.clear()

    def killing(points: list[str], step: int) -> Any:
        def renamed(source: Any, target: Any) -> None:
            for moment in ("before", "after"):
                points.append(f"{moment} rename")
                if len(points) == step:
                    raise Killed(points[-1])
                if moment == "before":
                    rename(source, target)

        return renamed

    points: list[str] = []
    prepared()
    with rolled_back(), monkeypatch.context() as patch, killed_at(0, points, monkeypatch):
        patch.setattr(os, "rename", killing(points, 0))
        way()

    # Every renaming, and a part of the many changes of rows between them.
    chosen = set(boundaries(points, every=6))
    steps = [at for at, name in enumerate(points, start=1) if "rename" in name or at in chosen]
    for step in steps:
        prepared()
        with rolled_back():
            reached: list[str] = []
            with (
                pytest.raises(Killed),
                monkeypatch.context() as patch,
                killed_at(step, reached, monkeypatch),
            ):
                patch.setattr(os, "rename", killing(reached, step))
                way()
            for _ in range(2):
                world.pass_time(minutes=10)
                way()
            world.run_to_rest()
            where = f"step {step}, {points[step - 1]}"
            assert world.arrived == ["RE-1"], where
            assert HandedIn.objects.count() == 1, where
            assert names(box / "taken") == ["a"], where
            assert list((box / "in_work").iterdir()) == [], where
