"""Speed and memory, held as ratios. Bounds leave room for a busy machine; targets are in
``docs/performance.md``."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import measure

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def told() -> measure.Ratios:
    return measure.ratios(measure.town(2 * MEGABYTE), runs=3)


def test_lines_only(told: measure.Ratios) -> None:
    """Target 1.0."""
    assert told.lines <= 1.0


def test_gate(told: measure.Ratios) -> None:
    """Target 1.2."""
    assert told.gate <= 1.6


def test_seal(told: measure.Ratios) -> None:
    """Target 1.0."""
    assert told.seal <= 2.5


def test_everything(told: measure.Ratios) -> None:
    """Target 2.0."""
    assert told.everything <= 2.6


def test_memory_does_not_follow_the_document(tmp_path: Path) -> None:
    """Target: 20 MB more from 4 to 100 MB; here from 2 to 24 MB."""
    small, large = tmp_path / "small.xml", tmp_path / "large.xml"
    small.write_bytes(measure.town(2 * MEGABYTE))
    large.write_bytes(measure.town(24 * MEGABYTE))
    growth = measure.peak_memory(large) - measure.peak_memory(small)
    assert growth <= 20 * MEGABYTE


def test_plan_look_ups() -> None:
    """Target 150 ms."""
    assert measure.look_ups() <= 0.3


def test_help_starts_at_once() -> None:
    """Target 150 ms over a bare Python start."""
    assert measure.help_time(3) <= 0.15
