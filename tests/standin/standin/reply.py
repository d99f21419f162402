"""What a service answers: status, headers, and a body in one piece or in chunks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """``body``: bytes are sent with their length, an iterable in chunks as it comes."""

    body: bytes | Iterable[bytes]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """A question to a service: ``path`` is below its prefix, ``args`` holds lists of texts."""

    service: str
    path: str
    args: Mapping[str, list[str]]
    headers: Mapping[str, str]
    base: str
    """Address of the service, as its clients know it."""

    def arg(self, name: str, default: str = "") -> str:
        return self.args.get(name, [default])[-1]


def json_reply(content: object, status: int = 200, **headers: str) -> Reply:
    body = json.dumps(content, ensure_ascii=False).encode()
    return Reply(body, status, {"Content-Type": JSON, **headers})
