"""Add feedback, answers to repeated requests, tombstones, and the brand of a decision.

Nothing that stands is changed: servers of the version before go on over the new tables.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create three tables with their indexes, and a column that may be empty."""
    op.add_column("decisions", sa.Column("brand", sa.Text))
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "feedback",
        sa.Column("number", number, autoincrement=True),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("decision", number, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("brand", sa.Text),
        sa.Column("requester", sa.Text),
        sa.Column("agent", sa.Text),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("final", sa.JSON, nullable=False),
        sa.Column("suggestions", sa.JSON, nullable=False),
        sa.Column("text_kept", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_feedback"),
    )
    op.create_table(
        "idempotency",
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("requester", sa.Text),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_idempotency"),
    )
    op.create_table(
        "tombstones",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("erased_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "fingerprint", name="pk_tombstones"),
    )
    for column in ("message_id", "received_at", "requester"):
        op.create_index(f"ix_feedback_{column}", "feedback", [column])
    for column in ("created_at", "requester"):
        op.create_index(f"ix_idempotency_{column}", "idempotency", [column])


def downgrade() -> None:
    """Drop what was added and all that it holds."""
    for table in ("tombstones", "idempotency", "feedback"):
        op.drop_table(table)
    # SQLite drops columns itself from 3.35 on.
    op.drop_column("decisions", "brand")
