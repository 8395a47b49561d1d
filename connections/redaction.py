"""Secrets are kept out of logs, errors and the call log."""

from __future__ import annotations

import logging
import re

SECRET_PARAMETER = re.compile(
    r"(?i)\b(access_token|refresh_token|id_token|client_secret|code|code_verifier|token|password|secret|"
    r"signature|sig|x-amz-[a-z-]+)=[^&\s\"']+"
)
BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=:-]{6,}")


def redact(text: str) -> str:
    """`text` with tokens, secrets and signatures replaced by ***."""
    return BEARER.sub(r"\1 ***", SECRET_PARAMETER.sub(r"\1=***", text))


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
