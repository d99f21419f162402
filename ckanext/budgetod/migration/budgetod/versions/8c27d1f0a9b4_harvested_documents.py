"""Harvested documents: where they come from, what was read there, since when it is gone

Revision ID: 8c27d1f0a9b4
Revises: 4d1a0c6b72e5
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "8c27d1f0a9b4"
down_revision = "4d1a0c6b72e5"
branch_labels = None
depends_on = None

TABLE = "budgetod_document"


def upgrade():
    op.add_column(TABLE, sa.Column("source", JSONB, nullable=False, server_default="{}"))
    op.add_column(TABLE, sa.Column("digest", sa.UnicodeText, nullable=False, server_default=""))
    op.add_column(TABLE, sa.Column("retired", sa.DateTime(timezone=True)))
    op.create_index("budgetod_document_origin", TABLE, ["origin", "exercice"])


def downgrade():
    op.drop_index("budgetod_document_origin", TABLE)
    for name in ("retired", "digest", "source"):
        op.drop_column(TABLE, name)
