"""Add counts of what visitors of a company's site found; nothing that stands is changed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "self_service",
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("brand", sa.Text, nullable=False),
        sa.Column("article_id", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "brand", "article_id", "language", "kind", name="pk_self_service"
        ),
    )


def downgrade() -> None:
    """Drop it and all that it holds."""
    op.drop_table("self_service")
