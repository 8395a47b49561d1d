"""Secrets are kept out of logs, errors and the call log."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

HIDDEN = "***"
# A name that ends like this holds a secret, wherever it stands: query, form, JSON or header. Only the end is
# looked for, and every repetition is bounded: the text comes from outside and must not take long.
NAME = (
    r"(?:token|secret|password|passwd|pwd|passphrase|authorization|assertion|credentials?|"
    r"signature|api[_-]?key|private[_-]?key|cookie|code_verifier|x-amz-[a-z-]{1,40})"
)
# In queries and forms these are secrets too; in JSON "code" and "state" say what went wrong.
SHORT_NAME = r"(?<![\w-])(?:code|state|nonce|sig|pat|session|key)"
PARAMETER = re.compile(
    rf"(?i)({NAME}|{SHORT_NAME})([ \t]{{0,3}}=[ \t]{{0,3}})(\"[^\"]*\"|'[^']*'|[^&\s\"'<>;,]+)"
)
MEMBER = re.compile(
    rf"(?i)({NAME}[\"']\s{{0,9}}:\s{{0,9}})(\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|[^\s,}}\]]+)"
)
HEADER = re.compile(r"(?im)((?:authorization|cookie|secret|token)[ \t]{0,9}:[ \t]{0,9})([^\s\"'].*)$")
SCHEME = re.compile(r"(?i)\b(bearer|basic|digest)\s+[A-Za-z0-9._~+/=:-]{6,}")
# JSON web tokens and similar: three dotted base64url parts, whatever they are called.
JSON_WEB_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,2}")
USER_INFO = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,20}://)[^/\s@\"'<>]*@")
SECRET_HEADER = re.compile(r"(?i)authorization|cookie|token|secret|password|signature|api-?key")
SHORTEST_SECRET = 6


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` with tokens, secrets and signatures replaced by ***; `secrets` are known ones."""
    for spelling in _spellings(secrets):
        text = text.replace(spelling, HIDDEN)
    text = USER_INFO.sub(rf"\1{HIDDEN}@", text)
    text = HEADER.sub(rf"\1{HIDDEN}", text)
    text = MEMBER.sub(rf'\1"{HIDDEN}"', text)
    text = PARAMETER.sub(rf"\1\2{HIDDEN}", text)
    text = SCHEME.sub(rf"\1 {HIDDEN}", text)
    return JSON_WEB_TOKEN.sub(HIDDEN, text)


def redact_url(url: str, secrets: Iterable[str] = (), *, whole_query: bool = False) -> str:
    """`url` without user name and fragment; secret query values, or all of the query, hidden."""
    parts = urlsplit(url)
    query = HIDDEN if whole_query and parts.query else parts.query
    host = parts.netloc.rpartition("@")[2]
    return redact(urlunsplit((parts.scheme, host, parts.path, query, "")), secrets)


def redact_headers(headers: Mapping[str, str], secrets: Iterable[str] = ()) -> dict[str, str]:
    """Headers fit to be kept: those that authenticate are left out altogether."""
    known = tuple(secrets)
    return {
        name: redact(value, known)[:500] for name, value in headers.items() if not SECRET_HEADER.search(name)
    }


def _spellings(secrets: Iterable[str]) -> list[str]:
    """Each known secret as it is and as URLs, JSON and HTML write it, longest first."""
    found: set[str] = set()
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
            found |= {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), escape(secret)}
            found |= in_json | {spelling.replace("/", "\\/") for spelling in in_json}
    return sorted(found, key=len, reverse=True)


class RedactingFilter(logging.Filter):
    """Redacts the finished message of every log record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = redact(record.getMessage())
        record.args = ()
        return True


class RedactingFormatter(logging.Formatter):
    """Redacts the whole line, stack traces included: they show the arguments of calls."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
