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


def completed(base: Mapping[str, Any], extra: Any) -> dict[str, Any]:
    """The rules of the package with those of a file. RulesError when it cannot be followed."""
    _check_words(set(base), extra)
    for part in PARTS:
        specs = extra.get(part) or {}
        if not isinstance(specs, Mapping):
            raise RulesError("rules_mapping", part=part)
        for name, spec in specs.items():
            _check(part, name, spec, _known(base[part].values()))
    merged = _merged(base, extra)
    for part in PARTS:
        for name, spec in (extra.get(part) or {}).items():
            merged[part][name] = _hidden(merged[part][name], spec or {})
    return merged


def _known(specs: Iterable[Mapping[str, Any] | None]) -> frozenset[str]:
    """The words of the rules of a part."""
    return ACTIONS | DROPS | {word for spec in specs for word in spec or ()}


def _check(part: str, name: str, spec: Any, known: frozenset[str]) -> None:
    if spec is None:
        return
    if not isinstance(spec, Mapping):
        raise RulesError("rules_mapping", part=f"{part}/{name}")
    plain = {word: value for word, value in spec.items() if not str(word).startswith(_SINCE)}
    _check_words(known, plain, f"{part}/{name}/")


def _check_words(known: Set[str], found: Any, where: str = "") -> None:
    wrong = set(found) - known if isinstance(found, Mapping) else {type(found).__name__}
    if wrong:
        raise RulesError(
            "rules_unknown", names=[f"{where}{word}" for word in sorted(wrong, key=str)]
        )


def _merged(base: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """``extra`` laid over ``base``: mappings merge, lists join, other values replace."""
    merged = dict(base)
    for key, value in extra.items():
        mine = merged.get(key)
        if isinstance(mine, Mapping) and isinstance(value, Mapping):
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
