"""Alembic's environment: `ckan db upgrade -p budgetod` runs our migrations with CKAN's URL."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import engine_from_config, pool

NAME = os.path.basename(os.path.dirname(__file__))
OPTIONS = {"version_table": f"{NAME}_alembic_version"}


def run_offline() -> None:
    """Write the SQL instead of running it."""
    url = context.config.get_main_option("sqlalchemy.url")
    context.configure(url=url, literal_binds=True, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    section = context.config.get_section(context.config.config_ini_section)
    engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, **OPTIONS)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
