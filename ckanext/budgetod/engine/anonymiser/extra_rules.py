"""An administrator's rules laid over those of the package.

What they drop is dropped, whatever the package does with it; a word that no rule has is refused,
since somebody would believe that something is hidden which is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from ..errors import RulesError

PARTS = ("tables", "elements")
DROPS = frozenset(("drop", "drop_attributes"))
ACTIONS = frozenset(("keep", "code", "scan", "sober", "party", "with_party", "mask"))
_SINCE = "since_"
_PARTY = frozenset(("code", "natural", "siren", "form", "cautious", "sober"))
_PLAIN = {"version": (str, int, float), "mark": (str,), "item": (str,)}
_NESTED = frozenset(("party", "leaves", "grounds", "limits", "profiles", *PARTS))
"""Words that map names to something; the others list names."""


def completed(base: Mapping[str, Any], extra: Any) -> dict[str, Any]:
    """The rules of the package with those of a file. RulesError when it cannot be followed."""
    _check_words(set(base), extra)
    told = {part: value for part, value in extra.items() if value is not None}
    for part, value in told.items():
        _check_shape(part, value)
    for part in PARTS:
        for name, spec in told.get(part, {}).items():
            _check(spec, f"{part}/{name}", _known(base[part].values()))
    for name, most in told.get("limits", {}).items():
        if not isinstance(most, int):
            raise RulesError("rules_shape", part=f"limits/{name}")
    for name, choices in told.get("profiles", {}).items():
        _check_mapping(choices, f"profiles/{name}")
    merged = _merged(base, told)
    for part in PARTS:
        for name, spec in told.get(part, {}).items():
            merged[part][name] = _hidden(merged[part][name], spec or {})
    return merged


def _known(specs: Iterable[Mapping[str, Any] | None]) -> frozenset[str]:
    """The words of the rules of a part."""
    return ACTIONS | DROPS | {word for spec in specs for word in spec or ()}


def _check(spec: Any, where: str, known: frozenset[str]) -> None:
    """One rule: its words, what stands behind each, the rules inside it."""
    if spec is None:
        return
    _check_mapping(spec, where)
    parts = {word for word in spec if str(word).startswith(_SINCE)}
    _check_words(known, {word: spec[word] for word in spec if word not in parts}, f"{where}/")
    for word, value in spec.items():
        if word in parts:
            _check_mapping(value, f"{where}/{word}")
            _check(value, f"{where}/{word}", known)
        elif word == "strict":
            _check_words({"leave_out"}, {value: None}, f"{where}/strict/")
        else:
            _check_shape(word, value, f"{where}/")
    for leaf, inner in spec.get("leaves", {}).items():
        _check_mapping(inner, f"{where}/leaves/{leaf}")
        _check(inner, f"{where}/leaves/{leaf}", known | {"texts"})
    for field, how in spec.get("party", {}).items():
        _check_party(how or {}, f"{where}/party/{field}")


def _check_party(how: Any, where: str) -> None:
    _check_words(_PARTY, how, f"{where}/")
    natural = how.get("natural", "always")
    if natural != "always" and not isinstance(natural, list):
        raise RulesError("rules_shape", part=f"{where}/natural")


def _check_shape(word: str, value: Any, where: str = "") -> None:
    if word in _NESTED:
        _check_mapping(value, f"{where}{word}")
    elif not isinstance(value, _PLAIN.get(word, (list, Mapping))):
        raise RulesError("rules_shape", part=f"{where}{word}")


def _check_mapping(value: Any, where: str) -> None:
    if not isinstance(value, Mapping):
        raise RulesError("rules_mapping", part=where)


def _check_words(known: Set[str], found: Any, where: str = "") -> None:
    wrong = set(found) - known if isinstance(found, Mapping) else {type(found).__name__}
    if wrong:
        raise RulesError(
            "rules_unknown", names=[f"{where}{word}" for word in sorted(wrong, key=str)]
        )


def _merged(base: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """``extra`` laid over ``base``: mappings merge, lists join, others replace, nothing is told."""
    merged = dict(base)
    for key, value in extra.items():
        mine = merged.get(key)
        if value is None:
            merged.setdefault(key, None)
        elif isinstance(mine, Mapping) and isinstance(value, Mapping):
            merged[key] = _merged(mine, value)
        elif isinstance(mine, list) and isinstance(value, list):
            merged[key] = [*mine, *value]
        else:
            merged[key] = value
    return merged


def _hidden(spec: Mapping[str, Any] | None, extra: Mapping[str, Any]) -> dict[str, Any]:
    """A rule without what the extra one drops."""
    dropped = {*(extra.get("drop") or ()), *(extra.get("drop_attributes") or ())}
    found = _without(spec or {}, dropped)
    for leaf, parts in (extra.get("leaves") or {}).items():
        leaves = found["leaves"]
        found["leaves"] = {**leaves, leaf: _without(leaves[leaf], set(parts.get("drop") or ()))}
    return found


def _without(spec: Mapping[str, Any], dropped: set[str]) -> dict[str, Any]:
    """A rule that no longer lets these names out."""
    found = dict(spec)
    for word, value in spec.items():
        if word in ACTIONS or word == "attributes":
            found[word] = _less(value, dropped)
        elif word.startswith(_SINCE):
            found[word] = _without(value, dropped)
    return found


def _less(names: Any, dropped: set[str]) -> Any:
    if isinstance(names, Mapping):
        return {name: value for name, value in names.items() if name not in dropped}
    return [name for name in names or () if name not in dropped]
