"""Documents (stage × budget of a collectivity's year) and the datasets that hold them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy.dialects.postgresql import JSONB


class BudgetDocument(tk.BaseModel):  # type: ignore[name-defined, misc]
    """What stays when deposits come and go: identity, resource ids, which deposit counts.

    ``resource_ids`` gives each kind of file its resource for ever: same address at each
    replacement. ``current_serial`` is the newest deposit, ``published_serial`` the one in public.

    ``origin`` is "deposit", or the national source of a harvested one: ``source`` then says where
    it comes from, ``digest`` what was read there, ``retired`` since when it is there no more. A
    document without ``etape`` holds national figures (OFGL), which are no budget.
    """

    __tablename__ = "budgetod_document"
    __table_args__ = (
        sa.Index("budgetod_document_package", "package_id"),
        sa.Index("budgetod_document_budget", "siren", "exercice"),
        sa.Index("budgetod_document_origin", "origin", "exercice"),
    )

    key = sa.Column(sa.UnicodeText, primary_key=True)
    package_id = sa.Column(sa.UnicodeText, nullable=False)
    origin = sa.Column(sa.UnicodeText, nullable=False, default="deposit")
    siren = sa.Column(sa.UnicodeText, nullable=False)
    siret = sa.Column(sa.UnicodeText, nullable=False)
    exercice = sa.Column(sa.Integer, nullable=False)
    etape = sa.Column(sa.UnicodeText, nullable=False)
    numero_dm = sa.Column(sa.UnicodeText, nullable=False, default="")
    categorie = sa.Column(sa.UnicodeText, nullable=False, default="principal")
    code_budget = sa.Column(sa.UnicodeText, nullable=False, default="")
    libelle = sa.Column(sa.UnicodeText, nullable=False, default="")
    resource_ids = sa.Column(JSONB, nullable=False, default=dict)
    current_serial = sa.Column(sa.BigInteger)
    published_serial = sa.Column(sa.BigInteger)
    withdrawn = sa.Column(sa.DateTime(timezone=True))
    source = sa.Column(JSONB, nullable=False, default=dict)
    digest = sa.Column(sa.UnicodeText, nullable=False, default="")
    retired = sa.Column(sa.DateTime(timezone=True))

    @classmethod
    def get(cls, key: str, for_update: bool = False) -> BudgetDocument | None:
        """The document, read afresh; locked until the transaction ends if ``for_update``."""
        query = model.Session.query(cls).filter(cls.key == key).populate_existing()
        return (query.with_for_update() if for_update else query).first()

    @classmethod
    def of_package(cls, package_id: str) -> list[BudgetDocument]:
        """Every budget document that a dataset holds or held, withdrawn ones too."""
        return [one for one in cls.all_of_package(package_id) if one.is_budget]

    @classmethod
    def all_of_package(cls, package_id: str) -> list[BudgetDocument]:
        """The same and the national figures, which have no stage."""
        return model.Session.query(cls).filter(cls.package_id == package_id).all()

    @property
    def is_budget(self) -> bool:
        return bool(self.etape)

    @property
    def is_public(self) -> bool:
        """True while files of this document are published."""
        return bool(self.published_serial) and not self.withdrawn

    @classmethod
    def of_resource(cls, resource_id: str) -> BudgetDocument | None:
        """The document that this resource is (or was) a file of."""
        match = sa.func.jsonb_path_exists(
            cls.resource_ids, sa.cast("$.* ? (@ == $id)", _JSONPATH()), _vars(id=resource_id)
        )
        return model.Session.query(cls).filter(match).first()


class _JSONPATH(sa.types.UserDefinedType):
    """PostgreSQL's type of a path expression."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "jsonpath"


def _vars(**values: str) -> Any:
    return sa.cast(values, JSONB)


class BudgetDataset(tk.BaseModel):  # type: ignore[name-defined, misc]
    """Which dataset holds the budgets of a SIREN for an exercice.

    ``built`` holds title, description and contact as publication last wrote them: what differs
    today was typed by a person and is kept.
    """

    __tablename__ = "budgetod_dataset"
    __table_args__ = (sa.Index("budgetod_dataset_package", "package_id"),)

    siren = sa.Column(sa.UnicodeText, primary_key=True)
    exercice = sa.Column(sa.Integer, primary_key=True)
    package_id = sa.Column(sa.UnicodeText, nullable=False)
    built = sa.Column(JSONB, nullable=False, default=dict)

    @classmethod
    def get(cls, siren: str, exercice: int) -> BudgetDataset | None:
        query = model.Session.query(cls).filter_by(siren=siren, exercice=exercice)
        return query.populate_existing().first()

    @classmethod
    def of_package(cls, package_id: str) -> BudgetDataset | None:
        return model.Session.query(cls).filter(cls.package_id == package_id).first()
