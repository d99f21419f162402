"""Numbers, dates and sizes as people read them, in French or English.

Typography of the French State: groups of three digits parted by U+00A0 (Babel's U+202F is too thin
in the usual fonts), the same before a unit, and U+2212 for minus. Amounts are euros.
"""

from __future__ import annotations

from datetime import date, datetime, timezone, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from babel.dates import format_date
from babel.numbers import format_decimal

NBSP = "\u00a0"
MINUS = "\u2212"
MILLION = Decimal(1_000_000)
BILLION = Decimal(1_000_000_000)


def to_decimal(value: object) -> Decimal | None:
    """The amount that ``value`` (str, int, Decimal) writes, or None when it writes none."""
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value).replace(" ", "").replace(NBSP, ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def number(value: object, lang: str, decimals: int = 0) -> str:
    """``1301`` → « 1 301 » (fr) or "1,301" (en); "" when ``value`` is no number."""
    amount = to_decimal(value)
    if amount is None:
        return ""
    rounded = amount.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    text = format_decimal(abs(rounded), format=pattern, locale=babel_locale(lang))
    sign = MINUS if rounded < 0 else ""
    return sign + text.replace("\u202f", NBSP)


def euros(value: object, lang: str, decimals: int = 0) -> str:
    """``1250`` → « 1 250 € » (fr) or "€1,250" (en)."""
    text = number(value, lang, decimals)
    if not text:
        return ""
    if lang == "fr":
        return f"{text}{NBSP}€"
    return f"{MINUS}€{text[1:]}" if text.startswith(MINUS) else f"€{text}"


def headline(value: object, lang: str) -> str:
    """A key figure in words: « 18,6 millions », "1.2 billion"; whole euros under one million.

    One decimal. In French the plural begins at 2: « 1,9 million ».
    """
    amount = to_decimal(value)
    if amount is None:
        return ""
    for unit, words in ((BILLION, _BILLION), (MILLION, _MILLION)):
        scaled = (abs(amount) / unit).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
        if scaled >= 1:
            sign = MINUS if amount < 0 else ""
            singular, plural = words.get(lang, words["en"])
            word = plural if scaled >= 2 else singular
            return f"{sign}{number(scaled, lang, 1)}{NBSP}{word}"
    return euros(amount, lang)


_MILLION = {"fr": ("million", "millions"), "en": ("million", "million")}
_BILLION = {"fr": ("milliard", "milliards"), "en": ("billion", "billion")}


def share(value: object, lang: str) -> str:
    """``"22.14"`` → « 22,1 % » (fr) or "22.1%" (en)."""
    text = number(value, lang, 1)
    if not text:
        return ""
    return f"{text}{NBSP}%" if lang == "fr" else f"{text}%"


def file_size(octets: object, lang: str) -> str:
    """Bytes as « 148 ko » or « 1,2 Mo » (fr), "148 kB" or "1.2 MB" (en); decimal units."""
    size = to_decimal(octets)
    if size is None:
        return ""
    letter = "o" if lang == "fr" else "B"
    if size < 1000:
        return f"{number(size, lang)}{NBSP}{letter}"
    if size < MILLION:
        return f"{number(size / 1000, lang)}{NBSP}k{letter}"
    return f"{number(size / MILLION, lang, 1)}{NBSP}M{letter}"


def seconds(value: object, lang: str) -> str:
    """A duration: « 0,4 s », « 12 s », « 2 min »."""
    spent = to_decimal(value)
    if spent is None:
        return ""
    if spent < 10:
        return f"{number(spent, lang, 1)}{NBSP}s"
    if spent < 120:
        return f"{number(spent, lang)}{NBSP}s"
    return f"{number(spent / 60, lang)}{NBSP}min"


def to_datetime(value: object) -> datetime | None:
    """An ISO text, a date or a datetime as a datetime (UTC when nothing is said), or None."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    else:
        try:
            moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        except ValueError:
            return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def day(value: object, lang: str) -> str:
    """« 11 juin 2024 », « 1er juin 2024 » (fr) or "June 11, 2024" (en); "" when it is no date."""
    moment = to_datetime(value)
    if moment is None:
        return ""
    text = format_date(moment.date(), format="long", locale=babel_locale(lang))
    return f"1er{text[1:]}" if lang == "fr" and text.startswith("1 ") else text


def moment(value: object, lang: str, zone: tzinfo) -> str:
    """« 12 juin 2024 à 10 h 42 » (fr) or "June 12, 2024, 10:42" (en)."""
    found = to_datetime(value)
    if found is None:
        return ""
    local = found.astimezone(zone)
    if lang == "fr":
        return f"{day(local, lang)} à {local.hour}{NBSP}h{NBSP}{local.minute:02d}"
    return f"{day(local, lang)}, {local.hour}:{local.minute:02d}"


def babel_locale(lang: str) -> str:
    """The locale whose numbers and dates we write: fr, else en."""
    return "fr" if lang.startswith("fr") else "en"


def siren(value: object) -> str:
    """``215709908`` → « 215 709 908 »; anything else unchanged."""
    digits = str(value or "")
    if len(digits) != 9 or not digits.isdigit():
        return digits
    return NBSP.join((digits[:3], digits[3:6], digits[6:]))


def percentage(part: object, whole: object) -> Decimal | None:
    """Share of ``part`` in ``whole`` in hundredths, None when it has no meaning."""
    top, bottom = to_decimal(part), to_decimal(whole)
    if top is None or not bottom:
        return None
    return top * 100 / bottom
