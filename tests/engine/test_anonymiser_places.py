"""Persons where nobody expects them: attributes, comments, instructions, CDATA, other namespaces,
text between elements; in all the forms a civility takes. Nothing of a conversion names one."""

from __future__ import annotations

import io
import itertools
import json
import unicodedata
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from ckanext.budgetod import engine
from ckanext.budgetod.engine.annex_cells import declared
from ckanext.budgetod.engine.anonymiser.rules import load
from ckanext.budgetod.engine.builder import cfu_document, totem_document
from ckanext.budgetod.engine.findings_render import render

from .planting import Garden, planted_tables

FORMS = (
    *("m. et mme {t} Jean", "MME {u}", "monsieur jean {l}", "Mlle A.-M. {u}", "M. J.P. {u}"),
    *("Mme É{l}", "{l}@ville-x.fr", "{u}@VILLE.FR", "Vve {u}", "CONSORTS {u}", "DR {u}"),
    *("Mr.{u}", "(M. {u})", "n°3 : Mme {u}-MARTIN", "Mme\u00a0{u}", "M.\u202f{u}", "ME {u}"),
    *("M. Petit, Mme {u}", "MM. Petit, {t}", "Mme Ş{l}", "M. {l}", "Mme : {t}", "E\u0301poux {t}"),
)
NOISE = (
    '<!-- {} "q" -->',
    "<?note {}?>",
    "<![CDATA[{}]]>",
    "{}",
    '<Inconnu V="{}"/>',
    "<Inconnu>{}</Inconnu>",
    '<v:x xmlns:v="urn:v" v:a="{}"/>',
    '<v:x xmlns:v="urn:v">{}</v:x>',
)
ATTRIBUTES = (' auteur="{}"', ' xmlns:z="urn:z" z:p="{}"', ' id="{}"', "")
LINE = (
    '<LigneBudget id="{id}"><Nature V="999999"/><LibCpte V="{a}"/><Operation V="{b}"/>'
    '<CodRD V="{side}"/><CredOuv V="10.00"/><MtReal V="10.00"/><OpBudg V="0"/>'
    '<MtSup Code="{c}" V="1.00"/><CaracSup Code="ProgAutoLib" V="{d}"/>{noise}</LigneBudget>'
)


class Bed(Garden):
    """Persons in the forms of this module."""

    def __init__(self) -> None:
        super().__init__()
        self._more = itertools.cycle(FORMS)
        self._lone = itertools.cycle(("{u} Jean", "{t}", "J. {u}", "jean {l}", "{u}", "{t} (Jean)"))

    def _of(self, form: str) -> str:
        name = self.name()
        return escape(form.format(u=name.upper(), t=name.title(), l=name))

    def marked(self) -> str:
        return self._of(next(self._more))

    def bare(self) -> str:
        return self._of(next(self._lone))


def noisy(document: str, bed: Bed) -> Iterator[str]:
    """The document with something unexpected in each annex row."""
    kinds = zip(itertools.cycle(NOISE), itertools.cycle(ATTRIBUTES), strict=False)
    items = {rule.name for rule in load().items.values()}
    for line in document.split("\n"):
        name = line.strip()[1:-1]
        if name in items and line.strip().startswith("<"):
            noise, attribute = next(kinds)
            yield f"<{name}{attribute.format(bed.bare())}>{noise.format(bed.bare())}"
        else:
            yield line


def planted(bed: Bed, *, coded: bool, cfu: bool) -> bytes:
    """A document with a person wherever a text can stand."""
    tables = planted_tables(bed, coded)
    if cfu:
        rows = [{"Etat": "BI_A", "NumOrdre": "1", "Intitule1": bed.marked(), "MtNet": "1.00"}]
        built = cfu_document(annexes=tables, accounting=rows)
    else:
        built = totem_document(annexes=tables, informations={"PopTot": bed.bare()})
    document = "\n".join(noisy(built.decode("iso-8859-1"), bed))
    lines = "".join(
        LINE.format(
            id=bed.bare(),
            side=side,
            noise=noise.format(bed.bare()),
            **{key: bed.marked() for key in "abcd"},
        )
        for side, noise in itertools.product("RD", NOISE)
    )
    start = document.index("<LigneBudget")
    document = document[:start] + lines + document[start:]
    new = f'<DATA_NEW><NEW a="{bed.bare()}"><N V="{bed.bare()}"/>{bed.bare()}</NEW></DATA_NEW>'
    document = document.replace("</Annexes>", f"{new}{bed.bare()}<!--{bed.bare()}--></Annexes>")
    document = document.replace("<BlocBudget>", f"<BlocBudget><PJRef>{bed.bare()}</PJRef>", 1)
    document += f"<!-- {bed.bare()} --><?x {bed.bare()}?>"
    return document.encode("iso-8859-1", "xmlcharrefreplace")


def contents(path: Path) -> bytes:
    """The bytes of a file; for a parquet file its values and what it says of itself."""
    if path.suffix != ".parquet":
        return path.read_bytes()
    table = parquet.read_table(path)
    said = [table.to_pylist(), str(table.schema), str(parquet.read_metadata(path).metadata)]
    return json.dumps(said, default=str, ensure_ascii=False).encode()


def folded(data: bytes) -> str:
    text = unicodedata.normalize("NFKD", data.decode("utf-8"))
    return "".join(char for char in text if not unicodedata.combining(char)).lower()


@pytest.mark.parametrize("profile", ["strict", "annexes", "sans_xml"])
@pytest.mark.parametrize("coded", [False, True], ids=["without code", "with code"])
@pytest.mark.parametrize("cfu", [False, True], ids=["totem", "cfu"])
def test_a_person_in_an_unexpected_place_is_in_no_file(
    tmp_path: Path, profile: str, coded: bool, cfu: bool
) -> None:
    bed = Bed()
    document = tmp_path / "document.xml"
    document.write_bytes(planted(bed, coded=coded, cfu=cfu))
    assert len(declared()["tables"]) == 39
    assert len(bed.names) > 200
    formats = ("csv", "json", "parquet")
    done = engine.convert(document, tmp_path / "out", profile=profile, formats=formats)
    told = [render(finding, lang) for finding in done.report.findings for lang in ("fr", "en")]
    answers = json.dumps([told, done.report.to_dict(), done.summary], ensure_ascii=False)
    texts = {path.name: contents(path) for path in (tmp_path / "out").iterdir()}
    assert any(name.endswith(".parquet") for name in texts)
    texts |= {"names": " ".join(texts).encode(), "answers": answers.encode()}
    leaks = {name: bed.leaks(folded(data)) for name, data in texts.items()}
    assert {name: found for name, found in leaks.items() if found} == {}
    assert done.report.rows["read"] >= 16


def test_the_lines_alone_name_nobody_either(tmp_path: Path) -> None:
    bed = Bed()
    known = b'<Nature V="999999"/><ContNat V="011"/>'
    document = planted(bed, coded=False, cfu=False).replace(b'<Nature V="999999"/>', known)
    document = document.replace(b"<LibelleColl V=", f'<LibelleColl V="{bed.marked()}" X='.encode())
    target = io.BytesIO()
    assert engine.write_scdl(io.BytesIO(document), target) > 16
    assert bed.leaks(folded(target.getvalue())) == []
    done = engine.convert(io.BytesIO(document), tmp_path)
    strict = next(output for output in done.outputs if output.kind == "scdl")
    assert strict.path.read_bytes() == target.getvalue()
