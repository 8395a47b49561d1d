"""The watched folder: files that another program writes there are handed in, each once, none lost.

    HAND_IN_DIR/                 files that name their client themselves (EXTF, packages with document.xml)
    HAND_IN_DIR/455148-1/        files for this client
    HAND_IN_DIR/in_work/         claimed by a worker
    HAND_IN_DIR/taken/, refused/ what became of them; beside a refused file stands why, as .txt

A file is claimed by renaming it: of two workers one succeeds. What a worker leaves in `in_work` when it is
killed is taken up again after a while; the file's own bytes make sure that it is taken once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import stat
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.cache import cache

from bookings import handed_in
from bookings.given.reading import LineFault
from bookings.models import DatevClient, HandedIn, HandedInState, Way
from connections import clock
from connections.errors import RejectedError, TransientError
from connections.messages import Message, say

logger = logging.getLogger(__name__)
IN_WORK, TAKEN, REFUSED = "in_work", "taken", "refused"
CLIENT_FOLDER = re.compile(r"[1-9][0-9]{3,6}-[1-9][0-9]{0,4}")
# Names under which programs write a file before it is whole.
NOT_YET = (".part", ".tmp", ".temp", ".filepart", ".crdownload", ".partial", ".swp")
# <when claimed>-<client or 0>-<random>-<name>
CLAIMED = re.compile(
    r"(?P<at>[0-9]{10})-(?P<client>0|[0-9]+-[0-9]+)~(?P<mark>[0-9a-f]{8})-(?P<name>.+)", re.S
)
LONGEST_NAME = 150
SLICE_SECONDS = 45.0


@dataclass(frozen=True)
class Claimed:
    """A file in `in_work`: `client_ref` is that of the folder it lay in, "" for none."""

    path: Path
    name: str
    client_ref: str
    mark: str


def take_in(*, seconds: float = SLICE_SECONDS) -> int:
    """Hand in what lies in the folder and is whole, for at most `seconds`; how many files."""
    if not settings.HAND_IN_DIR:
        return 0
    folder = Path(settings.HAND_IN_DIR)
    try:
        for name in (IN_WORK, TAKEN, REFUSED):
            (folder / name).mkdir(exist_ok=True)
    except OSError as error:
        logger.error("The watched folder %s can't be used: %s", folder, error)
        return 0
    ends_at, count = time.monotonic() + seconds, 0
    for claimed in (*_left_over(folder), *_claims(folder)):
        count += _handle(folder, claimed)
        if time.monotonic() > ends_at:
            break
    return count


def _left_over(folder: Path) -> Iterator[Claimed]:
    """What a killed worker had claimed, once its time is over."""
    over = clock.now().timestamp() - settings.RECORD_LEASE_SECONDS
    for entry in sorted(os.listdir(folder / IN_WORK)):
        found = CLAIMED.fullmatch(entry)
        if found is not None and int(found["at"]) < over:
            yield _claimed(folder / IN_WORK / entry, found)


def _claims(folder: Path) -> Iterator[Claimed]:
    """Each whole file, renamed for this worker alone at the moment when it is its turn."""
    for place, client_ref in _places(folder):
        for entry in sorted(os.listdir(place)):
            if (claimed := _claim(folder, place / entry, client_ref)) is not None:
                yield claimed


def _places(folder: Path) -> Iterator[tuple[Path, str]]:
    yield folder, ""
    for entry in sorted(os.scandir(folder), key=lambda found: found.name):
        if entry.is_dir(follow_symlinks=False) and CLIENT_FOLDER.fullmatch(entry.name):
            yield Path(entry.path), entry.name


def _claim(folder: Path, path: Path, client_ref: str) -> Claimed | None:
    """None for what is no file, not whole yet, or just claimed by somebody else."""
    if path.name.startswith((".", "~")) or path.name.lower().endswith(NOT_YET):
        return None
    try:
        seen = path.lstat()
        if not stat.S_ISREG(seen.st_mode) or not _is_whole(path, seen):
            return None
        stamp = int(clock.now().timestamp())
        name = f"{stamp:010d}-{client_ref or '0'}~{uuid.uuid4().hex[:8]}-{_storable(path.name)}"
        target = folder / IN_WORK / name
        os.rename(path, target)
        now = target.lstat()
        if (now.st_size, now.st_mtime_ns) != (seen.st_size, seen.st_mtime_ns):
            # Somebody began to write again: it is left over, and taken up when it has long been at rest.
            return None
    except FileNotFoundError:
        return None
    except OSError as error:
        logger.warning("%s can't be taken from the watched folder: %s", path.name, error)
        return None
    found = CLAIMED.fullmatch(name)
    return _claimed(target, found) if found is not None else None


def _storable(name: str) -> str:
    """A name that fits behind the claim, in a database too; what is too long loses its beginning."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return text.encode()[-LONGEST_NAME:].decode("utf-8", "ignore")


def _claimed(path: Path, found: re.Match[str]) -> Claimed:
    client_ref = "" if found["client"] == "0" else found["client"]
    return Claimed(path, found["name"], client_ref, found["mark"])


def _is_whole(path: Path, seen: os.stat_result) -> bool:
    """Whether size and time of change were the same when we looked HAND_IN_STABLE_SECONDS ago or earlier.

    Measured by our own clock: those of file servers may differ.
    """
    key = f"hand-in:{hashlib.sha256(os.fsencode(path)).hexdigest()}"
    look = (seen.st_size, seen.st_mtime_ns, seen.st_ino)
    now = clock.now().timestamp()
    before = cache.get(key)
    if before is None or tuple(before[:3]) != look:
        cache.set(key, (*look, now), 7 * 86_400)
        return False
    return bool(now - before[3] >= settings.HAND_IN_STABLE_SECONDS)


def _handle(folder: Path, claimed: Claimed) -> bool:
    """Hand in one claimed file and put it where it belongs; False if that has to be done later."""
    try:
        content = _content(claimed.path)
        client = _client(claimed.client_ref)
        row, _is_new = handed_in.hand_in(content, claimed.name, way=Way.FOLDER, by="", client=client)
    except RejectedError as error:
        return _moved(folder, claimed, REFUSED, _report(error.message, []))
    except (TransientError, FileNotFoundError) as error:
        # Another worker has it, or takes the same bytes: what is left in `in_work` is taken up again.
        logger.warning("%s is taken in later: %s", claimed.name, error)
        return False
    except OSError as error:
        logger.warning("%s can't be read: %s", claimed.name, error)
        return False
    if row.state == HandedInState.TAKEN:
        return _moved(folder, claimed, TAKEN, "")
    return _moved(folder, claimed, REFUSED, _report_of(row))


def _content(path: Path) -> bytes:
    """Raises RejectedError for what is too large, TransientError for what is still being written."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        before = os.fstat(file.fileno())
        if before.st_size > handed_in.MAX_BYTES:
            raise RejectedError(say("The file is larger than 50 MB. DATEV takes smaller files only."))
        content = file.read(handed_in.MAX_BYTES + 1)
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise TransientError(say("The file is still being written."))
    return content


def _client(client_ref: str) -> DatevClient | None:
    """The client of a subfolder. Raises RejectedError if it is not set up here."""
    if not client_ref:
        return None
    consultant, _, number = client_ref.partition("-")
    found = DatevClient.objects.filter(consultant_number=consultant, client_number=number).first()
    if found is None:
        raise RejectedError(
            say(
                "The folder %(folder)s belongs to no DATEV client that is set up here. Add the client under "
                "'DATEV clients', then put the file there again.",
                folder=client_ref,
            )
        )
    return found


def _moved(folder: Path, claimed: Claimed, where: str, report: str) -> bool:
    """The reason is written first: a refused file never lies there without one."""
    stem, dot, ending = claimed.name.rpartition(".")
    name = f"{stem}-{claimed.mark}.{ending}" if dot and stem else f"{claimed.name}-{claimed.mark}"
    target = folder / where / name
    try:
        if report:
            target.with_name(f"{name}.txt").write_text(report, encoding="utf-8")
        os.rename(claimed.path, target)
    except FileNotFoundError:
        return False
    except OSError as error:
        logger.error("%s can't be moved to %s: %s", claimed.name, where, error)
        return False
    return True


def _report_of(row: HandedIn) -> str:
    reason = Message.from_json(row.reason) if row.reason else Message("")
    return _report(reason, [LineFault.from_json(item) for item in row.faults])


def _report(reason: Message, faults: list[LineFault]) -> str:
    lines = [str(reason), ""]
    for one in faults:
        place = str(say("Line %(line)s", line=one.line)) + ": " if one.line else ""
        lines.append(f"- {place}{one.fault}")
    return "\n".join(lines).rstrip() + "\n"
