"""An empty comment before the root of a document, by which a parser's tree is found at once.

lxml shows a tree that is still growing to those who ask for events only. The event of the start of
the root is asked at the start of every element, which costs a tenth of the parsing; the event of a
comment is asked at comments alone, and from a comment before the root one goes on to the root.
"""

from __future__ import annotations

MARK = b"<!---->"
_BOM = b"\xef\xbb\xbf"
_DECLARATION, _DECLARED = b"<?xml", b"?>"


def marked(head: bytes) -> bytes:
    """The beginning of a document with the comment before its root.

    As it is where that could change what the document is: bytes that are not those of ASCII
    (UTF-16), anything else before the root than an XML declaration.
    """
    start = len(_BOM) if head.startswith(_BOM) else 0
    if head.startswith(_DECLARATION, start):
        end = head.find(_DECLARED, start)
        return head if end < 0 else _inserted(head, end + len(_DECLARED))
    is_tag = head.startswith(b"<", start) and head[start + 1 : start + 2].isalpha()
    return _inserted(head, start) if is_tag else head


def _inserted(head: bytes, place: int) -> bytes:
    return head[:place] + MARK + head[place:]
