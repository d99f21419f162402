"""The only door to lxml: safe flags, no DOCTYPE, bounded bytes, bounded memory, streaming.

Nothing here knows what a budget is. ``walk`` cuts a document into complete *units* (small subtrees)
in document order and frees them as soon as the caller has seen them; ``Writer`` writes a document
back, unit by unit. A path is never handed to lxml (it would silently decompress gzip), only bytes.

What is refused, with the code of the message catalogue:

* ``UnsafeXML F08``: a DOCTYPE (seen before any content is parsed), entities, bombs, extreme depth;
* ``TooLarge F09``: more bytes than allowed; ``F08``: one value or unit over the parser's bounds;
* ``Unreadable F07``: not well-formed, truncated or in another encoding than it says, with the
  ``line`` where reading stopped;
* ``Unreadable F09``: no byte at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from lxml import etree

from ckanext.budgetod.engine.errors import DocumentRefused, TooLarge, Unreadable, UnsafeXML

from . import prolog
from .bounded import BoundedStream
from .markup import declarations, without
from .walking import Choice, Chooser, Step, Walker

__all__ = [
    "BoundedStream",
    "Choice",
    "Chooser",
    "Element",
    "Root",
    "Step",
    "Writer",
    "local_name",
    "read_root",
    "walk",
]

Element = Any
"""A node of a tree: lxml has no types of its own."""
CHUNK = 1 << 16
MAX_BEHIND = 1000
"""Instructions that may stand behind a root."""

FLAGS: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "dtd_validation": False,
    "attribute_defaults": False,
}
_TOO_LARGE = ("huge", "too long", "too large", "exceed")
_UNSAFE = ("amplification", "excessive depth", "maximum depth", "doctype")
_UNSAFE_TYPES = ("ERR_UNDECLARED_ENTITY", "ERR_ENTITY_LOOP", "WAR_UNDECLARED_ENTITY")


class Root(NamedTuple):
    """The first element of a document: its namespace ("" when none) and its local name."""

    namespace: str
    name: str


class _RootFound(Exception):
    """Carries the name of the root out of the parser."""


class _PrologTarget:
    """Refuses a DOCTYPE and stops at the root: nothing after the prolog is ever looked at."""

    def doctype(self, *_: Any) -> None:
        raise UnsafeXML("F08", reason="doctype")

    def start(self, tag: str, attrib: Any, nsmap: Any = None) -> None:
        raise _RootFound(tag)

    def end(self, tag: str) -> None: ...

    def data(self, data: str) -> None: ...

    def comment(self, text: str) -> None: ...

    def pi(self, target: str, data: str | None = None) -> None: ...

    def close(self) -> None: ...


def split_tag(tag: str) -> Root:
    """``{namespace}name`` -> (namespace, name)."""
    namespace, _, name = tag.rpartition("}")
    return Root(namespace.lstrip("{"), name)


def local_name(element: Element) -> str:
    """The name of an element without its namespace; "" for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def refusal(error: etree.LxmlError, parser: Any = None) -> DocumentRefused:
    """What a parser's complaint means for the depositor; its text may hold names and is dropped.

    The log is the parser's own: an error's log is shared by the whole process.
    """
    log = list(parser.feed_error_log) if parser is not None else []
    message = " ".join([str(error), *(entry.message for entry in log)]).lower()
    types = {entry.type_name for entry in log}
    if any(word in message for word in _UNSAFE) or types.intersection(_UNSAFE_TYPES):
        return UnsafeXML("F08", reason="entity")
    if any(word in message for word in _TOO_LARGE):
        return TooLarge("F08", reason="element")
    lines = (getattr(error, "lineno", None), *(entry.line for entry in log))
    line = next((line for line in lines if line), 1)
    if types == {"ERR_INVALID_ENCODING"}:  # a file cut inside a character has other faults too
        return Unreadable("F07", line=line, case="encoding")
    return Unreadable("F07", line=line)


def read_root(stream: BoundedStream) -> Root:
    """The root element's name; the stream is left as it was found.

    Raises UnsafeXML on a DOCTYPE, Unreadable when there is no root at all.
    """
    target: Any = _PrologTarget()
    parser = etree.XMLParser(target=target, **FLAGS)
    seen: list[bytes] = []
    refused: DocumentRefused = Unreadable("F07", line=1)
    try:
        while data := stream.read(CHUNK):
            seen.append(data)
            parser.feed(data)
        if not seen:
            raise Unreadable("F09")
        parser.close()
    except _RootFound as found:
        return split_tag(str(found))
    except etree.LxmlError as error:
        refused = refusal(error, parser)
    finally:
        stream.give_back(b"".join(seen))
    raise refused  # outside: lxml's own words, which may quote the document, do not come along


def walk(
    stream: BoundedStream, choose: Chooser, name: Root | None = None, blanks: bool = True
) -> Iterator[Step]:
    """Cut a document into units, in document order, in bounded memory.

    ``choose(element, depth)`` is asked for every element that is not inside a unit, as soon as its
    start tag was read; it must be a pure function of the name and ancestors. Comments and
    processing instructions inside containers are met too (their ``tag`` is not text). The root is
    always opened. The caller may change a unit, not move it. ``name`` is what ``read_root`` said,
    for who asked already. Without ``blanks`` the white space between elements is not there, which
    is faster, and lines of the file are not told (libxml2 keeps those beyond 65,535 in it).

    Raises UnsafeXML, TooLarge or Unreadable; steps given before that are void.
    """
    walker: Walker | None = None
    seen = 0
    for root, is_whole in growing(stream, name, blanks):
        if walker is None:
            walker = Walker(root, choose)
        if is_whole:
            yield from walker.finish()
        else:
            yield from walker.advance(stream.size - seen)
            seen = stream.size


class Writer:
    """Writes a document in UTF-8, container by container and unit by unit, escaped by lxml."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self._end_tags: list[str] = []
        self._declared: list[list[str]] = [[]]
        target.write(b'<?xml version="1.0" encoding="UTF-8"?>\n')

    def open(self, element: Element) -> None:
        """Write the start tag of ``element``: its name, attributes and namespaces, no text."""
        bare = etree.Element(element.tag, dict(element.attrib), nsmap=element.nsmap)
        bare.text = " "
        start, end = serialise(bare).rsplit(" </", 1)
        known = self._declared[-1]
        self._write(without(start, known))
        self._declared.append(sorted({*known, *declarations(element.nsmap)}))
        self._end_tags.append(f"</{end}")

    def unit(self, element: Element, tail: bool = True) -> None:
        """Write a complete subtree, and the text that follows it when ``tail``."""
        data = etree.tostring(element, encoding="unicode", with_tail=tail)
        self._write(without(data, self._declared[-1]))

    def text(self, text: str | None) -> None:
        """Write text content, escaped."""
        if text:
            carrier = etree.Element("t")
            carrier.text = text
            self._write(serialise(carrier)[3:-4])

    def close(self) -> None:
        """Write the end tag of the container that was opened last."""
        self._declared.pop()
        self._write(self._end_tags.pop())

    def _write(self, text: str) -> None:
        self._target.write(text.encode())


def growing(
    stream: BoundedStream, name: Root | None = None, blanks: bool = True
) -> Iterator[tuple[Element, bool]]:
    """The root after each part of the file that was read, and whether the document is whole.

    For those who must see every byte (the seal): the caller removes what it has seen, except the
    last node of each open element. ``blanks`` and what is raised: as ``walk``.
    """
    name = name or read_root(stream)
    head = stream.read(CHUNK)
    marked = prolog.marked(head)
    parser = _pull_parser(name if marked == head else None, remove_blank_text=not blanks)
    first: Element | None = None
    root: Element | None = None
    refused: DocumentRefused | None = None
    try:
        data = marked
        while data:
            parser.feed(data)
            for _, found in parser.read_events():
                first = found if first is None else first
            root = _root_from(first) if root is None else root
            if root is not None:
                _forget_comments(root)
                yield root, False
            data = stream.read(CHUNK)
        parser.close()
    except etree.LxmlError as error:
        refused = refusal(error, parser)
    if refused is not None:
        raise refused
    if root is not None:
        yield root, True


def _forget_comments(root: Element) -> None:
    """Those behind the root are in no output nor seal, and a file may hold millions of them.

    The last node stays: the parser goes on from it. Instructions stay too (the seal covers them):
    TooLarge (F08) when there are more than any document has.
    """
    node, apart, left = root.getnext(), None, 0
    while node is not None:
        following, left = node.getnext(), left + (node.tag is not etree.Comment)
        if left > MAX_BEHIND:
            raise TooLarge("F08", reason="element")
        if following is not None and node.tag is etree.Comment:
            apart = etree.Element("apart") if apart is None else apart
            apart.append(node)
        node = following


def _pull_parser(root: Root | None, **flags: bool) -> etree.XMLPullParser:
    """Tells the start of a root of this name; without one, comments."""
    if root is None:
        return etree.XMLPullParser(events=("comment",), **flags, **FLAGS)
    tag = f"{{{root.namespace}}}{root.name}" if root.namespace else root.name
    return etree.XMLPullParser(events=("start",), tag=tag, **flags, **FLAGS)


def _root_from(node: Element | None) -> Element | None:
    """The root, from a node beside it or from itself; None when it was not read yet."""
    while node is not None and not isinstance(node.tag, str):
        node = node.getnext()
    return node


def canonical(root: Element) -> bytes:
    """Inclusive Canonical XML 1.0, without comments, of the document of ``root``.

    Raises ValueError for a document that has no canonical form (relative namespaces).
    """
    try:
        return etree.tostring(root.getroottree(), method="c14n", with_comments=False)
    except etree.C14NError:
        raise ValueError("no canonical form") from None


def instruction(target: str) -> Element:
    """A processing instruction, to mark a place in a tree."""
    return etree.ProcessingInstruction(target)


def serialise(element: Element) -> str:
    """The text of a subtree, namespaces of its ancestors declared again, no tail."""
    return etree.tostring(element, encoding="unicode", with_tail=False)
