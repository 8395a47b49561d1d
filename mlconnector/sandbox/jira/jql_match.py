"""What JQL means on a site: which field, which operators, and whether an issue fits.

Source: Jira Cloud JQL fields and operators; searchers of custom fields from the specification (read 2026-11).
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from mlconnector.sandbox.jira import adf, catalog
from mlconnector.sandbox.jira.errors import Refused
from mlconnector.sandbox.jira.jql import All, AnyOf, Clause, Function, Node, Not, Query, Value, clauses
from mlconnector.sandbox.jira.jql_text import has_words, searched_words
from mlconnector.sandbox.jira.state import Field, Issue, Option, Person, Project, Site
from mlconnector.sandbox.jira.words import is_called

EXACT = frozenset({"=", "!=", "in", "not in", "is", "is not"})
TEXT = frozenset({"~", "!~", "is", "is not"})
ORDERED = EXACT | {"<", "<=", ">", ">="}
# Other names of a field, in lower case.
ALIASES = {"issue": "key", "issuekey": "key", "id": "key", "type": "issuetype", "due": "duedate"}
ALIASES |= {"createddate": "created", "updateddate": "updated", "resolved": "resolutiondate"}
ALIASES |= {"statuscategorychangeddate": "statuscategorychangedate"}
MOMENTS = ("created", "updated", "statuscategorychangedate", "resolutiondate", "datetime")
# Searcher -> operators. A field without a searcher can't be asked for.
SEARCHERS = {
    "textsearcher": TEXT,
    "exacttextsearcher": EXACT,
    "labelsearcher": EXACT,
    "multiselectsearcher": EXACT,
    "userpickergroupsearcher": EXACT,
    "exactnumber": ORDERED,
    "daterange": ORDERED,
    "datetimerange": ORDERED,
}
UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}


class Matcher:
    """JQL on one site for one person; `issues` is what the index holds."""

    def __init__(
        self,
        site: Site,
        person: Person,
        now: datetime,
        issues: list[Issue],
        may_see: Callable[[Project], bool],
    ) -> None:
        self.site = site
        self.person = person
        self.now = now
        self._may_see = may_see
        self.issues = [one for one in issues if one.project in site.projects and may_see(self._place(one))]

    def _place(self, issue: Issue) -> Project:
        return self.site.projects[issue.project]

    def found(self, query: Query) -> list[Issue]:
        """The issues that fit, in the order asked for; else newest first. Raises Refused."""
        for clause in clauses(query.where):
            self._check(clause)
        for name, _ in query.order:
            self._fields(name)
        hits = [one for one in self.issues if query.where is None or self._fits(query.where, one)]
        hits.sort(key=lambda one: int(one.id), reverse=True)
        for name, is_descending in reversed(query.order):
            hits.sort(key=lambda one, name=name: self._sort_key(name, one), reverse=is_descending)
        return hits

    # --- may it be asked ----------------------------------------------------------------------------------
    def _fields(self, name: str) -> list[Field | str]:
        """What the name means: special words of JQL as text, fields as records. Raises Refused."""
        word = ALIASES.get(name.lower(), name.lower())
        if word in ("key", "statuscategory", "text", "project", "parent"):
            return [word]
        system = self.site.fields.get(word)
        if system is not None and not system.is_custom and word not in ("attachment", "comment"):
            return [system]
        found: list[Field | str] = [
            one
            for one in self.site.fields.values()
            if one.is_custom and one.is_searchable and (one.clause == word or is_called(one.name, name))
        ]
        if not found:
            raise Refused("jql_field", field=name)
        return found

    def _check(self, clause: Clause) -> None:
        for field in self._fields(clause.field):
            if clause.operator not in operators(field):
                raise Refused("jql_operator", operator=clause.operator, field=clause.field)
            for value in clause.values:
                if isinstance(value, Function):
                    self._check_function(value)
                elif value is None:
                    if clause.operator in ("~", "!~"):
                        raise Refused("jql_value", value="EMPTY", field=clause.field)
                else:
                    self._check_value(clause, field, value)

    def _check_function(self, function: Function) -> None:
        if function.name.lower() not in FUNCTIONS:
            raise Refused("jql_function", value=function.name)

    def _check_value(self, clause: Clause, field: Field | str, value: str) -> None:
        if clause.operator in ("is", "is not"):
            raise Refused("jql_value", value=value, field=clause.field)
        if clause.operator in ("~", "!~"):
            searched_words(value, clause.field)
            return
        kind = field if isinstance(field, str) else field.kind
        if kind == "key":
            self._check_key(clause, value)
        elif kind in MOMENTS or kind in ("duedate", "datepicker"):
            self._moment(value, clause.field)
        elif kind == "float":
            _number(value, clause.field)
        elif kind in self._choices and not any(
            value in words or value.casefold() in words for words in self._choices[kind]
        ):
            raise Refused("jql_value", value=value, field=clause.field)

    def _check_key(self, clause: Clause, value: str) -> None:
        """One unknown key fails the whole query."""
        issue = self.site.issue(value)
        if issue is None or not self._may_see(self.site.projects[issue.project]):
            raise Refused("jql_issue", value=value, field=clause.field)

    @cached_property
    def _choices(self) -> dict[str, list[set[str]]]:
        """What values of a field with fixed choices are called: id and names in small letters."""
        site = self.site
        return {
            "project": [
                {one.id, one.key.casefold(), one.name.casefold()}
                for one in site.projects.values()
                if self._may_see(one)
            ],
            "issuetype": [names(one) for one in site.types.values()],
            "status": [names(one) for one in site.statuses.values()],
            "statuscategory": [_category_names(key) for key in catalog.CATEGORIES],
            "priority": [names(one) for one in site.priorities],
            "resolution": [names(one) for one in site.resolutions],
        }

    # --- does it fit --------------------------------------------------------------------------------------
    def _fits(self, node: Node, issue: Issue) -> bool:
        if isinstance(node, Not):
            return not self._fits(node.inner, issue)
        if isinstance(node, All):
            return all(self._fits(part, issue) for part in node.parts)
        if isinstance(node, AnyOf):
            return any(self._fits(part, issue) for part in node.parts)
        return any(self._clause_fits(node, field, issue) for field in self._fields(node.field))

    def _clause_fits(self, clause: Clause, field: Field | str, issue: Issue) -> bool:
        operator = clause.operator
        if operator in ("~", "!~"):
            texts = self._texts(field, issue)
            hit = any(has_words(text, str(clause.values[0]), clause.field) for text in texts)
            return hit if operator == "~" else bool(texts) and not hit
        if operator in ("<", "<=", ">", ">="):
            return self._compares(clause, field, issue)
        hit = any(self._equals(field, issue, value, clause.field) for value in clause.values)
        if operator in ("=", "in", "is"):
            return hit
        # != and NOT IN leave out issues without a value.
        return not hit and (operator == "is not" or bool(self._values(field, issue)))

    def _equals(self, field: Field | str, issue: Issue, value: Value, asked: str) -> bool:
        if value is None:
            return not self._values(field, issue)
        if isinstance(value, Function):
            return FUNCTIONS[value.name.lower()](self, field, issue, value)
        kind = field if isinstance(field, str) else field.kind
        if kind in MOMENTS or kind in ("duedate", "datepicker", "float"):
            return self._sides(field, issue, value, asked) == 0
        held = self._values(field, issue)
        return value in held or value.casefold() in {one.casefold() for one in held}

    def _compares(self, clause: Clause, field: Field | str, issue: Issue) -> bool:
        side = self._sides(field, issue, clause.values[0], clause.field)
        if side is None:
            return False
        return {"<": side < 0, "<=": side <= 0, ">": side > 0, ">=": side >= 0}[clause.operator]

    def _sides(self, field: Field | str, issue: Issue, value: Value, asked: str) -> int | None:
        """-1, 0 or 1: where the issue stands to the value; None without a value."""
        kind = field if isinstance(field, str) else field.kind
        held: Any
        wanted: Any
        if kind == "key":
            other = self.site.issue(str(value))
            held, wanted = _place_of(issue.key), _place_of(other.key if other else "-0")
        elif kind == "float":
            held = issue.values.get(field.id) if isinstance(field, Field) else None
            wanted = _number(str(value), asked)
        else:
            held = self._held_moment(field, issue)
            wanted = self.now if isinstance(value, Function) else self._moment(str(value), asked)
        if held is None:
            return None
        return (held > wanted) - (held < wanted)

    def _held_moment(self, field: Field | str, issue: Issue) -> datetime | None:
        own = {
            "created": issue.created_at,
            "updated": issue.updated_at,
            "statuscategorychangedate": issue.category_changed_at,
            "resolutiondate": issue.resolved_at,
        }
        kind = field if isinstance(field, str) else field.kind
        if kind in own:
            return own[kind]
        held = issue.values.get(field.id) if isinstance(field, Field) else None
        if held is None:
            return None
        at = datetime.fromisoformat(held)
        return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(self.person.time_zone))

    def _moment(self, text: str, asked: str) -> datetime:
        """Relative ("-30m") or absolute to the minute, in the person's own time zone."""
        if relative := re.fullmatch(r"([+-]?)(\d+)([wdhm])", text):
            span = timedelta(**{UNITS[relative[3]]: int(relative[2])})
            return self.now - span if relative[1] == "-" else self.now + span
        for pattern in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
            try:
                at = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone comes next
            except ValueError:
                continue
            return at.replace(tzinfo=ZoneInfo(self.person.time_zone))
        raise Refused("jql_date", value=text, field=asked)

    # --- what an issue holds ------------------------------------------------------------------------------
    def _values(self, field: Field | str, issue: Issue) -> list[str]:
        """Everything that the value may be called; empty without a value."""
        site = self.site
        kind = field if isinstance(field, str) else field.id
        if kind == "key":
            return [issue.id, issue.key, *(old for old, id in site.old_keys.items() if id == issue.id)]
        if kind == "project":
            place = self._place(issue)
            return [place.id, place.key, place.name]
        if kind == "statuscategory":
            return list(_category_names(site.statuses[issue.status].category))
        if kind == "issuetype":
            return list(names(site.types[issue.type]))
        if kind == "status":
            return list(names(site.statuses[issue.status]))
        if kind == "resolution":
            return _named(site.resolutions, issue.resolution)
        if kind == "creator":
            return [issue.creator]
        if kind in MOMENTS:
            return [str(self._held_moment(field, issue))] if self._held_moment(field, issue) else []
        stored = issue.values.get(kind)
        if stored in (None, [], "") or isinstance(field, str):
            return []
        if field.kind == "priority":
            return _named(site.priorities, stored)
        if field.kind in ("select", "multiselect"):
            ids = [stored] if isinstance(stored, str) else stored
            return [name for id in ids for name in _named(field.options, id)]
        if isinstance(stored, list):
            return [str(one) for one in stored]
        return [adf.plain(stored) if isinstance(stored, dict) else str(stored)]

    def _texts(self, field: Field | str, issue: Issue) -> list[str]:
        """What a text search reads; `text` means all of it, comments too."""
        if field == "text":
            fields: Iterable[Field] = self.site.fields_of(issue.project)
            found = [text for one in fields if operators(one) >= TEXT for text in self._values(one, issue)]
            return found + [adf.plain(comment.body) for comment in issue.comments]
        return self._values(field, issue)

    def _sort_key(self, name: str, issue: Issue) -> Any:
        field = self._fields(name)[0]
        kind = field if isinstance(field, str) else field.kind
        if kind == "key":
            return _place_of(issue.key)
        if kind in MOMENTS:
            return self._held_moment(field, issue) or datetime.min.replace(tzinfo=UTC)
        if isinstance(field, Field) and kind in ("priority", "float"):
            return float(issue.values.get(field.id) or 0)
        return "".join(self._values(field, issue)[:1]).casefold()


def _of_me(matcher: Matcher, field: Field | str, issue: Issue, function: Function) -> bool:
    return matcher.person.account_id in matcher._values(field, issue)


def _with_link(matcher: Matcher, field: Field | str, issue: Issue, function: Function) -> bool:
    return any(link.global_id in function.arguments for link in issue.links)


def _never(matcher: Matcher, field: Field | str, issue: Issue, function: Function) -> bool:
    return False


FUNCTIONS: dict[str, Callable[[Matcher, Field | str, Issue, Function], bool]] = {
    "currentuser": _of_me,
    "issueswithremotelinksbyglobalid": _with_link,
    "now": _never,  # only with <, <=, >, >=
}


def _place_of(key: str) -> tuple[str, int]:
    """Where a key stands among others: FIN-9 before FIN-10."""
    project, _, number = key.rpartition("-")
    return project, int(number)


def operators(field: Field | str) -> frozenset[str]:
    """Which operators the field takes."""
    if isinstance(field, str):
        return {"text": frozenset({"~"}), "key": ORDERED}.get(field, EXACT)
    if field.is_custom:
        return SEARCHERS[catalog.KINDS[field.kind][2]]
    if field.id in ("summary", "description", "environment"):
        return TEXT
    return ORDERED if field.id in (*MOMENTS, "duedate", "priority") else EXACT


def names(one: Any) -> set[str]:
    """Id and names in all languages, in small letters."""
    words = [one.name] if isinstance(one.name, str) else list(one.name.values())
    return {one.id, *(word.casefold() for word in words)}


def _named(options: list[Option], id: str) -> list[str]:
    return [name for one in options if one.id == id for name in names(one)]


def _category_names(key: str) -> set[str]:
    number, words, _ = catalog.CATEGORIES[key]
    texts = [words] if isinstance(words, str) else list(words.values())
    return {str(number), key, *(text.casefold() for text in texts)}


def _number(text: str, asked: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refused("jql_value", value=text, field=asked) from None
