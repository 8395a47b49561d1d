"""JQL as text: read into clauses. What a clause means on a site is decided in jql_match.py."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mlconnector.sandbox.jira.errors import Refused


@dataclass(frozen=True)
class Function:
    name: str
    arguments: tuple[str, ...] = ()


# Text, a function, or None for EMPTY and null.
Value = str | Function | None


@dataclass(frozen=True)
class Clause:
    field: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Not:
    inner: "Node"


@dataclass(frozen=True)
class All:
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple["Node", ...]


Node = Clause | Not | All | AnyOf


@dataclass(frozen=True)
class Query:
    where: Node | None
    # (field, newest or largest first)
    order: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True)
class Token:
    kind: str  # "text" (quoted), "word", "operator", "mark", "end"
    text: str


TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator>!=|!~|<=|>=|=|~|<|>)
      | (?P<mark>[(),])
      | (?P<word>cf\[\d+\]|issue\.property\[[^\]]*\](?:\.\w+)*|[^\s"'(),=!<>~\[\]]+)
    )""",
    re.VERBOSE,
)
ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
SPECIAL = {"n": "\n", "t": "\t", "r": "\r"}


def parse(text: str) -> Query:
    """Raises Refused for what is no JQL."""
    return _Parser(list(_tokens(text))).query()


def clauses(node: Node | None) -> Iterator[Clause]:
    """All clauses of a query, in their order."""
    if isinstance(node, Clause):
        yield node
    elif isinstance(node, Not):
        yield from clauses(node.inner)
    elif node is not None:
        for part in node.parts:
            yield from clauses(part)


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while text[at:].strip():
        found = TOKEN.match(text, at)
        if found is None:
            raise Refused("jql_syntax", expected="a field, operator or value", got=text[at:].strip()[:20])
        kind = str(found.lastgroup)
        word = found[kind]
        yield Token(kind, _unescaped(word[1:-1]) if kind == "text" else word)
        at = found.end()
    yield Token("end", "end of query")


def _unescaped(text: str) -> str:
    """A quoted text without its backslashes: what is left still holds those of the text search."""

    def one(match: re.Match[str]) -> str:
        sign = match[1]
        return chr(int(sign[1:], 16)) if len(sign) > 1 else SPECIAL.get(sign, sign)

    return ESCAPED.sub(one, text)


@dataclass
class _Parser:
    tokens: list[Token]
    at: int = field(default=0)

    def query(self) -> Query:
        where = None if self._is_word("order") or self._token.kind == "end" else self._any_of()
        order = self._order() if self._is_word("order") else ()
        if self._token.kind != "end":
            raise self._unexpected("end of query")
        return Query(where, order)

    # --- helpers ------------------------------------------------------------------------------------------
    @property
    def _token(self) -> Token:
        return self.tokens[self.at]

    def _is_word(self, *words: str) -> bool:
        return self._token.kind == "word" and self._token.text.lower() in words

    def _is_mark(self, mark: str) -> bool:
        return self._token == Token("mark", mark)

    def _taken(self) -> Token:
        token = self._token
        self.at += token.kind != "end"
        return token

    def _unexpected(self, expected: str) -> Refused:
        return Refused("jql_syntax", expected=expected, got=self._token.text)

    def _must(self, mark: str) -> None:
        if not self._is_mark(mark):
            raise self._unexpected(f"'{mark}'")
        self._taken()

    # --- grammar ------------------------------------------------------------------------------------------
    def _any_of(self) -> Node:
        parts = [self._all()]
        while self._is_word("or"):
            self._taken()
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Node:
        parts = [self._one()]
        while self._is_word("and"):
            self._taken()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self) -> Node:
        if self._is_word("not"):
            self._taken()
            return Not(self._one())
        if self._is_mark("("):
            self._taken()
            inner = self._any_of()
            self._must(")")
            return inner
        return self._clause()

    def _clause(self) -> Clause:
        if self._token.kind not in ("word", "text"):
            raise self._unexpected("a field")
        name = self._taken().text
        operator = self._operator()
        if operator in ("in", "not in"):
            return Clause(name, operator, self._list())
        return Clause(name, operator, (self._value(),))

    def _operator(self) -> str:
        if self._token.kind == "operator":
            return self._taken().text
        words = []
        while self._is_word("not", "in", "is"):
            words.append(self._taken().text.lower())
        operator = " ".join(words)
        if operator not in ("in", "not in", "is", "is not"):
            raise self._unexpected("an operator")
        return operator

    def _list(self) -> tuple[Value, ...]:
        if not self._is_mark("("):
            value = self._value()
            if not isinstance(value, Function):
                raise self._unexpected("'('")
            return (value,)
        self._taken()
        values = [self._value()]
        while self._is_mark(","):
            self._taken()
            values.append(self._value())
        self._must(")")
        return tuple(values)

    def _value(self) -> Value:
        token = self._taken()
        if token.kind == "text":
            return token.text
        if token.kind != "word":
            self.at -= token.kind != "end"
            raise self._unexpected("a value")
        if self._is_mark("("):
            return Function(token.text, self._arguments())
        return None if token.text.lower() in ("empty", "null") else token.text

    def _arguments(self) -> tuple[str, ...]:
        self._must("(")
        given: list[str] = []
        while not self._is_mark(")"):
            if given:
                self._must(",")
            if self._token.kind not in ("text", "word"):
                raise self._unexpected("an argument")
            given.append(self._taken().text)
        self._taken()
        return tuple(given)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._taken()
        if not self._is_word("by"):
            raise self._unexpected("'by'")
        order: list[tuple[str, bool]] = []
        while not order or self._is_mark(","):
            self._taken()
            if self._token.kind not in ("word", "text"):
                raise self._unexpected("a field")
            name = self._taken().text
            is_descending = self._is_word("desc")
            if self._is_word("asc", "desc"):
                self._taken()
            order.append((name, is_descending))
        return tuple(order)
