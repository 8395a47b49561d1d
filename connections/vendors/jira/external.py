"""The custom field that carries our id on an issue: how it is written, searched for and compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connections.errors import ConfigurationError
from connections.messages import say
from connections.vendors.jira.values import Issue

TYPES = "com.atlassian.jira.plugin.system.customfieldtypes"
TEXT, LABELS = f"{TYPES}:textfield", f"{TYPES}:labels"
# Which custom fields can carry an id. A text of several lines is rich text, and a number is too small.
KINDS = (TEXT, LABELS)
FIELD_ID = re.compile(r"customfield_([0-9]{1,12})")
# Source: Jira Cloud, limits of text fields and labels (read 2026-11).
MAX_LENGTH = 255

# Signs with a meaning of their own in a text search. Source: Jira "Search syntax for text fields".
_SPECIAL = re.compile(r'([+\-&|!(){}\[\]^~*?:\\/"])')


@dataclass(frozen=True)
class ExternalField:
    """`id` such as "customfield_10050"; `kind` is its type as Jira names it."""

    id: str
    kind: str

    @property
    def clause_name(self) -> str:
        """How JQL names the field whatever it is called: names may be changed, and need not be unique."""
        match = FIELD_ID.fullmatch(self.id)
        if match is None or self.kind not in KINDS:
            raise ConfigurationError(
                say(
                    "The Jira field %(field)s can't carry our id. Choose a custom field of the type "
                    "'Short text (plain text only)' or 'Labels' in the integration.",
                    field=self.id,
                ),
                vendor="jira",
            )
        return f"cf[{match.group(1)}]"

    def value(self, external_id: str) -> Any:
        """The field's value on the wire. Raises ValueError for an id that the field can't hold."""
        if not external_id or len(external_id) > MAX_LENGTH or re.search(r"\s", external_id):
            raise ValueError(f"{external_id!r} can't be an external id")
        return [external_id] if self.kind == LABELS else external_id

    def clause(self, external_id: str) -> str:
        """JQL that finds issues with this id, and maybe others: labels exactly, texts as a phrase."""
        if self.kind == LABELS:
            return f"{self.clause_name} = {quoted(external_id)}"
        phrase = '"' + _SPECIAL.sub(r"\\\1", external_id) + '"'
        return f"{self.clause_name} ~ {quoted(phrase)}"

    def is_on(self, issue: Issue, external_id: str) -> bool:
        """Whether the issue carries exactly this id."""
        return self.is_in(issue.fields, external_id)

    def is_in(self, fields: Mapping[str, Any], external_id: str) -> bool:
        found = fields.get(self.id)
        return external_id in found if isinstance(found, list) else found == external_id


def quoted(value: str) -> str:
    """A text in JQL."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
