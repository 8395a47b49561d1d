"""What the largest EXTF file costs: the writer alone, and the whole step of a worker."""

from __future__ import annotations

import csv
import io
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from uuid import UUID

from bookings import rendering
from bookings.batches import Slot, collect
from bookings.claims import Claim
from bookings.entry import Entry, Route, Side
from bookings.extf import writer
from bookings.extf.header import Header
from bookings.models import Booking
from bookings.services import Closing, books
from mlconnector.bench.figures import tell
from mlconnector.bench.sizes import Sizes
from mlconnector.bench.world import datev_client, datev_connection
from mlconnector.sandbox.datev import DatevSimulator

MONTH = date(2026, 3, 1)
GUID = UUID("11111111-2222-3333-4444-555555555555")


def measure(sizes: Sizes) -> None:
    client = datev_client(datev_connection(DatevSimulator(), "https://datev.example"))
    known = books(client)
    year = known.fiscal_years[-1]
    head = Header.for_month(known, year, MONTH, created_at=datetime(2026, 4, 1, tzinfo=UTC), label="Bench")

    # Entry after entry, as they come from the database; the file itself is held as a whole, to be sent.
    seconds = min(_seconds(lambda: writer.render(head, entries(sizes))) for _ in range(sizes.extf_rounds))
    making = min(_seconds(lambda: sum(1 for _ in entries(sizes))) for _ in range(sizes.extf_rounds))
    tell("extf_99999_seconds", seconds - making)
    tell("extf_99999_peak_mb", peak_mb())
    bare = min(_bare_csv(head, sizes) for _ in range(sizes.extf_rounds))
    tell("extf_ratio_to_csv_writer", (seconds - making) / bare)

    slot = Slot(Route.EXTF, "integration:1", "incoming", year.start, MONTH)
    rows = [
        Booking(origin=f"record:{number}", client=client, data=entry.to_json())
        for number, entry in enumerate(entries(sizes), start=1)
    ]
    batch = collect(client, slot, rows, 0, label="Bench", closing=Closing(count=sizes.extf_rows))
    del rows
    claim = Claim.take(batch.pk)
    if claim is None:
        raise RuntimeError("The batch was not to be had.")
    tell("extf_99999_whole_batch_seconds", _seconds(lambda: rendering.render(claim)))
    tell("extf_99999_whole_batch_peak_mb", peak_mb())


def entries(sizes: Sizes) -> Iterator[Entry]:
    for number in range(sizes.extf_rows):
        yield Entry(
            amount=Decimal("119.00"),
            side=Side.CREDIT,
            account="70001",
            contra_account="4930",
            document_date=date(2026, 3, 1 + number % 28),
            bu_key="9",
            document_field_1=f"RE-{number:06}",
            posting_text="Müller & Söhne, Büromaterial für die Verwaltung",
            cost_center_1="100",
            documents=(GUID,),
            due_date=date(2026, 4, 14),
        )


def _bare_csv(head: Header, sizes: Sizes) -> float:
    """Seconds in which `csv.writer` writes as many rows of the same 125 fields."""
    row = writer.row_writer(is_finalized=False, base_currency=head.currency)
    sample = list(csv.reader(map(row, islice(entries(sizes), 500)), delimiter=";"))
    rows = [sample[number % len(sample)] for number in range(sizes.extf_rows)]

    def write() -> None:
        with io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows(rows)

    return _seconds(write)


def _seconds(do: Callable[[], object]) -> float:
    started = time.process_time()
    do()
    return time.process_time() - started


def peak_mb() -> float:
    """The most memory that this process has ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
