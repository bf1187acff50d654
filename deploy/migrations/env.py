"""Alembic's entry: runs the migrations on the engine that core opened."""

from alembic import context

with context.config.attributes["engine"].connect() as connection:
    # All migrations or none: begun here, because Python's driver begins no transaction before a change of tables.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    context.configure(connection=connection, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
