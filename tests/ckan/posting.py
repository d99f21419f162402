"""A mail server of our own, on loopback: it speaks SMTP and keeps the letters it takes."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


@dataclass
class Letter:
    """One letter as it came: to whom, and what the message says."""

    to: list[str]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        return cast(EmailMessage, body).get_content() if body else ""


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        office = cast(PostOffice, self.server)
        to: list[str] = []
        self._say("220 budgetod.test")
        while line := self.rfile.readline():
            verb = line.decode("ascii", "replace").strip()
            word = verb.upper().partition(" ")[0].partition(":")[0]
            if word == "RCPT" and office.refuses:
                self._say("550 refused")
            elif word == "RCPT":
                to.append(verb.partition(":")[2].strip().strip("<>"))
                self._say("250 ok")
            elif word == "DATA":
                self._say("354 go on")
                office.take(to, self._message())
                to = []
                self._say("250 taken")
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _message(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode("ascii") + b"\r\n")


class PostOffice(socketserver.ThreadingTCPServer):
    """Running while the ``with`` block lasts. ``refuses``: no recipient is taken."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.letters: list[Letter] = []
        self.refuses = False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def take(self, to: list[str], content: bytes) -> None:
        message = message_from_bytes(content, policy=policy.default)
        self.letters.append(Letter(to, cast(EmailMessage, message)))

    def __enter__(self) -> PostOffice:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
