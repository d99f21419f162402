"""A small ODSQL: conditions, selections and aggregations over rows of text.

Conditions: and, or, not, parentheses, = != < <= > >=, in (…), is (not) null, startswith(),
search(), year(), month(), day(), "text", 'text', numbers, date'2025-01-01'. Errors carry the
service's codes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Row = Sequence[str]
Condition = Callable[[Row], bool]
Getter = Callable[[Row], object]

_TOKEN = re.compile(
    r"""\s*(?:(?P<date>date'[^']*')|(?P<text>"[^"]*"|'[^']*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    |(?P<name>`[^`]+`|[A-Za-z_]\w*)|(?P<sign><=|>=|!=|<>|[=<>(),*:]))""",
    re.VERBOSE,
)
_COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DATE_PARTS = {"year": slice(0, 4), "month": slice(5, 7), "day": slice(8, 10)}
_NUMBERS = ("int", "double")


class QueryError(Exception):
    """What the service answers with status 400."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def malformed(what: str, clause: str) -> QueryError:
    text = f"ODSQL query is malformed: {what} Clause(s) containing the error(s): {clause}."
    return QueryError("ODSQLError", text)


class Value(NamedTuple):
    """A field, a literal or a function of a field: its type, and how to read it from a row."""

    type: str
    get: Getter
    field: str = ""
    literal: str | None = None


class Where(NamedTuple):
    """A compiled condition: ``equals`` are the values that its top level requires of a field."""

    test: Condition
    fields: frozenset[str]
    equals: Mapping[str, set[str]]


EVERYTHING = Where(lambda _: True, frozenset(), {})


def tokens(text: str, clause: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match or match.end() == at:
            raise malformed(f"Syntax error at: {text[at:][:30]}.", clause)
        found.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        at = match.end()
    return found


class Parser:
    """Recursive descent over one clause; names and types are those of the dataset."""

    def __init__(self, text: str, types: Mapping[str, str], clause: str = "where") -> None:
        self.tokens = tokens(text, clause)
        self.types = types
        self.order = {name: rank for rank, name in enumerate(types)}
        self.clause = clause
        self.fields: set[str] = set()
        self.at = 0

    def peek(self, *texts: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][1].lower() in texts

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise malformed("Unexpected end of query.", self.clause)
        self.at += 1
        return self.tokens[self.at - 1]

    def accept(self, *texts: str) -> bool:
        found = self.peek(*texts)
        self.at += found
        return found

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise malformed(f"Expected {text}.", self.clause)

    def where(self) -> Where:
        test, equals = self._any()
        if self.at < len(self.tokens):
            raise malformed(f"Unexpected {self.tokens[self.at][1]}.", self.clause)
        return Where(test, frozenset(self.fields), equals)

    def _any(self) -> tuple[Condition, dict[str, set[str]]]:
        parts = [self._all()]
        while self.accept("or"):
            parts.append(self._all())
        if len(parts) == 1:
            return parts[0]
        tests = [test for test, _ in parts]
        common = set.intersection(*(set(equals) for _, equals in parts))
        united = {name: set().union(*(equals[name] for _, equals in parts)) for name in common}
        return (lambda row: any(test(row) for test in tests)), united

    def _all(self) -> tuple[Condition, dict[str, set[str]]]:
        parts = [self._not()]
        while self.accept("and"):
            parts.append(self._not())
        tests = [test for test, _ in parts]
        required: dict[str, set[str]] = {}
        for _, equals in parts:
            for name, values in equals.items():
                required[name] = required.get(name, values) & values
        if len(tests) == 1:
            return tests[0], required
        return (lambda row: all(test(row) for test in tests)), required

    def _not(self) -> tuple[Condition, dict[str, set[str]]]:
        if self.accept("not"):
            test, _ = self._not()
            return (lambda row: not test(row)), {}
        if self.accept("("):
            inside = self._any()
            self.expect(")")
            return inside
        return self._comparison()

    def _comparison(self) -> tuple[Condition, dict[str, set[str]]]:
        left = self.value()
        if left.type == "bool":
            get = left.get
            return (lambda row: bool(get(row))), {}
        if self.accept("is"):
            wanted = not self.accept("not")
            self.expect("null")
            return (lambda row: (left.get(row) is None) is wanted), {}
        negated = self.accept("not")
        if self.accept("in"):
            return self._among(left, negated)
        kind, sign = self.take()
        if kind != "sign" or sign not in _COMPARE:
            raise malformed(f"Unexpected {sign}.", self.clause)
        right = self._literal_for(left, self.value())
        compare = _COMPARE[sign]
        required = {left.field: {str(right.literal)}} if sign == "=" and left.field else {}
        return _comparing(left, right, compare), required

    def _among(self, left: Value, negated: bool) -> tuple[Condition, dict[str, set[str]]]:
        self.expect("(")
        values = [self._literal_for(left, self.value())]
        while self.accept(","):
            values.append(self._literal_for(left, self.value()))
        self.expect(")")
        known = {value.get(()) for value in values}
        if negated:
            return (lambda row: left.get(row) not in known), {}
        required = {left.field: {str(value.literal) for value in values}} if left.field else {}
        return (lambda row: left.get(row) in known), required

    def _literal_for(self, left: Value, right: Value) -> Value:
        """The right side in the type of the left one; types that do not compare are refused."""
        if left.type == right.type or (left.type in _NUMBERS and right.type in _NUMBERS):
            return right
        if left.type == "text" and right.type in _NUMBERS and right.literal is not None:
            return right._replace(type="text", get=lambda _: right.literal)
        if left.type == "date" and right.type == "text" and right.literal is not None:
            return right._replace(type="date")
        raise QueryError(
            "IncompatibleTypesInComparisonFilter",
            f"Incompatible types in comparison filter: {left.type} and {right.type}.",
        )

    def value(self) -> Value:
        kind, text = self.take()
        if kind == "text":
            return Value("text", lambda _: text[1:-1], literal=text[1:-1])
        if kind == "date":
            return Value("date", lambda _: text[5:-1], literal=text[5:-1])
        if kind == "number":
            number = float(text)
            return Value("double" if "." in text else "int", lambda _: number, literal=text)
        if kind != "name":
            raise malformed(f"Unexpected {text}.", self.clause)
        return self._call(text.lower()) if self.accept("(") else self.named(text.strip("`"))

    def named(self, name: str) -> Value:
        if name not in self.types:
            raise malformed(f"Unknown field: {name}.", self.clause)
        self.fields.add(name)
        kind, at = self.types[name], self.order[name]
        if kind in _NUMBERS:
            return Value(kind, lambda row: float(row[at]) if row[at] else None, name)
        return Value(kind, lambda row: row[at] or None, name)

    def _call(self, function: str) -> Value:
        subject = self.value()
        if function in _DATE_PARTS and subject.type == "date":
            self.expect(")")
            part, get = _DATE_PARTS[function], subject.get
            name = subject.field if function == "year" else ""
            return Value("int", lambda row: _number(get(row), part), name)
        if function in ("startswith", "search", "contains"):
            self.expect(",")
            asked = str(self.value().literal or "").lower()
            self.expect(")")
            find = str.startswith if function == "startswith" else str.__contains__
            get = subject.get
            return Value("bool", lambda row: find(str(get(row) or "").lower(), asked))
        raise malformed(f"{function}()", self.clause)


def _comparing(left: Value, right: Value, compare: Callable) -> Condition:
    get, wanted = left.get, right.get(())
    if compare is operator.ne:
        return lambda row: get(row) != wanted
    if left.type == "date":
        return lambda row: compare(_day(get(row)), _day(wanted))
    return lambda row: (held := get(row)) is not None and compare(held, wanted)


def _day(text: object) -> str:
    """ "2024" is its first day, as for a date with the precision of a year."""
    return f"{text or ''}-01-01"[:10] if len(str(text)) == 4 else str(text or "")[:10]


def _number(text: object, part: slice) -> int | None:
    digits = _day(text)[part]
    return int(digits) if digits else None


def where(text: str, types: Mapping[str, str]) -> Where:
    """Compile a condition; an empty one is always true. Raises QueryError."""
    return Parser(text, types).where() if text.strip() else EVERYTHING
