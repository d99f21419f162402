"""The check report: what was read, what was verified, what was found; codes and figures only.

``Report.to_dict`` is the versioned JSON described by ``report.schema.json``; ``from_dict`` reads it
back. Sentences are made by ``findings_render`` when somebody reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .document import Header, Stage
from .findings import Finding, Level, Where
from .informations import population
from .numbers import whole
from .version import REPORT_FORMAT, REPORT_VERSION

PASSED, FAILED, NOT_APPLICABLE = "passed", "failed", "not_applicable"

LAST_STRICT_VERSION = 95
"""Up to this TotEM version the official schema is known: unknown elements are a fault."""
VENDOR_PLACES = ("BlocEditeur", "Champ_Editeur")
"""Elements of the schema where vendors write what they like: never published, never a surprise."""
SHOWN_NAMES = 8
_CODE = re.compile(r"(?=\D*\d)[\w.+/-]{1,40}")
_ALWAYS_WITHHOLD = frozenset({"S05", "I01", "I04", "D03"})
_VOTED = frozenset({Stage.BP.value, Stage.DM.value, Stage.BS.value})
_ORDER = {Level.BLOCKING: 0, Level.CONFIRM: 1, Level.INFO: 2}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One control of the list: ``failed`` only when something blocks or asks to be confirmed."""

    code: str
    level: Level
    state: str


@dataclass(frozen=True, slots=True)
class Report:
    """Immutable; ``with_*`` give a completed copy."""

    document: Mapping[str, Any]
    checks: tuple[CheckResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    masked: tuple[Mapping[str, Any], ...] = ()
    dropped: tuple[Mapping[str, Any], ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    resolution: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    seal: str = "unchecked"
    absent_files: tuple[Mapping[str, str], ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Findings per level; controls passed and controls that could be run."""
        states = [check.state for check in self.checks]
        return {
            **{level.value: sum(f.level is level for f in self.findings) for level in Level},
            "passed": states.count(PASSED),
            "total": states.count(PASSED) + states.count(FAILED),
        }

    @property
    def worst(self) -> Level | None:
        """The most serious level found, None when nothing was found."""
        return min((f.level for f in self.findings), key=_ORDER.__getitem__, default=None)

    def codes(self, level: Level | None = None) -> list[str]:
        """Codes found, in the order of the report, each once."""
        found = (f.code for f in self.findings if level is None or f.level is level)
        return list(dict.fromkeys(found))

    def with_findings(self, findings: Iterable[Finding]) -> Report:
        """A copy that also tells what others found (the gate, the portal), most serious first.

        A finding already told (same code, same params) is not told twice.
        """
        told = {(f.code, repr(sorted(f.params.items()))) for f in self.findings}
        new = [f for f in findings if (f.code, repr(sorted(f.params.items()))) not in told]
        states = [_after(check, new) for check in self.checks]
        return replace(self, findings=sort_findings((*self.findings, *new)), checks=tuple(states))

    def with_gate(
        self,
        findings: Iterable[Finding] = (),
        masked: Iterable[Mapping[str, Any]] = (),
        dropped: Iterable[Mapping[str, Any]] = (),
    ) -> Report:
        """A copy completed by what the anonymiser's pass over the original saw."""
        completed = replace(
            self,
            masked=(*self.masked, *(dict(row) for row in masked)),
            dropped=(*self.dropped, *(dict(row) for row in dropped)),
        )
        return completed.with_findings([*findings, *completed._unknown_elements()])

    def _unknown_elements(self) -> list[Finding]:
        """F16: expected of a TotEM version later than the official schema, to confirm otherwise."""
        told = {str(row["what"]) for row in self.dropped}
        names = sorted(name for name in told if _is_surprise(name))
        if not names:
            return []
        version = whole(str(self.document.get("schema_version", "")))
        later = version is not None and version > LAST_STRICT_VERSION
        level = Level.INFO if later else Level.CONFIRM
        params = {"n": len(names), "noms": names[:SHOWN_NAMES]}
        return [Finding("F16", level, params, count=len(names))]

    def with_rows(self, rows: Mapping[str, int]) -> Report:
        return replace(self, rows=dict(rows))

    def with_absent_files(self, absent: Iterable[Mapping[str, str]]) -> Report:
        return replace(self, absent_files=tuple(dict(row) for row in absent))

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values, always in the same order."""
        return {
            "format": REPORT_FORMAT,
            "version": REPORT_VERSION,
            "document": dict(self.document),
            "counts": self.counts,
            "checks": [
                {"code": c.code, "level": c.level.value, "state": c.state} for c in self.checks
            ],
            "findings": [finding_to_dict(finding) for finding in self.findings],
            "masked": [dict(row) for row in self.masked],
            "dropped": [dict(row) for row in self.dropped],
            "rows": dict(self.rows),
            "resolution": {name: dict(counts) for name, counts in self.resolution.items()},
            "seal": self.seal,
            "absent_files": [dict(row) for row in self.absent_files],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """Read ``to_dict`` back. ValueError for another format or a newer major version."""
        _check_version(data)
        return cls(
            document=dict(data["document"]),
            checks=tuple(
                CheckResult(row["code"], Level(row["level"]), row["state"])
                for row in data.get("checks", ())
            ),
            findings=tuple(finding_from_dict(row) for row in data.get("findings", ())),
            masked=tuple(data.get("masked", ())),
            dropped=tuple(data.get("dropped", ())),
            rows=dict(data.get("rows", {})),
            resolution=dict(data.get("resolution", {})),
            seal=data.get("seal", "unchecked"),
            absent_files=tuple(data.get("absent_files", ())),
        )


def _check_version(data: Mapping[str, Any]) -> None:
    if data.get("format") != REPORT_FORMAT:
        raise ValueError(f"not a {REPORT_FORMAT} document")
    version = str(data.get("version", ""))
    if version.partition(".")[0] != REPORT_VERSION.partition(".")[0]:
        raise ValueError(f"unknown version of {REPORT_FORMAT}: {version}")


def _after(check: CheckResult, findings: Iterable[Finding]) -> CheckResult:
    """The state of a control once more findings are known."""
    mine = [finding for finding in findings if finding.code == check.code]
    if not mine:
        return check
    failed = check.state == FAILED or any(f.level is not Level.INFO for f in mine)
    return replace(check, state=FAILED if failed else PASSED)


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Most serious first, then by code; equal ones keep their order."""
    return tuple(sorted(findings, key=lambda f: (_ORDER[f.level], f.code)))


def finding_to_dict(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "level": finding.level.value,
        "params": dict(finding.params),
        "where": [_place(place) for place in finding.where],
        "count": finding.count,
    }


def _place(where: Where) -> dict[str, Any]:
    return {
        "line": where.line,
        "source_line": where.source_line,
        "element": where.element,
        "note": where.note,
    }


def finding_from_dict(data: Mapping[str, Any]) -> Finding:
    return Finding(
        code=data["code"],
        level=Level(data["level"]),
        params=dict(data.get("params", {})),
        where=tuple(Where(**place) for place in data.get("where", ())),
        count=data.get("count", 1),
    )


def _is_surprise(name: str) -> bool:
    """An element or attribute; not a comment nor stray text, nor a known place of vendors."""
    last = name.rpartition("/")[2]
    return last not in VENDOR_PLACES and not last.startswith(("#", "…"))


def coded(text: str) -> str:
    """A code as it is; "" for a text that is none: nothing typed in a wrong place goes out.

    A code has no space, at most forty characters, and a digit among them.
    """
    return text if _CODE.fullmatch(text) else ""


def describe(header: Header) -> dict[str, Any]:
    """The ``document`` part of a report: identity and facts of the header, as JSON values."""
    return {
        "siret": header.siret,
        "siren": header.siren,
        "exercice": header.exercice,
        "etape": header.stage.slug,
        "etape_code": header.stage.value,
        "numero_dm": coded(header.numero_dm),
        "categorie": "annexe" if header.is_annexe else "principal",
        "code_budget": coded(header.code_budget),
        "libelle": header.libelle_etablissement.strip(),
        "collectivite": header.libelle_collectivite.strip(),
        "siret_principal": header.siret_principal,
        "libelle_principal": header.libelle_principal.strip(),
        "nomenclature": coded(header.nomenclature),
        "schema_version": coded(header.schema_version),
        "date_vote": header.date_vote.isoformat() if header.date_vote else None,
        "date_scellement": header.sealed_at.isoformat() if header.sealed_at else None,
        "population": population(header),
        "nat_fonc": coded(header.nat_fonc),
    }


def withholding_codes(report: Report, publish_when: str = "always") -> list[str]:
    """Codes whose answer a person must give before publication.

    ``always``: a project of a budget still to be voted (S02 on BP, DM, BS), an older seal than the
    published one (S05), another organisation's SIREN (I01, I04), an amending decision without
    number after another one (D03). ``confirmed``: every finding to confirm. Any other value is a
    ValueError.
    """
    if publish_when == "confirmed":
        return report.codes(Level.CONFIRM)
    if publish_when != "always":
        raise ValueError(f"unknown value of publish_when: {publish_when}")
    voted = report.document.get("etape_code") in _VOTED
    return [
        code
        for code in report.codes(Level.CONFIRM)
        if code in _ALWAYS_WITHHOLD or (code == "S02" and voted)
    ]


def blocking_codes(report: Report) -> list[str]:
    """Codes that refuse the document: no answer can publish it."""
    return report.codes(Level.BLOCKING)


def missing_annexe_budgets(summary: Mapping[str, Any], published: Iterable[str]) -> list[Finding]:
    """Q05 when a principal budget names annexe budgets that are not among the SIRET published.

    ``summary`` is that of the principal budget; a budget without SIRET is known by its code.
    """
    known = set(published)
    named = summary.get("budgets_annexes") or []
    missing = [b for b in named if not known.intersection((b["siret"], b["code"]))]
    if not missing:
        return []
    params = {"n": len(named), "noms": [b["libelle"] or b["code"] for b in missing]}
    return [Finding("Q05", Level.INFO, params, count=len(missing))]
