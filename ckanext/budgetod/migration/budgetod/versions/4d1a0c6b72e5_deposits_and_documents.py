"""Deposits, documents and datasets of budgets

Revision ID: 4d1a0c6b72e5
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "4d1a0c6b72e5"
down_revision = None
branch_labels = None
depends_on = None


def _text(name, **options):
    return sa.Column(name, sa.UnicodeText, **options)


def _moment(name, **options):
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def _json(name, default=None):
    required = {"nullable": False, "server_default": default} if default else {}
    return sa.Column(name, JSONB, **required)


def upgrade():
    _create_conversion()
    op.create_table(
        "budgetod_document",
        _text("key", primary_key=True),
        _text("package_id", nullable=False),
        _text("origin", nullable=False, server_default="deposit"),
        _text("siren", nullable=False),
        _text("siret", nullable=False),
        sa.Column("exercice", sa.Integer, nullable=False),
        _text("etape", nullable=False),
        _text("numero_dm", nullable=False, server_default=""),
        _text("categorie", nullable=False, server_default="principal"),
        _text("code_budget", nullable=False, server_default=""),
        _text("libelle", nullable=False, server_default=""),
        _json("resource_ids", "{}"),
        sa.Column("current_serial", sa.BigInteger),
        sa.Column("published_serial", sa.BigInteger),
        _moment("withdrawn"),
    )
    op.create_index("budgetod_document_package", "budgetod_document", ["package_id"])
    op.create_index("budgetod_document_budget", "budgetod_document", ["siren", "exercice"])
    op.create_table(
        "budgetod_dataset",
        _text("siren", primary_key=True),
        sa.Column("exercice", sa.Integer, primary_key=True),
        _text("package_id", nullable=False),
        _json("built", "{}"),
    )
    op.create_index("budgetod_dataset_package", "budgetod_dataset", ["package_id"])


def _create_conversion():
    op.create_table(
        "budgetod_conversion",
        _text("id", primary_key=True),
        sa.Column("serial", sa.BigInteger, sa.Identity(always=True), unique=True, nullable=False),
        _text("document_key", nullable=False),
        _text("package_id", nullable=False),
        _text("resource_id", nullable=False),
        _text("owner_org", nullable=False),
        _text("siren", nullable=False),
        _text("siret", nullable=False),
        sa.Column("exercice", sa.Integer, nullable=False),
        _text("etape", nullable=False),
        _moment("sealed_at"),
        _text("state", nullable=False, server_default="queued"),
        _text("step", nullable=False, server_default="received"),
        *[_json(name, "{}") for name in ("steps", "facts", "gate")],
        *[_json(name) for name in ("report", "summary")],
        *[_json(name, "[]") for name in ("answers", "questions", "outputs")],
        _text("hash", nullable=False),
        _text("published_sha256"),
        _text("pipeline_version", nullable=False),
        _text("filename", nullable=False, server_default=""),
        sa.Column("size", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("draft", sa.Boolean, nullable=False, server_default=sa.false()),
        _text("user_id"),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        _text("job_id"),
        _moment("created", nullable=False),
        *[_moment(name) for name in ("started", "heartbeat", "not_before", "finished")],
        _text("error_code"),
        _json("error_params"),
        _text("error_ref"),
    )
    op.create_index(
        "budgetod_conversion_one_active",
        "budgetod_conversion",
        ["document_key"],
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'running', 'withheld')"),
    )
    op.create_index("budgetod_conversion_package", "budgetod_conversion", ["package_id"])
    op.create_index("budgetod_conversion_state", "budgetod_conversion", ["state"])


def downgrade():
    op.drop_table("budgetod_dataset")
    op.drop_table("budgetod_document")
    op.drop_table("budgetod_conversion")
