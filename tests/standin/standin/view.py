"""A dataset as one request sees it: records, groups, exports."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter

from . import odsql
from .blocks import Block, Dataset, Field, Wanted
from .odsql import QueryError, Where, malformed
from .reply import Reply, Request, json_reply
from .selection import Column, grouped, groups, objects, selected

RECORDS_CEILING = 10_000
GROUPS_CEILING = 20_000
_CHUNK = 128 * 1024
_BOM = "\ufeff"
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}


class View:
    """A dataset as one request sees it."""

    def __init__(self, dataset: Dataset, added: str = "", removed: str = "") -> None:
        self.dataset = dataset
        self.added = added
        extra = (Field(added, "text"),) if added else ()
        self.fields = tuple(f for f in (*dataset.fields, *extra) if f.name != removed)
        self.types = {f.name: f.type for f in self.fields}
        ranks = {f.name: rank for rank, f in enumerate(dataset.fields)}
        self.kept = [ranks[f.name] for f in self.fields if f.name in ranks]
        self.whole = not extra and len(self.kept) == len(dataset.fields)

    def where(self, request: Request) -> Where:
        """The condition of ``where`` and every ``refine``."""
        parts = [f"({text})" for text in request.args.get("where", []) if text.strip()]
        for refined in request.args.get("refine", []):
            name, _, value = refined.partition(":")
            quoted = value.strip("\"'")
            is_date = self.types.get(name) == "date"
            parts.append(f"year({name})={quoted}" if is_date else f'{name}="{quoted}"')
        return odsql.where(" and ".join(parts), self.types)

    def blocks(self, where: Where) -> Iterator[tuple[Block, bool]]:
        """Blocks that may hold rows, and whether their rows still have to be tested."""
        names = self.dataset.names
        wanted = Wanted(
            where.equals.get(names.get("siren", "")),
            where.equals.get(names.get("departement", "")),
            _years(where.equals.get(names.get("exercice", ""))),
            where.equals,
        )
        decided = where.fields <= self.dataset.head
        for block in self.dataset.blocks(wanted):
            if not decided:
                yield block, True
            elif where.test(self.head(block)):
                yield block, False

    def head(self, block: Block) -> list[str]:
        """A row that says what all rows of the block have in common."""
        return [block.head.get(name, "") for name in self.types]

    def rows(self, where: Where) -> Iterator[list[str]]:
        for block, untested in self.blocks(where):
            for line in block.text.splitlines():
                row = self.split(line)
                if not untested or where.test(row):
                    yield row

    def split(self, line: str) -> list[str]:
        cells = line.split(";")
        if self.whole:
            return cells
        return [cells[at] for at in self.kept] + ["nouveau"] * bool(self.added)

    def count(self, where: Where) -> int:
        total = 0
        for block, untested in self.blocks(where):
            if untested:
                lines = block.text.splitlines()
                total += sum(1 for line in lines if where.test(self.split(line)))
            else:
                total += block.count
        return total

    def records(self, request: Request) -> Reply:
        by = groups(request.arg("group_by"), self.types)
        limit, offset = paging(request, GROUPS_CEILING if by else 100)
        ceiling = GROUPS_CEILING if by else RECORDS_CEILING
        if offset + limit > ceiling:
            raise over_ceiling(offset + limit, ceiling)
        where = self.where(request)
        columns = selected(request.arg("select"), self.types)
        if by or any(c.aggregate for c in columns):
            return self._aggregated(request, where, by, columns, (offset, limit))
        count = self.count(where)
        rows = self.ordered(request, where) if limit else ()
        results = list(objects(islice(rows, offset, offset + limit), columns))
        return json_reply({"total_count": count, "results": results})

    def _aggregated(
        self,
        request: Request,
        where: Where,
        by: Sequence[Column],
        columns: Sequence[Column],
        page: tuple[int, int],
    ) -> Reply:
        found = grouped(self._weighed(where, by, columns), by, columns)
        found = sorted_groups(found, request.arg("order_by"))
        offset, limit = page
        return json_reply({"results": found[offset : offset + limit]})

    def _weighed(
        self, where: Where, by: Sequence[Column], columns: Sequence[Column]
    ) -> Iterator[tuple[list[str], int]]:
        """Rows with what each stands for; blocks are not read when only their heads are asked."""
        fields = {c.field for c in (*by, *columns) if c.field}
        counted = all(c.aggregate in ("", "count") for c in columns)
        if counted and fields <= self.dataset.head and where.fields <= self.dataset.head:
            return ((self.head(block), block.count) for block, _ in self.blocks(where))
        return ((row, 1) for row in self.rows(where))

    def ordered(self, request: Request, where: Where) -> Iterable[list[str]]:
        rows = self.rows(where)
        for part in reversed([p.strip() for p in request.arg("order_by").split(",") if p.strip()]):
            name, _, direction = part.removeprefix("-").partition(" ")
            column = selected(name, self.types)[0]
            number = column.type in ("int", "double")
            rows = sorted(
                rows,
                key=lambda row, c=column, n=number: c.get(row) or (0 if n else ""),  # type: ignore[misc]
                reverse=part.startswith("-") or direction.strip().lower() == "desc",
            )
        return rows

    def export(self, request: Request, kind: str) -> Reply:
        """The whole selection, streamed; ``compressed=true`` gives a gzip file."""
        where = self.where(request)
        columns = selected(request.arg("select"), self.types)
        lines = self._csv(request, where, columns) if kind == "csv" else None
        chunks = gathered(lines or _json(self, request, where, columns, kind))
        headers = {"Content-Type": _TYPES.get(kind, "application/x-ndjson")}
        headers["Content-Disposition"] = f'attachment; filename="{self.dataset.id}.{kind}"'
        if request.arg("compressed").lower() == "true":
            body = gzip.compress(b"".join(chunks), 1)
            return Reply(body, headers={**headers, "Content-Type": "application/gzip"})
        return Reply(chunks, headers=headers)

    def _csv(self, request: Request, where: Where, columns: Sequence[Column]) -> Iterator[str]:
        if any(c.aggregate for c in columns):
            raise malformed("aggregation needs group_by.", "select")
        delimiter = request.arg("delimiter", ";")
        bom = "" if request.arg("with_bom", "true").lower() == "false" else _BOM
        head = bom + delimiter.join(c.name for c in columns) + "\r\n"
        return chain([head], self._lines(request, where, columns, delimiter))

    def _lines(
        self, request: Request, where: Where, columns: Sequence[Column], delimiter: str
    ) -> Iterator[str]:
        names = [f.name for f in self.fields]
        if [c.field for c in columns] == names and self.whole and delimiter == ";":
            pick = None
        else:
            pick = picker([names.index(c.field) for c in columns])
        limit = int(request.arg("limit") or -1)
        texts = self._texts(where, pick, delimiter)
        if limit >= 0:
            texts = islice(chain.from_iterable(t.splitlines(True) for t in texts), limit)
        return texts

    def _texts(self, where: Where, pick, delimiter: str) -> Iterator[str]:
        for block, untested in self.blocks(where):
            if pick is None and not untested:
                yield block.text
                continue
            rows = map(self.split, block.text.splitlines())
            kept = (row for row in rows if where.test(row)) if untested else rows
            lines = [delimiter.join(pick(row) if pick else row) for row in kept]
            if lines:
                yield "\n".join(lines) + "\n"


def picker(ranks: list[int]):
    """Rows -> the cells of these ranks, in this order."""
    return (lambda row: [row[ranks[0]]]) if len(ranks) == 1 else itemgetter(*ranks)


def gathered(texts: Iterable[str]) -> Iterator[bytes]:
    """Texts in UTF-8, in chunks of a size worth sending."""
    held: list[str] = []
    size = 0
    for text in texts:
        held.append(text)
        size += len(text)
        if size >= _CHUNK:
            yield "".join(held).encode()
            held, size = [], 0
    if held:
        yield "".join(held).encode()


def _json(
    view: View, request: Request, where: Where, columns: Sequence[Column], kind: str
) -> Iterator[str]:
    limit = int(request.arg("limit") or -1)
    rows = view.ordered(request, where)
    found = objects(islice(rows, limit) if limit >= 0 else rows, columns)
    if kind == "jsonl":
        yield from (json.dumps(one, ensure_ascii=False) + "\n" for one in found)
        return
    separator = "["
    for one in found:
        yield separator + json.dumps(one, ensure_ascii=False)
        separator = ","
    yield "[]" if separator == "[" else "]"


def paging(request: Request, highest: int) -> tuple[int, int]:
    """``limit`` and ``offset``; -1 is as many as allowed. Raises QueryError."""
    limit, offset = request.arg("limit", "10"), request.arg("offset", "0")
    if not limit.lstrip("-").isdigit() or not -1 <= int(limit) <= highest:
        text = f"{limit} was found but -1 <= limit <= {highest} is expected."
        raise QueryError(
            "InvalidRESTParameterError", f"Invalid value for limit API parameter: {text}"
        )
    if not offset.isdigit():
        text = f"Invalid value for offset API parameter: {offset} was found but >= 0 is expected."
        raise QueryError("InvalidRESTParameterError", text)
    return (highest if int(limit) == -1 else int(limit)), int(offset)


def over_ceiling(asked: int, ceiling: int) -> QueryError:
    return QueryError(
        "InvalidRESTParameterError",
        f"Invalid value for sum of offset + limit API parameter: {asked} was found"
        f" but <= {ceiling} is expected.",
    )


def sorted_groups(found: list[dict], order_by: str) -> list[dict]:
    for part in reversed([p.strip() for p in order_by.split(",") if p.strip()]):
        name, _, direction = part.removeprefix("-").partition(" ")
        descending = part.startswith("-") or direction.strip().lower() == "desc"
        found = sorted(found, key=lambda one, n=name: str(one.get(n)), reverse=descending)
    return found


def _years(values: set[str] | None) -> set[str] | None:
    return None if values is None else {value[:4] for value in values}
