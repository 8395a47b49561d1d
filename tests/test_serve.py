"""`make run`: the first administrator, and child processes that are kept running."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError

from connections import clock
from mlconnector import supervisor
from mlconnector.management.commands import serve
from mlconnector.supervisor import Child
from pairs.models import Heartbeat

ROOT = Path(__file__).resolve().parent.parent
# A program that says that it is there, then waits until somebody ends it.
WAITS = (
    sys.executable,
    "-c",
    "import sys; print('here', flush=True); sys.stdin.read(); import signal; signal.pause()",
)


@pytest.fixture
def moment(monkeypatch):
    """The supervisor's own clock, which a test moves."""
    now = [1000.0]
    monkeypatch.setattr(supervisor.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def child():
    made = Child("Test", WAITS)
    yield made
    made.kill()


def command() -> serve.Command:
    return serve.Command(stdout=io.StringIO())


# --- the first administrator ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_first_administrator_comes_from_the_environment(settings, monkeypatch):
    settings.ADMIN_NAME = "anna"
    monkeypatch.setenv("ADMIN_PASSWORD", "lang und sicher genug")
    serve.ensure_first_admin(command())
    admin = get_user_model().objects.get()
    assert (admin.username, admin.is_staff, admin.is_superuser) == ("anna", True, True)
    assert admin.check_password("lang und sicher genug")


@pytest.mark.django_db
def test_a_second_start_leaves_the_administrators_alone(settings, monkeypatch):
    get_user_model().objects.create_superuser("erika", password="her own password")
    settings.ADMIN_NAME = "anna"
    monkeypatch.setenv("ADMIN_PASSWORD", "lang und sicher genug")
    serve.ensure_first_admin(command())
    assert [user.username for user in get_user_model().objects.all()] == ["erika"]


@pytest.mark.django_db
def test_without_a_terminal_and_a_name_it_says_what_to_set(settings, monkeypatch):
    settings.ADMIN_NAME = ""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(CommandError, match="Set ADMIN_NAME and ADMIN_PASSWORD"):
        serve.ensure_first_admin(command())


@pytest.mark.django_db
def test_a_weak_password_is_refused_and_nobody_is_made(settings, monkeypatch):
    settings.ADMIN_NAME = "anna"
    monkeypatch.setenv("ADMIN_PASSWORD", "short")
    with pytest.raises(CommandError, match="This password is too short"):
        serve.ensure_first_admin(command())
    assert not get_user_model().objects.exists()


# --- child processes ------------------------------------------------------------------------------------


def test_a_child_that_ended_starts_again_with_growing_distance(moment, child):
    pauses = []
    child.start()
    for _ in range(8):
        child.process.kill()
        child.process.wait()
        child.keep_running()
        assert not child.is_running
        pauses.append(child.start_again_at - moment[0])
        moment[0] = child.start_again_at
        child.keep_running()
        assert child.is_running
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_child_that_lived_long_starts_again_soon(moment, child):
    child.pause = 60.0
    child.start()
    moment[0] += 61
    child.process.kill()
    child.process.wait()
    child.keep_running()
    assert child.start_again_at - moment[0] == 1


def test_a_running_child_is_left_alone(child):
    child.start()
    process = child.process
    child.keep_running()
    assert child.process is process


def test_what_a_killed_child_left_behind_is_ended_too(tmp_path):
    """django-q's workers outlive a main process that was killed; two clusters would run."""
    script = (
        "import os, signal, sys\npid = os.fork()\n"
        "if pid:\n    open(sys.argv[1], 'w').write(str(pid))\nsignal.pause()\n"
    )
    child = Child("Test", (sys.executable, "-c", script, str(tmp_path / "pid")))
    child.start()
    try:
        left_behind = int(wait_for(tmp_path / "pid"))
        child.process.kill()
        child.process.wait()
        child.keep_running()
        assert is_gone(left_behind)
    finally:
        child.kill()


def wait_for(path: Path) -> str:
    for _ in range(1000):
        if path.exists() and path.read_text():
            return path.read_text()
        time.sleep(0.01)
    raise AssertionError(f"{path.name} never came")


def is_gone(pid: int) -> bool:
    for _ in range(500):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False


def test_sigterm_stops_everything_in_order(tmp_path):
    """The supervisor itself is a process here, since signals come to processes."""
    script = (
        "import sys\nfrom mlconnector.supervisor import Child, Supervisor\n"
        "code = 'import signal, sys; signal.signal(15, lambda *a: sys.exit(0)); "
        'open(sys.argv[1], "w").write("up"); signal.pause()\'\n'
        f"command = lambda name: (sys.executable, '-c', code, {str(tmp_path)!r} + '/' + name)\n"
        "children = [Child(name, command(name)) for name in ('web', 'workers')]\n"
        "Supervisor(children).run()\n"
        "print([child.process.returncode for child in children])\n"
    )
    running = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert wait_for(tmp_path / "web") == wait_for(tmp_path / "workers") == "up"
    finally:
        running.send_signal(signal.SIGTERM)
        said, _ = running.communicate(timeout=30)
    assert running.returncode == 0
    assert said.strip() == "[0, 0]"


# --- a queue that lives but stands still ------------------------------------------------------------------


class Cluster(Child):
    """A child that only counts its restarts."""

    def __init__(self):
        super().__init__("Workers", ())
        self.restarts = 0

    is_running = True

    def restart(self):
        self.restarts += 1


@pytest.fixture
def cluster(monkeypatch):
    monkeypatch.setattr(serve.connection, "close", lambda: None)
    made = Cluster()
    made.started_at = -10_000.0
    return made


def look(cluster: Cluster) -> None:
    watch = serve.QueueWatch(cluster)
    watch.looked_at = -10_000.0
    watch.look()


@pytest.mark.django_db
def test_a_moving_queue_is_left_alone(cluster):
    Heartbeat.objects.create(name="queue", at=clock.now() - timedelta(minutes=4))
    look(cluster)
    assert cluster.restarts == 0


@pytest.mark.django_db
def test_a_queue_that_stands_still_for_five_minutes_is_restarted(cluster):
    Heartbeat.objects.create(name="queue", at=clock.now() - timedelta(minutes=6))
    look(cluster)
    assert cluster.restarts == 1


@pytest.mark.django_db
def test_a_cluster_that_has_just_started_gets_its_time(cluster):
    cluster.started_at = serve.time.monotonic()
    look(cluster)
    assert cluster.restarts == 0


@pytest.mark.django_db
def test_queue_alive_tells_service_managers(settings):
    with pytest.raises(CommandError) as still:
        call_command("queue_alive")
    assert still.value.returncode == 3

    Heartbeat.objects.create(name="queue", at=clock.now())
    call_command("queue_alive", stdout=io.StringIO())

    clock.advance(timedelta(seconds=settings.READY_QUEUE_SECONDS + 1))
    with pytest.raises(CommandError) as stopped:
        call_command("queue_alive")
    assert stopped.value.returncode == 3


@pytest.mark.django_db
def test_prepare_makes_one_schedule_however_often_it_runs():
    from django_q.models import Schedule

    call_command("prepare", stdout=io.StringIO())
    call_command("prepare", stdout=io.StringIO())
    assert [(s.func, s.schedule_type, s.minutes) for s in Schedule.objects.all()] == [
        ("pairs.tasks.tick", "I", 1)
    ]
