"""Create the articles and the journal of decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables with their indexes."""
    op.create_table(
        "articles",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("language", sa.Text, primary_key=True),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", "language", name="pk_articles"),
    )
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "decisions",
        sa.Column("number", number, autoincrement=True),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bundle", sa.Text, nullable=False),
        sa.Column("alias", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("requester", sa.Text),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("suggestions", sa.JSON, nullable=False),
        sa.Column("no_suggestion_reason", sa.Text),
        sa.Column("text_kept", sa.Text, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("timings_ms", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_decisions"),
    )
    for column in ("message_id", "decided_at", "requester"):
        op.create_index(f"ix_decisions_{column}", "decisions", [column])


def downgrade() -> None:
    """Drop both tables and all that they hold."""
    op.drop_table("decisions")
    op.drop_table("articles")
