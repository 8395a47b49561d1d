"""Exact Online's wire format over the shared transport: rows, pages by the given link, writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connections.errors import ConfigurationError, OutcomeUnknownError, RejectedError, TransientError
from connections.http import Transport
from connections.messages import say
from connections.vendors.exact import addresses, odata
from connections.vendors.exact.errors import BUSINESS, FAULTS, read_error
from connections.vendors.exact.login import ExactAuth
from connections.vendors.exact.odata import Listing
from connections.vendors.exact.values import Row, unreadable
from connections.vendors.exact.watch import ExactWatch, wait_of

if TYPE_CHECKING:
    from connections.models import Connection

# A listing that does not end is an error; pages have 60 or 1,000 rows.
MAX_PAGES = 10_000
# As many ids as a filter takes without making the address too long.
IDS_IN_FILTER = 20
# Without it computed fields are empty in the answer to a write.
RETURN_ALL = {"Prefer": "return=representation"}


class Client:
    """One connection's way to Exact Online, in its chosen division. `transport.subject` names the record.

    `division` replaces the chosen one, for the lists from which it is chosen.
    """

    def __init__(self, connection: Connection, division: int | None = None) -> None:
        self.connection = connection
        self.watch = ExactWatch(connection)
        self.zone = addresses.zone_of(connection)
        self.transport = Transport(
            connection,
            faults=FAULTS,
            read_error=read_error,
            auth=ExactAuth(connection),
            wait_of=wait_of,
            watch=self.watch,
        )
        self._division = division

    @property
    def division(self) -> int:
        """Raises ConfigurationError when none is chosen."""
        return self._division or addresses.division_of(self.connection)

    # --- reading -----------------------------------------------------------------------------------------

    def page(
        self,
        path: str,
        columns: Iterable[str],
        where: str = "",
        *,
        order: str = "",
        top: int = 0,
        in_division: bool = True,
    ) -> Listing:
        """The first page of a listing; `$select` is always sent."""
        query = {"$select": ",".join(columns)}
        query |= {"$filter": where} if where else {}
        query |= {"$orderby": order} if order else {}
        query |= {"$top": str(top)} if top else {}
        prefix = f"/{self.division}" if in_division else ""
        return self._listing(self._url(f"{prefix}/{odata.address(path, query)}"))

    def page_at(self, link: str) -> Listing:
        """The page behind a link that Exact Online gave, called byte for byte.

        A link to a host that is not the connection's own raises ConfigurationError.
        """
        return self._listing(link)

    def rows(
        self, path: str, columns: Iterable[str], where: str = "", *, order: str = "", top: int = 0
    ) -> list[Row]:
        """All rows of a listing."""
        first = self.page(path, columns, where, order=order, top=top)
        return [Row(raw, self.zone) for raw in self.rest_of(first)]

    def rows_of(self, path: str, columns: Sequence[str], column: str, ids: Iterable[str]) -> list[Row]:
        """All rows whose `column` is one of the GUIDs `ids`, twenty ids in a call.

        A filter instead of a key: a row that is gone is an empty list, and not an error that counts.
        """
        once = list(dict.fromkeys(ids))
        found: list[Row] = []
        for start in range(0, len(once), IDS_IN_FILTER):
            found += self.rows(path, columns, odata.any_of(column, once[start : start + IDS_IN_FILTER]))
        return found

    def rest_of(self, first: Listing) -> Iterator[Mapping[str, Any]]:
        """The rows of `first` and of all pages that follow."""
        page, seen = first, {""}
        for _page in range(MAX_PAGES):
            yield from page.rows
            if not page.next_link:
                return
            if page.next_link in seen:
                break
            seen.add(page.next_link)
            page = self.page_at(page.next_link)
        raise TransientError(
            say("A list in Exact Online does not end. It is read again later."), vendor="exact"
        )

    def _listing(self, url: str) -> Listing:
        try:
            answer = self.transport.call("GET", url, ok=(200,)).json()
        except RejectedError as error:
            if error.status == 500:
                raise _passing(error) from error
            raise
        try:
            return odata.listing(answer)
        except ValueError:
            raise unreadable() from None

    # --- writing -----------------------------------------------------------------------------------------

    def create(self, path: str, values: Mapping[str, Any]) -> Row:
        """POST of a new row; the row as it is then. A refusal that comes as 500 has the code "business"."""
        url = self._url(f"/{self.division}/{path}")
        answer = self.transport.call(
            "POST", url, is_write=True, json=values, headers=RETURN_ALL, ok=(200, 201)
        ).json()
        try:
            return Row(odata.entity(answer), self.zone)
        except ValueError:
            raise OutcomeUnknownError(
                say(
                    "Exact Online did not say what it created. It is looked up before anything is sent again."
                ),
                vendor="exact",
            ) from None

    def change(self, path: str, row_id: str, values: Mapping[str, Any]) -> None:
        """PUT of the fields that are given; the others stay."""
        url = self._url(f"/{self.division}/{odata.key_path(path, row_id)}")
        self.transport.call("PUT", url, is_write=True, json=values, ok=(200, 204))

    def delete(self, path: str, row_id: str) -> None:
        """Ask first whether it is there: a 404 counts as an error."""
        url = self._url(f"/{self.division}/{odata.key_path(path, row_id)}")
        self.transport.call("DELETE", url, is_write=True, ok=(200, 204))

    def _url(self, path: str) -> str:
        return addresses.site(self.connection) + addresses.API_PATH + path


def is_not_offered(error: Exception) -> bool:
    """Whether this package or user lacks the function, as an answer about a part of the interface says."""
    return isinstance(error, ConfigurationError | RejectedError) and error.status in (403, 404)


def _passing(error: RejectedError) -> TransientError:
    """A reading writes nothing, so a 500 is asked again whatever its text says."""
    return TransientError(error.message, vendor=error.vendor, status=error.status, code=BUSINESS)
