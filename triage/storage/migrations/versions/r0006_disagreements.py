"""Add what a challenger labels otherwise than the champion.

Nothing that stands is changed: servers of the version before go on beside the new table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create one table with its indexes."""
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "disagreements",
        sa.Column("number", number, autoincrement=True),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("champion", sa.Text, nullable=False),
        sa.Column("challenger", sa.Text, nullable=False),
        sa.Column("brand", sa.Text),
        sa.Column("requester", sa.Text),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_disagreements"),
    )
    for column in ("message_id", "seen_at", "requester"):
        op.create_index(f"ix_disagreements_{column}", "disagreements", [column])


def downgrade() -> None:
    """Drop what was added and all that it holds."""
    op.drop_table("disagreements")
