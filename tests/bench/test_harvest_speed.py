"""The harvest, held as ratios on a sample: ``make bench-harvest SMALL=1``. Bounds leave room for a
busy machine; targets are in ``docs/performance.md``."""

from __future__ import annotations

import os

import pytest

pytestmark = pytest.mark.skipif(
    "BENCH_OURS" not in os.environ, reason="make bench-harvest SMALL=1 makes the two CKAN"
)
MEGABYTE = 1_000_000
TERRITORY = {"territoire": {"departements": ["55"]}, "exercices": [2024]}


@pytest.fixture(scope="module")
def harvest():
    return pytest.importorskip("tests.bench.harvest")


@pytest.fixture(scope="module")
def ours(harvest):
    harvest.forget_calls()
    with harvest.child("BENCH_OURS") as running:
        yield running


@pytest.fixture(scope="module")
def source(ours) -> str:
    return ours.source(TERRITORY)


@pytest.fixture(scope="module")
def job(ours, source):
    return ours.gather(source)


def test_calls_to_the_source(harvest, job) -> None:
    """Target: 3 per département and year. A description, a count and an export for each kind."""
    assert not job["errors"]
    assert harvest.calls() <= 3 * 3


def test_throughput_beside_plain_ckan(harvest, ours, job) -> None:
    """Target 0.8."""
    with harvest.child("BENCH_PLAIN") as plain:
        told = harvest.in_turns(ours, plain, job["ids"][:75])
    print(f"throughput, ours / plain CKAN: {told.ratio:.2f}")
    assert told.ratio >= 0.5


def test_memory_does_not_follow_the_harvest(ours, job) -> None:
    """Target: 400 MB at most, and as much after a thousand objects as after a hundred."""
    before = ours.peak()
    ours.consume(job["ids"][75:])
    assert ours.peak() <= 400 * MEGABYTE
    assert ours.peak() - before <= 30 * MEGABYTE


def test_harvest_without_news(harvest, ours, source, job) -> None:
    """Target: 100 objects per second. Nothing is written, and the block is not fetched again."""
    ours.close(job["job"])
    speed, states, untouched = harvest.again(ours, source)
    assert states == {"not modified": len(job["ids"])}
    assert untouched
    assert len(job["ids"]) / speed <= job["seconds"]
