"""What is looked at together is what is looked at alone: texts, numbers, amounts of a column."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.budgetod.engine.numbers import whole
from ckanext.budgetod.engine.readers import values

_BROKEN = st.sampled_from(
    ["Ã©", "â€™", "ï¿½", "\ufffd", "\x92", "\x7f", "\u200b", "\u00a0", "é", "â"]
)
_TEXTS = st.lists(st.one_of(st.text(alphabet="aé ", max_size=5), _BROKEN), max_size=4).map("".join)


@settings(max_examples=500)
@given(st.lists(_TEXTS, max_size=4))
def test_texts_trimmed_together_are_those_cleaned_alone(texts: list[str]) -> None:
    found = values.trimmed(texts)
    if found is not None:
        assert found == [values.clean(text) for text in texts]
        assert not any(values.is_destroyed(text) for text in texts)
    assert found is not None or not all(text.isascii() and text.isprintable() for text in texts)


@pytest.mark.parametrize(
    ("text", "number"),
    [("2023", 2023), ("0", 0), ("007", 7), ("9" * 9, 999_999_999)]
    + [(text, None) for text in ("", "²", "²⁰²³", "٢٠٢٣", "-1", "1.0", " 1", "1\n", "9" * 5000)],
    ids=lambda value: str(value)[:10],
)
def test_whole_numbers(text: str, number: int | None) -> None:
    assert whole(text) == number


_NUMBER = re.compile(r"(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)?")
_NUMBERS = st.one_of(
    st.from_regex(_NUMBER, fullmatch=True), st.text(alphabet="0012.-+\n é", max_size=6)
)


@settings(max_examples=1000)
@given(st.lists(_NUMBERS, min_size=1, max_size=4))
def test_numbers_looked_at_together_are_those_looked_at_alone(texts: list[str]) -> None:
    surely = all(_NUMBER.fullmatch(text) and len(text) <= 16 for text in texts)
    assert bool(values.plain_numbers(texts)) == surely


@given(st.lists(_NUMBERS, max_size=4))
def test_amounts_read_together_are_those_read_alone(texts: list[str]) -> None:
    def alone() -> list[Decimal | None] | None:
        try:
            return [values.amount(text) if text else None for text in texts]
        except ValueError:
            return None

    try:
        assert values.amounts(texts) == alone()
    except ValueError:
        assert alone() is None
