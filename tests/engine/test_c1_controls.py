"""U+0080 to U+009F are cp1252 characters that somebody declared latin-1: whatever is made of a
document shows the character that was meant, and no control.

The anonymised XML keeps them as they came: it is the deposited document without its persons, and
nothing else of it is changed; whoever reads it again gets the same tables.
"""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine.builder import cfu_document, totem_document
from ckanext.budgetod.engine.builder_accounting import whole_accounting
from ckanext.budgetod.engine.builder_lines import sample_lines
from ckanext.budgetod.engine.findings_render import render

MEANT = "l’œuvre – 3 €"
RAW = MEANT.encode("cp1252").decode("latin-1")
NOBODY = "\x81\x8d"
"""Of the range, but nothing in cp1252: left out."""
C1 = re.compile("[\x80-\x9f]")

# how the controls are written: encoding of the document, and what stands for each of them
WRITINGS = {
    "latin-1 bytes": ("ISO-8859-1", "{}"),
    "decimal references in latin-1": ("ISO-8859-1", "&#{:d};"),
    "decimal references in utf-8": ("UTF-8", "&#{:d};"),
    "hexadecimal references in utf-8": ("UTF-8", "&#x{:x};"),
    "utf-8 characters": ("UTF-8", "{}"),
}


def written(document: bytes, writing: str) -> bytes:
    encoding, form = WRITINGS[writing]
    text = document.decode(encoding)
    if form != "{}":
        text = C1.sub(lambda found: form.format(ord(found[0])), text)
    return text.encode(encoding)


def badly_coded(writing: str, *, cfu: bool) -> bytes:
    """A document with controls in its names, labels, operations, annexes and statements."""
    text = f"{RAW}{NOBODY}"
    lines = sample_lines()
    lines[0] |= {"Operation": RAW[:7], "LibCpte": text}
    lines[1] |= {"Nature": "999999", "LibCpte": f"Inconnu {text}"}
    annexes = {
        "EMPRUNT": [{"CodTypEmpr": "01", "ObjEmpr": text, "LibOrgaPreteur": f"Banque {text}"}],
        "CONCOURS": [
            {
                "CodNatJurBenefCA": "P1",
                "LibOrgaBenef": f"Association {text}",
                "MtSubv": "3.00",
                "ObjSubv": text,
            }
        ],
    }
    fields: dict[str, Any] = {
        "lines": lines,
        "annexes": annexes,
        "encoding": WRITINGS[writing][0],
        "collectivite": f"Ville de {text}",
        "informations": {"PopTot": "100", "EPCI": text},
    }
    if not cfu:
        return written(totem_document(**fields), writing)
    rows = whole_accounting(sample_lines())
    rows[0]["Intitule1"] = text
    return written(cfu_document(**fields, accounting=rows), writing)


def texts_of(folder: Path) -> dict[str, str]:
    """Name of each published file and its text, parquet as its values."""
    found = {}
    for path in folder.iterdir():
        if path.suffix == ".parquet":
            rows = parquet.read_table(path).to_pylist()
            found[path.name] = json.dumps(rows, ensure_ascii=False, default=str)
        elif path.suffix == ".json":
            data = json.loads(path.read_text(encoding="utf-8"))
            found[path.name] = json.dumps(data, ensure_ascii=False)
        else:
            found[path.name] = path.read_text(encoding="utf-8")
    return found


@pytest.mark.parametrize("cfu", [False, True], ids=["totem", "cfu"])
@pytest.mark.parametrize("writing", WRITINGS)
def test_what_was_meant_is_published_and_no_control(
    writing: str, cfu: bool, tmp_path: Path
) -> None:
    document = badly_coded(writing, cfu=cfu)
    done = engine.convert(
        io.BytesIO(document), tmp_path, profile="annexes", formats=("csv", "json", "parquet")
    )
    texts = {name: text for name, text in texts_of(tmp_path).items() if not name.endswith(".xml")}
    assert {name for name, text in texts.items() if C1.search(text)} == set()
    wanted = ["etendu.csv", "etendu.parquet", "scdl.json", "emprunt.csv", "concours.csv"]
    wanted += ["chiffres.json", "rapport.json", "datapackage.json"]
    wanted += ["comptable-bilan-synthetique.csv"] if cfu else []
    for ending in wanted:
        assert MEANT in next(text for name, text in texts.items() if name.endswith(ending)), ending
    assert done.header.libelle_collectivite == f"Ville de {MEANT}"
    told = [render(finding, lang) for finding in done.report.findings for lang in ("fr", "en")]
    assert "F13" in {finding.code for finding in done.report.findings}
    assert not C1.search(json.dumps(told, ensure_ascii=False, default=str))


@pytest.mark.parametrize("writing", WRITINGS)
def test_lines_read_alone_show_what_was_meant(writing: str) -> None:
    document = badly_coded(writing, cfu=False)
    lines = list(engine.read_lines(io.BytesIO(document)))
    assert lines[0].line.lib_compte == MEANT
    assert lines[0].line.operation == MEANT[:7]
    assert lines[1].nature_label == f"Inconnu {MEANT}"
    target = io.BytesIO()
    engine.write_scdl(io.BytesIO(document), target)
    text = target.getvalue().decode("utf-8")
    assert f"Inconnu {MEANT}" in text
    assert not C1.search(text)


@pytest.mark.parametrize("writing", WRITINGS)
def test_the_anonymised_document_keeps_what_it_was_given(writing: str) -> None:
    document = badly_coded(writing, cfu=False)
    target = io.BytesIO()
    engine.anonymise(io.BytesIO(document), target)
    label = f'LibCpte V="{RAW}{NOBODY}"'
    assert label in re.sub(r"&#(\d+);", lambda x: chr(int(x[1])), target.getvalue().decode("utf-8"))
    again = engine.read_lines(io.BytesIO(target.getvalue()))
    before = engine.read_lines(io.BytesIO(document))
    assert [x.nature_label for x in again] == [x.nature_label for x in before]


def test_a_name_is_masked_whole_whatever_its_characters() -> None:
    names = ("Mme D\x92ZWXQUORV", "M. CH\x8cZWXQUORV", "Mme \x8aZWXQUORV", "M. ZWXQUORVI\x8e")
    lines = [
        line | {"LibCpte": f"chez {name}"}
        for line, name in zip(sample_lines(), names, strict=False)
    ]
    for writing in WRITINGS:
        encoding, _ = WRITINGS[writing]
        document = written(totem_document(lines=lines, encoding=encoding), writing)
        target = io.BytesIO()
        engine.anonymise(io.BytesIO(document), target)
        published = target.getvalue().decode("utf-8")
        assert "ZWXQUORV" not in published
        assert published.count("[nom occulté]") == len(names)
