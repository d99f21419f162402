"""What the command writes: one line a document, colours and progress on a terminal only."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO
from unicodedata import category

from .messages import say

_COLOURS = {"green": "32", "yellow": "33", "red": "31", "grey": "90"}
_BAR = 24
_MARKS = {0: ("✔", "green"), 1: ("?", "yellow"), 2: ("✘", "red")}


class Screen:
    """``out`` takes results, ``err`` progress and remarks."""

    def __init__(self, *, as_json: bool, quiet: bool, lang: str) -> None:
        self.as_json, self.quiet, self.lang = as_json, quiet, lang
        self.out: TextIO = sys.stdout
        self.err: TextIO = sys.stderr
        self._bar = not (quiet or as_json) and self.err.isatty()

    def result(self, code: int, name: str, text: str, data: Mapping[str, Any]) -> None:
        """One document done: a JSON line, or one line for a person."""
        self._result(self.out, code, name, text, data)

    def document(self, code: int, name: str, text: str, data: Mapping[str, Any]) -> None:
        """A result that is a document itself: nothing but it goes out, refusals go beside it."""
        if self.as_json or code:
            stream = self.out if self.as_json else self.err
            self._result(stream, code, name, text, data)
        else:
            self.clear()
            print(text, file=self.out, flush=True)

    def _result(
        self, stream: TextIO, code: int, name: str, text: str, data: Mapping[str, Any]
    ) -> None:
        self.clear()
        if self.as_json:
            line = json.dumps({"file": name, "exit": code, **data}, ensure_ascii=False)
            print(line, file=stream)
        elif not self.quiet or code:
            mark, colour = _MARKS[code]
            colon = "\u00a0:" if self.lang == "fr" else ":"
            line = _harmless(f"{name}{colon} {text}")
            print(f"{_paint(mark, colour, stream)} {line}", file=stream)
        stream.flush()

    def detail(self, text: str) -> None:
        """A further line about the document above."""
        if not (self.quiet or self.as_json):
            print(f"    {_harmless(text)}", file=self.out)

    def note(self, text: str) -> None:
        """Something to know, beside the results."""
        if not (self.quiet or self.as_json):
            self.clear()
            print(_harmless(text), file=self.err)

    def progress(self, name: str) -> Callable[[str, float], None] | None:
        """A progress bar for a document, None when nobody looks."""
        if not self._bar:
            return None

        def show(step: str, fraction: float) -> None:
            done = int(_BAR * max(0.0, min(1.0, fraction)))
            bar = "█" * done + "░" * (_BAR - done)
            word = say(f"step_{step}", self.lang)
            self.err.write(f"\r\033[K{bar} {word} {_harmless(name[-40:])}")
            self.err.flush()

        return show

    def clear(self) -> None:
        """Take the progress bar away."""
        if self._bar:
            self.err.write("\r\033[K")
            self.err.flush()


def _harmless(text: str) -> str:
    """One line that commands no terminal: a file, or a member of an archive, is named by others."""
    return "".join(
        character.encode("unicode_escape").decode()
        if category(character) in _COMMANDS
        else character
        for character in text
    )


_COMMANDS = ("Cc", "Cf", "Zl", "Zp")
"""Controls, marks of direction, ends of lines."""


def _paint(text: str, colour: str, stream: TextIO) -> str:
    """The text in colour, on a terminal that wants it."""
    if stream.isatty() and "NO_COLOR" not in os.environ:
        return f"\033[{_COLOURS[colour]}m{text}\033[0m"
    return text
