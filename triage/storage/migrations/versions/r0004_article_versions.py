"""Add the versions of articles, what made them, and the source of each article.

Nothing that stands is changed: servers of the version before go on over the new tables. What they
write has no version of its own; it is kept as one when it is changed next.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create two tables with an index, and a column that may be empty."""
    op.add_column("articles", sa.Column("source", sa.Text))
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "article_changes",
        sa.Column("number", number, autoincrement=True),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("brand", sa.Text),
        sa.Column("undone_by", number),
        sa.PrimaryKeyConstraint("number", name="pk_article_changes"),
    )
    op.create_table(
        "article_versions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("change", number),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("content", sa.JSON),
        sa.Column("fingerprint", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("brand", sa.Text),
        sa.PrimaryKeyConstraint("id", "language", "version", name="pk_article_versions"),
    )
    op.create_index("ix_article_versions_change", "article_versions", ["change"])


def downgrade() -> None:
    """Drop what was added and all that it holds."""
    for table in ("article_versions", "article_changes"):
        op.drop_table(table)
    # SQLite drops columns itself from 3.35 on.
    op.drop_column("articles", "source")
