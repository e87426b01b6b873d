"""What a table refuses, written once in SQL both engines know; `foundation.db` lays it on the tables."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Trigger:
    """Refuse `event` (INSERT, UPDATE, DELETE) where the SQL condition holds; plain SQL both engines know."""

    name: str
    event: str
    when: str
    message: str

    def on(self, table: str) -> BoundTrigger:
        return BoundTrigger(table, f"{table}_{self.name}"[:60], self.event, self.when, self.message)


@dataclass(frozen=True)
class BoundTrigger:
    table: str
    name: str
    event: str
    when: str
    message: str

    def create(self, vendor: str) -> list[str]:
        message = self.message.replace("'", "''")
        if vendor == "sqlite":
            return [
                f'CREATE TRIGGER "{self.name}" BEFORE {self.event} ON "{self.table}" FOR EACH ROW '
                f"WHEN {self.when} BEGIN SELECT RAISE(ABORT, '{message}'); END"
            ]
        when = re.sub(r"\bIS NOT (NEW|OLD)\.", r"IS DISTINCT FROM \1.", self.when)
        if self.event == "TRUNCATE":
            scope, back = "FOR EACH STATEMENT", "NULL"
        else:
            scope, back = "FOR EACH ROW", "OLD" if self.event == "DELETE" else "NEW"
        return [
            f'CREATE OR REPLACE FUNCTION "{self.name}_fn"() RETURNS trigger AS $body$ BEGIN IF {when} THEN '
            f"RAISE EXCEPTION '{message}' USING ERRCODE = '23514'; END IF; RETURN {back}; END $body$ LANGUAGE plpgsql",
            f'CREATE TRIGGER "{self.name}" BEFORE {self.event} ON "{self.table}" {scope} '
            f'EXECUTE FUNCTION "{self.name}_fn"()',
            f'ALTER TABLE "{self.table}" ENABLE ALWAYS TRIGGER "{self.name}"',
        ]

    def drop(self, vendor: str) -> str:
        on = "" if vendor == "sqlite" else f' ON "{self.table}"'
        return f'DROP TRIGGER IF EXISTS "{self.name}"{on}'
