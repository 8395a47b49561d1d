"""One signed-in request to the Web API."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from werkzeug.wrappers import Request

from mlconnector.sandbox.dynamics import render
from mlconnector.sandbox.dynamics.errors import ApiError
from mlconnector.sandbox.dynamics.state import Row, Token
from mlconnector.sandbox.dynamics.tables import Table

if TYPE_CHECKING:
    from mlconnector.sandbox.dynamics.app import DynamicsSimulator

PREFIX = "/api/data/v9.2"
# What a query keeps unescaped in the links of answers.
SAFE = "$,()'=;:/@"


class ApiCall:
    """The request with its preferences, and who asks (`user`: id of the application user)."""

    def __init__(self, sim: "DynamicsSimulator", request: Request, token: Token) -> None:
        self.sim = sim
        self.request = request
        self.token = token
        self.user = sim.known.app_user
        self.prefer = render.preferences(request.headers.get("Prefer", ""))
        self.wants = render.annotation_test(self.prefer.get("odata.include-annotations", ""))

    @property
    def root(self) -> str:
        """The address of the API as it was called: the plain host or its `.api.` alias."""
        return f"{self.sim.origin(self.request)}{PREFIX}"

    @property
    def raw_query(self) -> str:
        return self.request.query_string.decode("latin-1")

    @property
    def options(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def page_size(self) -> int:
        wanted = self.prefer.get("odata.maxpagesize", "")
        most = self.sim.options.largest_page
        return min(int(wanted), most) if wanted.isdigit() and int(wanted) else most

    @property
    def wants_tracking(self) -> bool:
        return "odata.track-changes" in self.prefer

    def applied(self) -> dict[str, str]:
        """The Preference-Applied header."""
        known = ("odata.track-changes", "odata.maxpagesize", "odata.include-annotations", "return")
        found = [
            f"{name}={self.prefer[name]}" if self.prefer[name] else name
            for name in known
            if name in self.prefer
        ]
        return {"Preference-Applied": ",".join(found)} if found else {}

    # --- rights -------------------------------------------------------------------------------------------
    def depth(self, verb: str, table: Table) -> str:
        """Depth of the privilege. Raises ApiError 403 when it is missing."""
        return self.held(f"prv{verb}{table.privilege}", f"OTC={table.number} for entity '{table.name}'")

    def held(self, privilege: str, subject: str) -> str:
        """Depth of the privilege by its whole name. Raises ApiError 403 when it is missing."""
        depth = self.sim.known.privileges.get(privilege)
        if not depth:
            who = f"Principal user (Id={self.user}, type=8, roleCount=1)"
            raise ApiError(403, "0x80040220", f"{who} is missing {privilege} privilege on {subject}.")
        return depth

    def may(self, verb: str, table: Table) -> None:
        self.depth(verb, table)

    def visible(self, table: Table) -> list[Row]:
        """Rows the user may read: all with organisation-wide read, else only the own ones."""
        rows = list(self.sim.known.all(table.name))
        if self.depth("Read", table) == "Global" or "ownerid" not in table.columns:
            return rows
        return [row for row in rows if self._is_own(row)]

    def may_see(self, row: Row) -> bool:
        table = self.sim.known.tables[row.table]
        return self.depth("Read", table) == "Global" or "ownerid" not in table.columns or self._is_own(row)

    def _is_own(self, row: Row) -> bool:
        owner = row.values["ownerid"]
        return bool(owner and owner.id == self.user)


def query_text(options: dict[str, Any]) -> str:
    """Query options as they stand in links: `$select=name&$orderby=a%20asc`."""
    return "&".join(f"{name}={quote(str(value), safe=SAFE)}" for name, value in options.items())
