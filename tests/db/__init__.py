"""The database itself: migrations, roles, the auditor."""
