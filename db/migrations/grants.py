"""Who may do what in the database. Ledgers can be added to, never changed, by those who serve."""

from typing import Final

SERVING: Final = ("onhand_worker", "onhand_web")
APPEND_ONLY: Final = ("stock_move", "audit_log", "order_event", "tracking_event")
DELETABLE: Final = ("outbox", "gate_wait", "idempotency_key", "login_session", "login_attempt")
COUNTERS: Final = {"stock_balance": ("on_hand", "reserved")}


def create_roles() -> list[str]:
    """Roles without a log-in of their own, lent to whoever runs the migration."""
    return [
        f"""
        DO $$ BEGIN
            CREATE ROLE {role} NOLOGIN NOBYPASSRLS;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$"""
        for role in ("onhand_owner", *SERVING)
    ] + [f"GRANT {role} TO CURRENT_USER" for role in ("onhand_owner", *SERVING)]


def grants(tables: list[str]) -> list[str]:
    """The rights of the serving roles on these tables."""
    statements: list[str] = []
    for role in SERVING:
        statements.append(f"GRANT USAGE ON SCHEMA public TO {role}")
        statements.append(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
        for table in tables:
            rights = ["SELECT", "INSERT"]
            if table in COUNTERS:
                rights.append(f"UPDATE ({', '.join(COUNTERS[table])})")
            elif table not in APPEND_ONLY:
                rights.append("UPDATE")
            if table in DELETABLE:
                rights.append("DELETE")
            statements.append(f'GRANT {", ".join(rights)} ON "{table}" TO {role}')
    return statements
