"""Numbers, dates and sizes as people read them."""

from __future__ import annotations

from datetime import timezone
from decimal import Decimal

import pytest

from ckanext.budgetod.views import formatting as f

SPACE = "\u00a0"


@pytest.mark.parametrize(
    ("value", "lang", "decimals", "expected"),
    [
        (1301, "fr", 0, f"1{SPACE}301"),
        ("18630320.15", "fr", 2, f"18{SPACE}630{SPACE}320,15"),
        ("-4200", "fr", 0, f"\u22124{SPACE}200"),
        (Decimal("0.5"), "fr", 0, "1"),
        (1301, "en", 0, "1,301"),
        ("112 864", "fr", 0, f"112{SPACE}864"),
        (None, "fr", 0, ""),
        ("", "fr", 0, ""),
        ("n/a", "fr", 0, ""),
        ("NaN", "fr", 0, ""),
    ],
)
def test_number(value, lang, decimals, expected):
    assert f.number(value, lang, decimals) == expected


def test_no_thin_space_anywhere():
    assert "\u202f" not in f.number(10**9, "fr") + f.euros("1234567.8", "fr", 2)


@pytest.mark.parametrize(
    ("value", "lang", "expected"),
    [
        ("18630320.15", "fr", f"18,6{SPACE}millions"),
        (1_950_000, "fr", f"2,0{SPACE}millions"),
        (1_900_000, "fr", f"1,9{SPACE}million"),
        (999_999, "fr", f"1,0{SPACE}million"),
        (836_000, "fr", f"836{SPACE}000{SPACE}€"),
        (-2_500_000, "fr", f"\u22122,5{SPACE}millions"),
        (2_381_500_000, "fr", f"2,4{SPACE}milliards"),
        (18_630_320, "en", f"18.6{SPACE}million"),
        (0, "fr", f"0{SPACE}€"),
        (None, "fr", ""),
    ],
)
def test_headline(value, lang, expected):
    assert f.headline(value, lang) == expected


def test_negative_euros_in_english_keep_the_sign_first():
    assert f.euros(-1250, "en", 2) == "\u2212€1,250.00"


@pytest.mark.parametrize(
    ("size", "lang", "expected"),
    [
        (0, "fr", f"0{SPACE}o"),
        (148_300, "fr", f"148{SPACE}ko"),
        (1_234_567, "fr", f"1,2{SPACE}Mo"),
        (1_234_567, "en", f"1.2{SPACE}MB"),
        (None, "fr", ""),
    ],
)
def test_file_size(size, lang, expected):
    assert f.file_size(size, lang) == expected


def test_the_first_of_the_month_in_french():
    assert f.day("2024-06-01", "fr") == "1er juin 2024"
    assert f.day("2024-06-11T08:00:00", "fr") == "11 juin 2024"
    assert f.day("2024-06-01", "en") == "June 1, 2024"
    assert f.day("soon", "fr") == ""


def test_moment():
    text = f.moment("2024-06-12T10:42:00+00:00", "fr", timezone.utc)
    assert text == f"12 juin 2024 à 10{SPACE}h{SPACE}42"


@pytest.mark.parametrize(
    ("spent", "expected"),
    [(0.42, f"0,4{SPACE}s"), (12, f"12{SPACE}s"), (240, f"4{SPACE}min"), (None, "")],
)
def test_seconds(spent, expected):
    assert f.seconds(spent, "fr") == expected


def test_siren():
    assert f.siren("215709908") == f"215{SPACE}709{SPACE}908"
    assert f.siren("?") == "?"
