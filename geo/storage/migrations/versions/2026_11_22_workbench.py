"""Work on a plan that several people share: remarks on it, who has it open, and what the engine works on."""

from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010_workbench"
down_revision = "0009_cases"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)
JSONB = postgresql.JSONB()
TABLES = ("plan_comment", "plan_presence", "plan_job")


def _run(name: str) -> None:
    sql = (files("geo.storage") / "migrations" / "sql" / name).read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql, execution_options={"no_parameters": True})


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _plan_id() -> sa.Column[Any]:
    return sa.Column("plan_id", sa.BigInteger(), autoincrement=False, nullable=False)


def _time(name: str, default: str = "clock_timestamp()") -> sa.Column[Any]:
    return sa.Column(name, TIME, server_default=sa.text(default), nullable=False)


def _rules(table: str, **rules: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in rules.items()]


def _not_blank(table: str, *columns: str) -> list[sa.CheckConstraint]:
    return _rules(table, **{f"{column}_not_blank": f"{column} ~ '[^[:space:]]'" for column in columns})


def _of_plan(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f(f"fk_{table}_plan_id"), ondelete="CASCADE")


def _create_comments() -> None:
    op.create_table(
        "plan_comment",
        _id(),
        _plan_id(),
        *(sa.Column(name, CODE, nullable=True) for name in ("community_code", "grid_code", "building_code")),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        _time("at", "now()"),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", TIME, nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        *_not_blank("plan_comment", "said", "who"),
        *_rules(
            "plan_comment",
            version_range="version >= 1",
            grid_code_structure="grid_code ~ '^[0-9]{15}$'",
            said_length="char_length(said) <= 2000",
            one_subject="num_nonnulls(grid_code, building_code) <= 1",
            subject_has_community="(community_code IS NOT NULL) = (num_nonnulls(grid_code, building_code) = 1)",
            resolved_by="(resolved_at IS NULL) = (resolved_by IS NULL)",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_comment")),
        _of_plan("plan_comment"),
        sa.ForeignKeyConstraint(["building_code"], ["building.code"], name=op.f("fk_plan_comment_building_code")),
    )
    for column in ("plan_id", "building_code"):
        op.create_index(op.f(f"ix_plan_comment_{column}"), "plan_comment", [column])


def _create_presence() -> None:
    op.create_table(
        "plan_presence",
        _plan_id(),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("grid_code", CODE, nullable=True),
        _time("since"),
        _time("seen_at"),
        *_not_blank("plan_presence", "who"),
        *_rules("plan_presence", grid_code_structure="grid_code ~ '^[0-9]{15}$'"),
        sa.PrimaryKeyConstraint("plan_id", "who", name=op.f("pk_plan_presence")),
        _of_plan("plan_presence"),
    )


def _create_jobs() -> None:
    op.create_table(
        "plan_job",
        _id(),
        _plan_id(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'running'"), nullable=False),
        sa.Column("share", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("asked", JSONB, nullable=False),
        sa.Column("result", JSONB, nullable=True),
        sa.Column("problem", JSONB, nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        _time("created_at"),
        _time("beat_at"),
        sa.Column("ended_at", TIME, nullable=True),
        *_not_blank("plan_job", "kind", "created_by"),
        *_rules(
            "plan_job",
            state="state IN ('running', 'done', 'cancelled', 'interrupted', 'failed')",
            share_range="share >= 0 AND share <= 1",
            ended_at="(state = 'running') = (ended_at IS NULL)",
            result_when_done="(state = 'done') = (result IS NOT NULL)",
            problem_when_failed="(state = 'failed') = (problem IS NOT NULL)",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_job")),
        _of_plan("plan_job"),
    )
    op.create_index(op.f("ix_plan_job_plan_id"), "plan_job", ["plan_id"])


def upgrade() -> None:
    _create_comments()
    _create_presence()
    _create_jobs()
    _run("2026_11_22_workbench.sql")


def downgrade() -> None:
    _run("2026_11_22_workbench_down.sql")
    for table in TABLES:
        op.drop_table(table)
