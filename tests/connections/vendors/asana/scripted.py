"""An Asana that answers exactly what a test tells it to: for shapes that no simulator should have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from connections import http

ADDRESS = "https://asana.example"


class ScriptedAsana(HTTPAdapter):
    """Answers in the order given: (status, JSON) or (status, JSON, headers) each, or an exception."""

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.answers = list(answers)
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, content, *rest = answer
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers: Mapping[str, str] = rest[0] if rest else {}
        raw = HTTPResponse(BytesIO(body), headers=headers, status=status, preload_content=False)
        return self.build_response(request, raw)

    def queries(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(urlsplit(str(request.url)).query)) for request in self.requests]

    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for request in self.requests if request.body]


@contextmanager
def answering(*answers: Any) -> Iterator[ScriptedAsana]:
    """All answers must have been asked for at the end."""
    script = ScriptedAsana(*answers)
    http.mounted[ADDRESS] = script
    try:
        yield script
        assert not script.answers, f"{len(script.answers)} answers were not asked for"
    finally:
        del http.mounted[ADDRESS]


def page(*items: Any, offset: str = "") -> tuple[int, Any]:
    """One page of a listing; `offset` leads to the next one."""
    following = {"offset": offset, "path": "/x", "uri": "https://x.example"} if offset else None
    return 200, {"data": list(items), "next_page": following}


def refusal(status: int, text: str) -> tuple[int, Any]:
    return status, {"errors": [{"message": text}]}


def task_json(gid: str = "555", *custom_fields: Any, **rest: Any) -> dict[str, Any]:
    """A task as Asana sends it with our fields."""
    return {
        "gid": gid,
        "name": "Rechnung 4711",
        "resource_type": "task",
        "resource_subtype": "approval",
        "approval_status": "approved",
        "completed": True,
        "modified_at": "2026-07-01T08:15:30.123Z",
        "permalink_url": f"https://app.asana.example/0/{gid}",
        "memberships": [{"project": {"gid": "100"}, "section": {"gid": "101"}}],
        "custom_fields": list(custom_fields),
        "is_rendered_as_separator": False,
        "parent": None,
        "workspace": {"gid": "1"},
        "completed_by": {"gid": "12"},
        "notes": "",
        **rest,
    }


def field_json(gid: str, subtype: str, **rest: Any) -> dict[str, Any]:
    return {
        "gid": gid,
        "name": f"Feld {gid}",
        "resource_subtype": subtype,
        "representation_type": subtype,
        "enabled": True,
        "display_value": None,
        **rest,
    }
