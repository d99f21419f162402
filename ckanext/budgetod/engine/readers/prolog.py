"""An empty comment before the root of a document, by which a parser's tree is found at once.

lxml shows a tree that is still growing to those who ask for events only. The event of the start of
the root is asked at the start of every element, which costs a tenth of the parsing; the event of a
comment is asked at comments alone, and from a comment before the root one goes on to the root.
"""

from __future__ import annotations

import re

MARK = b"<!---->"
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?(?:<\?xml\s[^>]*\?>)?\s*(?=<[A-Za-z_])")
"""A byte order mark, a declaration, blanks, then the root."""


def marked(head: bytes) -> bytes:
    """The beginning of a document with the comment right before its root.

    As it is where something else stands there (lxml takes the square of the time for comments
    before a root), or where the bytes are not those of ASCII (UTF-16).
    """
    found = _BEGINNING.match(head)
    return head[: found.end()] + MARK + head[found.end() :] if found else head
