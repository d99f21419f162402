"""A row is one deposit of one document: what came in, how far it is, what was found.

No value of the original document that could name a person is ever written here.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from enum import Enum
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.plugins import toolkit as tk
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import deferred


class State(str, Enum):
    """Where a deposit stands. Only ``failed`` can be run again."""

    QUEUED = "queued"
    RUNNING = "running"
    PUBLISHED = "published"
    WITHHELD = "withheld"
    REFUSED = "refused"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


ACTIVE = (State.QUEUED.value, State.RUNNING.value, State.WITHHELD.value)
"""States of a deposit that may still be published: at most one per document."""

FINAL = tuple(state.value for state in State if state.value not in (*ACTIVE, "failed"))


def now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(timezone.utc)


def _moment(**options: Any) -> sa.Column:
    return sa.Column(sa.DateTime(timezone=True), **options)


def _content(**options: Any) -> Any:
    """JSON that lists of rows do without: read from the database when it is asked for."""
    return deferred(sa.Column(JSONB, **options))


class Conversion(tk.BaseModel):  # type: ignore[name-defined, misc]
    """One deposit. ``serial`` grows with time; ``hash`` is an HMAC of the original's SHA-256."""

    __tablename__ = "budgetod_conversion"
    __table_args__ = (
        sa.Index(
            "budgetod_conversion_one_active",
            "document_key",
            unique=True,
            postgresql_where=sa.text("state IN ('queued', 'running', 'withheld')"),
        ),
        sa.Index("budgetod_conversion_package", "package_id"),
        sa.Index("budgetod_conversion_state", "state"),
    )

    id = sa.Column(sa.UnicodeText, primary_key=True, default=lambda: str(uuid.uuid4()))
    serial = sa.Column(sa.BigInteger, sa.Identity(always=True), unique=True, nullable=False)
    document_key = sa.Column(sa.UnicodeText, nullable=False)
    package_id = sa.Column(sa.UnicodeText, nullable=False)
    resource_id = sa.Column(sa.UnicodeText, nullable=False)
    owner_org = sa.Column(sa.UnicodeText, nullable=False)
    siren = sa.Column(sa.UnicodeText, nullable=False)
    siret = sa.Column(sa.UnicodeText, nullable=False)
    exercice = sa.Column(sa.Integer, nullable=False)
    etape = sa.Column(sa.UnicodeText, nullable=False)
    sealed_at = _moment()
    state = sa.Column(sa.UnicodeText, nullable=False, default=State.QUEUED.value)
    step = sa.Column(sa.UnicodeText, nullable=False, default="received")
    steps = sa.Column(JSONB, nullable=False, default=dict)
    facts = _content(nullable=False, default=dict)
    gate = _content(nullable=False, default=dict)
    report = _content()
    summary = _content()
    answers = sa.Column(JSONB, nullable=False, default=list)
    questions = sa.Column(JSONB, nullable=False, default=list)
    outputs = sa.Column(JSONB, nullable=False, default=list)
    hash = sa.Column(sa.UnicodeText, nullable=False)
    published_sha256 = sa.Column(sa.UnicodeText)
    pipeline_version = sa.Column(sa.UnicodeText, nullable=False)
    filename = sa.Column(sa.UnicodeText, nullable=False, default="")
    size = sa.Column(sa.BigInteger, nullable=False, default=0)
    draft = sa.Column(sa.Boolean, nullable=False, default=False)
    user_id = sa.Column(sa.UnicodeText)
    attempt = sa.Column(sa.Integer, nullable=False, default=0)
    job_id = sa.Column(sa.UnicodeText)
    created = _moment(nullable=False, default=now)
    started = _moment()
    heartbeat = _moment()
    not_before = _moment()
    finished = _moment()
    error_code = sa.Column(sa.UnicodeText)
    error_params = sa.Column(JSONB)
    error_ref = sa.Column(sa.UnicodeText)

    @classmethod
    def get(cls, row_id: str, for_update: bool = False) -> Conversion | None:
        """The row, read afresh; locked until the transaction ends if ``for_update``."""
        query = model.Session.query(cls).filter(cls.id == row_id).populate_existing()
        return (query.with_for_update() if for_update else query).first()

    @classmethod
    def by_serial(cls, serial: int | None) -> Conversion | None:
        """The row of this serial, None when there is none."""
        return model.Session.query(cls).filter(cls.serial == serial).first()

    @classmethod
    def newest(cls, **fields: Any) -> list[Conversion]:
        """Rows whose columns have these values, the newest first."""
        query = model.Session.query(cls).filter_by(**fields)
        return query.order_by(cls.serial.desc()).all()

    def enter(self, state: State, **fields: Any) -> None:
        """Go to ``state``; a state without a way on notes the time."""
        self.state = state.value
        if state.value not in ACTIVE:
            self.finished = now()
        for name, value in fields.items():
            setattr(self, name, value)

    def reach(self, step: str) -> None:
        """Note that ``step`` begins now: seconds since the deposit tell each step's duration."""
        self.step = step
        self.steps = {**(self.steps or {}), step: now().isoformat()}
        self.heartbeat = now()
