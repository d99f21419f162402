"""Text of XML as lxml writes it: escapes of attributes, namespace declarations.

``xml.sax.saxutils`` knows the same escapes, but loads http and ssl at every start of the command.
"""

from __future__ import annotations

_ESCAPES = (
    *(("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")),
    *(("\t", "&#9;"), ("\n", "&#10;"), ("\r", "&#13;")),
)


def quote(value: str) -> str:
    """Escape a value for an attribute in double quotes."""
    for raw, escaped in _ESCAPES:
        value = value.replace(raw, escaped)
    return value


def unescape(text: str) -> str:
    """The value that an escaped text stands for; the mark itself comes last."""
    if "&" in text:
        for raw, escaped in reversed(_ESCAPES):
            text = text.replace(escaped, raw)
    return text


def declarations(nsmap: dict[str | None, str]) -> list[str]:
    """The namespace declarations of an element."""
    return [
        f' xmlns{":" + prefix if prefix else ""}="{quote(uri)}"' for prefix, uri in nsmap.items()
    ]


def without(data: str, declared: list[str]) -> str:
    """``data`` whose first tag no longer repeats the namespaces its containers declare."""
    head, end, rest = data.partition(">")
    for declaration in declared:
        head = head.replace(declaration, "", 1)
    return head + end + rest
