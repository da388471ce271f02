"""a set for units has no figure of the city: those that were worked out are taken away"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Number 0 is worked out by the service; what somebody recorded was never taken of the city by such a set.
    op.execute(
        """delete from indicator_readings where number = 0 and place = 'city' and indicator_id in (
            select i.id from indicators i join indicator_sets s on s.id = i.set_id where s.scope = 'unit')"""
    )


def downgrade() -> None:
    """Nothing to bring back: a rebuild by the version before makes them again."""
