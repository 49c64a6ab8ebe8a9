"""People, register, ledger and audit trail, from nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# The trail grows at its end and nowhere else; a program's mistake is stopped here, malice is found by the chain.
SQLITE_GUARDS = (
    """
    CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
    BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END
    """,
    """
    CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
    BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END
    """,
)
POSTGRESQL_GUARDS = (
    """
    CREATE FUNCTION audit_events_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'audit_events is append-only'; END $$
    """,
    """
    CREATE TRIGGER audit_events_no_change BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION audit_events_refuse()
    """,
    """
    CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_refuse()
    """,
)


def upgrade() -> None:
    """Make every table, and the guards of the trail."""
    op.create_table(
        "audit_events",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
        sa.UniqueConstraint("previous_hash", name="uq_audit_events_previous_hash"),
    )
    op.create_index("ix_audit_events_act_at", "audit_events", ["act", "at"])
    op.create_index("ix_audit_events_actor_at", "audit_events", ["actor", "at"])
    op.create_index("ix_audit_events_object_kind_object_id", "audit_events", ["object_kind", "object_id"])
    op.create_table(
        "dispensers",
        sa.Column("dispenser_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("dea", sa.Text(), nullable=True),
        sa.Column("ncpdp", sa.Text(), nullable=True),
        sa.Column("npi", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("licence_class", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("dispenser_id", name="pk_dispensers"),
    )
    op.create_index(
        "uq_dispensers_open_dea",
        "dispensers",
        ["dea"],
        unique=True,
        sqlite_where=sa.text("closed_on IS NULL"),
        postgresql_where=sa.text("closed_on IS NULL"),
    )
    op.create_index(
        "uq_dispensers_open_ncpdp",
        "dispensers",
        ["ncpdp"],
        unique=True,
        sqlite_where=sa.text("closed_on IS NULL"),
        postgresql_where=sa.text("closed_on IS NULL"),
    )
    op.create_index(
        "uq_dispensers_open_npi",
        "dispensers",
        ["npi"],
        unique=True,
        sqlite_where=sa.text("closed_on IS NULL"),
        postgresql_where=sa.text("closed_on IS NULL"),
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
        sa.UniqueConstraint("name", name="uq_organisations_name"),
    )
    op.create_table(
        "submissions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sender_account_id", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("releases", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("totals", sa.Text(), nullable=True),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("rule_set", sa.Text(), nullable=True),
        sa.Column("drug_edition", sa.Text(), nullable=True),
        sa.Column("versions", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("duplicate_of", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
    )
    op.create_index("ix_submissions_received_at", "submissions", ["received_at"])
    op.create_index("ix_submissions_sender_account_id_digest", "submissions", ["sender_account_id", "digest"])
    op.create_index("ix_submissions_state_received_at", "submissions", ["state", "received_at"])
    op.create_table(
        "throttles",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_throttles"),
    )
    op.create_index("ix_throttles_began_at", "throttles", ["began_at"])
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_set_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("password_expired", sa.Boolean(), nullable=False),
        sa.Column("sftp_name", sa.Text(), nullable=True),
        sa.Column("feed_password_hash", sa.Text(), nullable=True),
        sa.Column("feed_password_set_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_accounts_organisation_id_organisations"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("email", name="uq_accounts_email"),
        sa.UniqueConstraint("sftp_name", name="uq_accounts_sftp_name"),
    )
    op.create_index("ix_accounts_organisation_id", "accounts", ["organisation_id"])
    op.create_index("ix_accounts_role", "accounts", ["role"])
    op.create_table(
        "coverage",
        sa.Column("id", BIG, nullable=False),
        sa.Column("dispenser_id", sa.Text(), nullable=False),
        sa.Column("covers_from", sa.Date(), nullable=False),
        sa.Column("covers_to", sa.Date(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_coverage_submission_id_submissions"),
        sa.PrimaryKeyConstraint("id", name="pk_coverage"),
    )
    op.create_index("ix_coverage_dispenser_id_covers_to", "coverage", ["dispenser_id", "covers_to"])
    op.create_index("ix_coverage_submission_id", "coverage", ["submission_id"])
    op.create_table(
        "findings",
        sa.Column("id", BIG, nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("transaction_no", sa.Integer(), nullable=True),
        sa.Column("pharmacy", sa.Text(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("element", sa.Text(), nullable=True),
        sa.Column("record", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name="fk_findings_submission_id_submissions"),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
    )
    op.create_index("ix_findings_submission_id", "findings", ["submission_id"])
    op.create_table(
        "organisation_dispensers",
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("dispenser_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dispenser_id"], ["dispensers.dispenser_id"], name="fk_organisation_dispensers_dispenser_id_dispensers"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_organisation_dispensers_organisation_id_organisations"
        ),
        sa.PrimaryKeyConstraint("organisation_id", "dispenser_id", name="pk_organisation_dispensers"),
    )
    op.create_index("ix_organisation_dispensers_dispenser_id", "organisation_dispensers", ["dispenser_id"])
    op.create_table(
        "submission_pharmacies",
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("pha_position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("dispenser_id", sa.Text(), nullable=True),
        sa.Column("dea", sa.Text(), nullable=True),
        sa.Column("ncpdp", sa.Text(), nullable=True),
        sa.Column("npi", sa.Text(), nullable=True),
        sa.Column("totals", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_submission_pharmacies_submission_id_submissions"
        ),
        sa.PrimaryKeyConstraint("submission_id", "pha_position", name="pk_submission_pharmacies"),
    )
    op.create_index("ix_submission_pharmacies_dispenser_id", "submission_pharmacies", ["dispenser_id"])
    op.create_table(
        "credentials",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_credentials_account_id_accounts"),
        sa.PrimaryKeyConstraint("account_id", "kind", "number", name="pk_credentials"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_sessions_account_id_accounts"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
        sa.UniqueConstraint("id", name="uq_sessions_id"),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_table(
        "ssh_keys",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_ssh_keys_account_id_accounts"),
        sa.PrimaryKeyConstraint("account_id", "fingerprint", name="pk_ssh_keys"),
    )
    for guard in SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_GUARDS:
        op.execute(guard)
