"""Any record by its id (written as one likes) or its title in either language, within what the reader sees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import product
from typing import Any

from django.db.models import Model, Q, QuerySet

from desk.links import KINDS, link_to
from foundation.access import require
from foundation.actor import Actor
from foundation.subjects import subject_models

EACH = 8  # hits a kind
WIDTHS = (1, 2, 3, 4)  # digits an id may be padded to
PARTS = re.compile(r"[a-z]+|\d+", re.IGNORECASE)
LONGEST = 200
NEAR = 5
ORDER = tuple(KINDS)


@dataclass(frozen=True)
class Hit:
    kind: str
    key: str
    title: str
    twin: str
    url: str
    unit: str
    grade: str = ""
    is_exact: bool = False


@dataclass(frozen=True)
class Group:
    kind: str
    label: Any
    hits: list[Hit]
    more: bool


@dataclass(frozen=True)
class Found:
    q: str
    groups: list[Group]
    nearest: list[Hit]

    @property
    def hits(self) -> list[Hit]:
        return [hit for group in self.groups for hit in group.hits]

    @property
    def jump(self) -> Hit | None:
        """The one record whose id was typed."""
        exact = [hit for hit in self.hits if hit.is_exact]
        return exact[0] if len(exact) == 1 else None


def searched_models() -> dict[str, type[Model]]:
    """Every named model that says in which fields it is found and has a page."""
    found = {
        c: m for c, m in subject_models().items() if hasattr(m, "search_fields") and hasattr(m, "get_absolute_url")
    }
    return dict(sorted(found.items(), key=lambda item: ORDER.index(item[0]) if item[0] in ORDER else len(ORDER)))


def search_records(actor: Actor, q: str) -> Found:
    """One query a kind, whatever the number of records."""
    require(actor, "desk.read")
    q = q.replace("\0", "").strip()[:LONGEST]
    if not q:
        return Found(q, [], [])
    keys = id_forms(q)
    groups = [g for code, model in searched_models().items() if (g := _group(actor, code, model, q, keys))]
    groups.sort(key=lambda g: not any(h.is_exact for h in g.hits))
    return Found(q, groups, [] if groups else list(_nearest(actor, q)))


def id_forms(q: str) -> list[str]:
    """ "uc14", "UC 14" and "uc-014" all mean UC-014; the forms an id may be stored in, upper case."""
    parts = PARTS.findall(q)
    if (
        not 2 <= len(parts) <= 4
        or re.sub(r"[\s\-_/.]", "", q) != "".join(parts)
        or not parts[0].isalpha()
        or not parts[-1].isdigit()
    ):
        return []
    choices = [[p.lstrip("0").zfill(w) for w in WIDTHS] + [p] if p.isdigit() else [p.upper()] for p in parts]
    forms = {"-".join(row) for row in product(*choices)}
    forms |= {form.replace("-V-", "-v") for form in forms}
    if len(parts) == 2 and len(parts[1]) == 6 and parts[1].startswith("20"):
        forms.add(f"{parts[0].upper()}-{parts[1][:4]}-{parts[1][4:]}")
    return sorted(forms)


def _is_an_id(q: str, parts: list[str]) -> bool:
    """Letters first, digits last, nothing but separators between."""
    whole = re.sub(r"[\s\-_/.]", "", q) == "".join(parts)
    return whole and 2 <= len(parts) <= 4 and parts[0].isalpha() and parts[-1].isdigit()


def _group(actor: Actor, code: str, model: type[Model], q: str, keys: list[str]) -> Group | None:
    rows = _rows(actor, model).filter(_matches(model, q, keys))
    found = list(rows.order_by("-pk" if not _has(model, "created_at") else "-created_at")[: EACH + 1])
    if not found:
        return None
    wanted = {k.casefold() for k in keys} | {q.casefold()}
    hits = [_hit(code, row, wanted) for row in found[:EACH]]
    hits.sort(key=lambda h: not h.is_exact)
    return Group(code, KINDS.get(code, model._meta.verbose_name_plural), hits, len(found) > EACH)


def _rows(actor: Actor, model: type[Model]) -> QuerySet[Any]:
    rows = model._default_manager.visible_to(actor)  # type: ignore[attr-defined]
    joins = [
        f for f in ("unit", "pattern_version__pattern", "charter__unit", "connection") if _has(model, f.split("__")[0])
    ]
    rows = rows.select_related(*_legal(model, joins)) if joins else rows
    return rows.defer("body") if _has(model, "body") else rows


def _legal(model: type[Model], joins: list[str]) -> Iterator[str]:
    for join in joins:
        field = model._meta.get_field(join.split("__")[0])
        if field.is_relation and (field.many_to_one or field.one_to_one):
            yield join


def _has(model: type[Model], name: str) -> bool:
    return any(f.name == name for f in model._meta.get_fields())


def _matches(model: type[Model], q: str, keys: list[str]) -> Q:
    found = Q()
    for name in model.search_fields:  # type: ignore[attr-defined]
        found |= Q(**{f"{name}__icontains": q})
    if keys and _has(model, "key"):
        found |= Q(key__in=keys)
    return found


def _hit(code: str, row: Any, wanted: set[str]) -> Hit:
    key = str(getattr(row, "key", "") or "")
    title, twin = _titles(row, key)
    unit = getattr(row, "unit", None) or getattr(getattr(row, "charter", None), "unit", None)
    return Hit(
        code, key, title, twin, link_to(row), unit.name if unit else "", getattr(row, "grade", "") or "",
        bool(key) and key.casefold() in wanted,
    )  # fmt: skip


def _titles(row: Any, key: str) -> tuple[str, str]:
    from foundation.bilingual import spoken
    from foundation.bilingual import twin as other

    for name in ("title", "name", "question", "text"):
        if hasattr(row, f"{name}_en"):
            return spoken(row, name) or key, other(row, name)
    label = str(row)
    return label.removeprefix(key).strip() or label, ""


# --- nothing found ------------------------------------------------------------------------------------------------


def _nearest(actor: Actor, q: str) -> Iterable[Hit]:
    """Neighbours of an id that does not exist, else the titles that look most alike."""
    parts = PARTS.findall(q)
    by_id = len(parts) == 2 and parts[0].isalpha() and parts[1].isdigit()
    models = searched_models()
    names = [c for c in ("pain", "candidate", "charter", "asset", "contract", "submission") if c in models]
    rows = [(c, r) for c in names for r in _rows(actor, models[c]).order_by("-created_at")[:100]]
    hits = [_hit(c, r, set()) for c, r in rows]
    if by_id:
        hits = [h for h in hits if h.key.upper().startswith(parts[0].upper() + "-")]
        return sorted(hits, key=lambda h: abs(_number(h.key) - int(parts[1][:9])))[:NEAR]
    scored = [(max(_alike(q, h.title), _alike(q, h.twin)), h) for h in hits]
    return [h for score, h in sorted(scored, key=lambda s: -s[0])[:NEAR] if score > 0.35]


def _number(key: str) -> int:
    digits = re.findall(r"\d+", key)
    return int(digits[-1]) if digits else 0


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio() if other else 0.0
