"""Annex tables and the accountant's statements as tables of rows, ready for a CSV.

One declarative table (``annex_tables.yaml``) says the fields of the 39 tables of the schema, their
types and the labels of their codes; a table that it does not know goes out too, as text. Only
tables with rows exist. Rows wait in a temporary file: memory does not grow with the document.

    with AnnexTables(header) as tables:
        for some in rows:
            tables.add(some)
        for table in tables.tables():
            with CsvWriter(path, table.names) as writer:
                for columns in table.batches():
                    writer.write_columns(columns)
"""

from __future__ import annotations

import io
import marshal
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from .annex_cells import column_maker, columns, declared, filled, typed
from .choices import worded
from .document import AnnexRows, Column, Header, TextRows
from .fields import Field, field
from .naming import Names
from .outputs import slug

if TYPE_CHECKING:
    from typing_extensions import Self

BATCH = 128
"""Rows that are written to the temporary file together."""
Cells = Sequence[str]
SPOOL = 400_000
"""Bytes of one table that stay in memory."""
IDENTITY = {
    "BGT_NATDEC": "string",
    "BGT_ANNEE": "year",
    "BGT_SIRET": "string",
    "BGT_NOM": "string",
}


@dataclass
class Table:
    """A table with rows. ``columns`` are Table Schema fields, their words in one language."""

    kind: str
    title: str
    columns: list[Field]
    count: int
    batches: Callable[[], Iterator[Sequence[Cells]]]
    """Yields some rows, then some more: for each of ``columns`` its cells, as text."""

    @property
    def names(self) -> list[str]:
        return [column["name"] for column in self.columns]

    def rows(self) -> Iterator[Cells]:
        """The cells of each row, as text, in the order of ``columns``."""
        for made in self.batches():
            yield from zip(*made, strict=True)


class Spool:
    """Rows of one table, waiting: in memory, then in a temporary file, some at a time."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.count = 0
        self._batch: dict[str, list[str | None]] = {}
        self._waiting = 0
        self._sizes: list[int] = []
        self._stream: IO[bytes] = io.BytesIO()

    def add(self, columns: Mapping[str, Column], size: int) -> None:
        """Keep ``size`` rows: field -> its text in each of them."""
        self.names.update(dict.fromkeys(columns))
        self.count += size
        for name, texts in columns.items():
            self._batch.setdefault(name, [None] * self._waiting).extend(texts)
        self._waiting += size
        for name in self._batch.keys() - columns.keys():
            self._batch[name] += [None] * size
        if self._waiting >= BATCH:
            self._flush()

    def _flush(self) -> None:
        self._sizes.append(self._stream.write(marshal.dumps((self._batch, self._waiting), 2)))
        self._batch, self._waiting = {}, 0
        if isinstance(self._stream, io.BytesIO) and self._stream.tell() > SPOOL:
            self._to_disk(self._stream)

    def _to_disk(self, memory: io.BytesIO) -> None:
        self._stream = tempfile.TemporaryFile()  # noqa: SIM115 - closed by ``close``
        self._stream.write(memory.getbuffer())

    def read(self) -> Iterator[TextRows]:
        """The rows, in the order they came."""
        if self._waiting:
            self._flush()
        self._stream.seek(0)
        for size in self._sizes:
            yield TextRows(*marshal.loads(self._stream.read(size)))  # noqa: S302 - our own bytes

    def close(self) -> None:
        self._stream.close()


class Tables:
    """What annexes and statements share: identity of the document, spools."""

    family = ""
    """Whose words the fields have (see ``fields``)."""

    def __init__(self, header: Header | None = None, siret: str | None = None) -> None:
        self._identity: list[str] = []
        self.spools: dict[str, Spool] = {}
        if header is not None:
            self.identify(header, siret)

    def identify(self, header: Header, siret: str | None = None) -> None:
        """Say whose rows these are; before ``tables``, after the rows when they come first."""
        self._identity = [
            header.stage.nom,
            str(header.exercice),
            siret or header.siret,
            (header.libelle_etablissement or header.libelle_collectivite).strip(),
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget the rows and their temporary files."""
        for spool in self.spools.values():
            spool.close()

    def tables(self, lang: str = "fr") -> list[Table]:
        """Those with rows."""
        raise NotImplementedError

    def spool(self, name: str) -> Spool:
        return self.spools.setdefault(name, Spool())

    def table(
        self,
        kind: str,
        title: str,
        fields: Mapping[str, str],
        spool: Spool,
        lang: str,
    ) -> Table:
        lists = declared()["lists"]
        described = [field("identity", name, type_, lang) for name, type_ in IDENTITY.items()]
        for name, type_ in fields.items():
            described += columns(self.family, name, type_, lists, lang)
        makers = {name: column_maker(type_, lists) for name, type_ in fields.items()}

        def batches() -> Iterator[list[Cells]]:
            for rows in spool.read():
                absent = (None,) * rows.size
                made: list[Cells] = [(text,) * rows.size for text in self._identity]
                for name, make in makers.items():
                    made += make(rows.columns.get(name, absent))
                yield made

        return Table(kind, title, _distinct(described), spool.count, batches)


def _distinct(fields: Iterable[Field]) -> list[Field]:
    """Fields of which no two have the same name: a document may name its own as it likes."""
    names = Names(joint="_")
    return [{**given, "name": names.free(given["name"])} for given in fields]


class AnnexTables(Tables):
    """Collects annex rows. ``siret``: the one to publish under (default: the document's)."""

    family = "annexes"

    def add(self, rows: AnnexRows) -> None:
        """Keep rows."""
        self.spool(rows.table).add(rows.columns, rows.size)

    def tables(self, lang: str = "fr") -> list[Table]:
        """Tables with rows, in the order of the schema, unknown ones last; then ``subventions``.

        ``lang``: of the titles and descriptions of their columns.
        """
        known = declared()["tables"]
        order = [name for name in known if name in self.spools]
        order += [name for name in self.spools if name not in known]
        kinds = _kinds(order)
        found = [self._annex(name, kinds[name], known.get(name, {}), lang) for name in order]
        if "CONCOURS" in self.spools:
            found.append(self._subventions(self.spools["CONCOURS"], lang))
        return found

    def _annex(self, name: str, kind: str, declaration: Mapping[str, Any], lang: str) -> Table:
        spool = self.spools[name]
        fields = dict(declaration.get("fields", {}))
        present = {key: kind for key, kind in fields.items() if key in spool.names}
        present |= {key: "text" for key in spool.names if key not in fields}
        title = declaration["title"][lang] if declaration else f"Table {name}"
        return self.table(kind, title, present, spool, lang)

    def _subventions(self, spool: Spool, lang: str) -> Table:
        described = [
            field("grants", name, kind, lang, quantity) for name, kind, quantity in SUBVENTIONS
        ]

        def batches() -> Iterator[list[Cells]]:
            return (self._grants(rows) for rows in spool.read())

        title = worded(("Subventions (schéma SCDL)", "Grants (SCDL schema)"), lang)
        return Table("annexe:subventions", title, described, spool.count, batches)

    def _grants(self, rows: TextRows) -> list[Cells]:
        """Grants in the national shape. What TOTEM does not say stays empty: no date of the
        agreement, no conditions of payment, no share paid."""
        blank = ("",) * rows.size

        def told(name: str) -> Cells:
            return filled(rows.columns.get(name, blank))

        services = told("LibPrestaNat")
        objects = zip(told("ObjSubv"), services, strict=True)
        known: dict[str, Cells] = {
            "nomAttribuant": (self._identity[3],) * rows.size,
            "idAttribuant": (self._identity[2],) * rows.size,
            "referenceDecision": told("DenomOuNumSubv"),
            "nomBeneficiaire": told("LibOrgaBenef"),
            "idBeneficiaire": told("Siret"),
            "objet": [own or service for own, service in objects],
            "montant": typed(told("MtSubv"), "amount"),
            "nature": [_IN_KIND if service.strip() else _IN_MONEY for service in services],
        }
        return [known.get(name, blank) for name, *_ in SUBVENTIONS]


def _kinds(names: Iterable[str]) -> dict[str, str]:
    """Table -> kind of its file: a number where two names would give files of one name."""
    free, kinds = Names({"subventions"}).free, {}
    for name in names:
        number = free(slug(name)).removeprefix(slug(name))
        kinds[name] = f"annexe:{name.lower()}{number}"
    return kinds


_IN_KIND, _IN_MONEY = "aide en nature", "aide en numéraire"
SUBVENTIONS = (
    ("nomAttribuant", "string", ""),
    ("idAttribuant", "string", ""),
    ("dateConvention", "date", ""),
    ("referenceDecision", "string", ""),
    ("nomBeneficiaire", "string", ""),
    ("idBeneficiaire", "string", ""),
    ("rnaBeneficiaire", "string", ""),
    ("objet", "string", ""),
    ("montant", "number", "amount"),
    ("nature", "string", ""),
    ("conditionsVersement", "string", ""),
    ("datesPeriodeVersement", "string", ""),
    ("idRAE", "string", ""),
    ("notificationUE", "boolean", ""),
    ("pourcentageSubvention", "number", "fraction"),
)
