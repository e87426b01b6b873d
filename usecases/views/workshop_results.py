"""A closed vote as rows of a page and of a file; what is read was cut by `visible_results` before."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from accounts.models import Unit
from foundation.access import may
from foundation.actor import Actor
from foundation.bilingual import pick
from foundation.exports.tables import Column, attach, respond
from usecases.models import Cluster, Pain, Workshop
from usecases.views.common import STATE_TONES, ends_words, short, signed_words, with_hours
from usecases.views.vote_dots import vote_dots

CHANNELS = dict(Cluster.Channel.choices)
COLUMNS = [
    Column("rank", gettext_lazy("Place"), "number"),
    Column("id", gettext_lazy("Row id")),
    Column("title_en", gettext_lazy("Title, English")),
    Column("title_zh", gettext_lazy("Title, Chinese")),
    Column("points", gettext_lazy("Points"), "number"),
    Column("voters", gettext_lazy("Voters"), "number"),
    Column("effective", gettext_lazy("Effective supporters"), "number"),
    Column("histogram", gettext_lazy("Ballots by points")),
    Column("split", pgettext_lazy("finding", "Split"), "bool"),
    Column("cut", gettext_lazy("Points cut by a late merge"), "number"),
    Column("owner_team", gettext_lazy("Owner team")),
    Column("low", gettext_lazy("Low"), "number", "h"),
    Column("likely", gettext_lazy("Likely hours a month"), "number", "h"),
    Column("high", gettext_lazy("High"), "number", "h"),
    Column("cards", gettext_lazy("Cards")),
]


def results_context(actor: Actor, shown: dict[str, Any]) -> dict[str, Any]:
    result = shown["result"]
    rows = item_rows(result["items"], shown["top_n"])
    if shown["phase"] == Workshop.State.PUBLISHED:
        add_today(actor, rows)
    return {
        "result": result, "rows": rows, "figures": figures(result), "belief": belief_words(result["belief"]),
        "splits": [r for r in rows if r["split"]], "top_n": shown["top_n"],
        "earlier": [{**r, "rows": item_rows(r["items"], shown["top_n"])} for r in shown["earlier"]],
        "can_promote": any(r.get("promotable") for r in rows),
        "marked": sum(bool(r["channel"]) for r in rows[: shown["top_n"]]),
    }  # fmt: skip


def item_rows(items: Iterable[dict[str, Any]], top_n: int) -> list[dict[str, Any]]:
    """The first N are over the line; nobody is asked about an item without a point."""
    items = list(items)
    teams = team_names(items)
    over = sum(bool(item["points"]) for item in items[:top_n])
    return [_row(item, n, over, teams) for n, item in enumerate(items, start=1)]


def frozen_context(actor: Actor, facts: dict[str, Any]) -> dict[str, Any]:
    """The same table from a frozen list: the latest vote, earlier ones beside it, what nobody voted on below."""
    pains = {row["key"]: {**row, "cards": [{"text": t} for t in facts["cards"].get(row["key"], [])]}
             for row in facts["pains"]}  # fmt: skip
    votes, top_n = facts["vote"]["rounds"], facts["workshop"]["top_n"]
    named = [{**vote, "items": [{**pains[i["id"]], **i} for i in vote["items"] if i["id"] in pains]} for vote in votes]
    context = results_context(
        actor, {"phase": Workshop.State.PUBLISHED, "result": named[0], "earlier": named[1:], "top_n": top_n}
    )
    voted = {row["id"] for row in context["rows"]}
    left = [{"key": key, "title": pick(row["title"])} for key, row in pains.items() if key not in voted]
    return {**context, "phase": "published", "not_voted": left}


def team_names(items: Iterable[dict[str, Any]]) -> dict[str, str]:
    codes = {item["owner_team"] for item in items if item.get("owner_team")}
    return {unit.code: unit.name for unit in Unit.objects.filter(code__in=codes)} if codes else {}


def _row(item: dict[str, Any], place: int, over: int, teams: dict[str, str]) -> dict[str, Any]:
    title, hours = item.get("title") or {}, item.get("hours")
    shown = pick(title)
    other = next((text for text in title.values() if text and text != shown), "")
    return {
        **item, "title": shown, "titles": title, "twin": other, "team": teams.get(item.get("owner_team") or "", ""),
        "dots": vote_dots(item["histogram"]), "over": place <= over, "last_over": place == over,
        "channel": item.get("channel") or "", "channel_word": CHANNELS.get(item.get("channel") or "", ""),
        "supporters": None if item["effective"] is None else short(Decimal(item["effective"])),
        "size": with_hours(Decimal(hours["likely"])) if hours else "", "grade": hours["grade"] if hours else "",
        "ends": ends_words(Decimal(hours["low"]), Decimal(hours["high"])) if hours else "",
        "cards": item.get("cards") or [],
    }  # fmt: skip


def add_today(actor: Actor, rows: list[dict[str, Any]]) -> None:
    """What each pain is today, beside what was published: its state and the candidates made of it."""
    pains = {
        p.key: p
        for p in Pain.objects.visible_to(actor).filter(key__in=[r["id"] for r in rows]).prefetch_related("candidates")
    }
    readable = set(_readable_candidates(actor))
    for row in rows:
        pain = pains.get(row["id"])
        row["now"] = pain
        row["now_tone"] = STATE_TONES[pain.state] if pain else ""
        row["promotable"] = bool(pain) and may(actor, "usecases.pain.promote", pain) and pain.state == Pain.State.VOTED
        row["candidates"] = [c for c in pain.candidates.all() if c.pk in readable] if pain else []


def _readable_candidates(actor: Actor) -> Iterable[Any]:
    from usecases.models import Candidate

    return Candidate.objects.visible_to(actor).exclude(pains=None).values_list("pk", flat=True)


def figures(result: dict[str, Any]) -> list[str]:
    """The head line: turnout, points not given, agreement. Below five ballots only that it is a small group."""
    told = [_("%(ballots)s of %(roll)s voted") % result]
    if result["small_group"]:
        return [*told, _("small group: points and places only")]
    if result["unspent"] is not None:
        told.append(_("%(share)s %% of the points were not given") % {"share": round(Decimal(result["unspent"]) * 100)})
    if result["agreement"] is not None:
        words = {"weak": _("weak"), "moderate": _("moderate"), "strong": _("strong")}
        word, measure = words.get(result["agreement_word"], ""), f"{Decimal(result['agreement']):.2f}"
        told.append(_("agreement %(word)s (W = %(w)s); agreement, not correctness") % {"word": word, "w": measure})
    return told


def figures_line(result: dict[str, Any]) -> str:
    return pgettext("between parts of a sentence", "; ").join(figures(result))


def belief_words(belief: dict[str, int | None] | None) -> str:
    if not belief:
        return ""
    words = {"yes": _("yes"), "no": _("no"), "unsure": _("unsure")}
    return " · ".join(f"{words[code]} {'–' if n is None else n}" for code, n in belief.items())


def published_files(request: HttpRequest, workshop: Workshop, shown: dict[str, Any]) -> HttpResponseBase:
    return results_file(request, workshop, shown, shown["inventory"])


def results_file(request: HttpRequest, workshop: Workshop, shown: dict[str, Any], name: str) -> HttpResponseBase:
    if request.GET.get("format") == "md":
        text = markdown(workshop, shown)
        return attach(HttpResponse(text, content_type="text/markdown; charset=utf-8"), f"{name}.md")
    rows = [_file_row(r) for r in item_rows(shown["result"]["items"], shown["top_n"])]
    return respond(request, name, COLUMNS, rows, title=name, cover=cover(workshop, shown))


def _file_row(row: dict[str, Any]) -> list[Any]:
    hours = row["hours"] or {}
    sizes = [Decimal(hours[p]) if hours else None for p in ("low", "likely", "high")]
    dots = " / ".join(str(n) for n in row["histogram"]) if row["histogram"] else ""
    return [
        row["rank"], row["id"] if row["id"].startswith("P-") else row.get("pain") or "", row["titles"].get("en", ""),
        row["titles"].get("zh", ""), row["points"], row["voters"], row["effective"], dots, row["split"], row["cut"],
        row["team"], *sizes, "\n".join(c["text"] for c in row["cards"]),
    ]  # fmt: skip


def cover(workshop: Workshop, shown: dict[str, Any]) -> list[tuple[Any, Any]]:
    return [
        (_("Workshop"), f"{workshop.key} {workshop.title}"),
        (_("Unit"), workshop.unit.name),
        (_("Order"), _("By points of a blind vote")),
        (_("Vote"), figures_line(shown["result"])),
        (_("Purpose"), pick(shown["purpose"])),
        (_("Purpose acknowledged by"), signed_words(workshop.acknowledged_as)),
    ]


def markdown(workshop: Workshop, shown: dict[str, Any]) -> str:
    """For a chat: one line an item, the purpose above."""
    lines = [
        f"# {plain(workshop.title)} · {plain(workshop.unit.name)}", "", figures_line(shown["result"]), "",
        f"> {pick(shown['purpose'])}", f"> {plain(signed_words(workshop.acknowledged_as))}", "",
    ]  # fmt: skip
    lines += [_line(row) for row in item_rows(shown["result"]["items"], shown["top_n"])]
    return "\n".join([*lines, ""])


def _line(row: dict[str, Any]) -> str:
    parts = [points_words(row)]
    parts += [row["team"]] if row["team"] else []
    parts += [_("Split: talk")] if row["split"] else []
    told = plain(pgettext("between parts of a sentence", ", ").join(parts))
    return _("%(rank)s. %(title)s: %(told)s") % {"rank": row["rank"], "title": plain(row["title"]), "told": told}


def points_words(row: dict[str, Any]) -> str:
    points = ngettext("%(n)s point", "%(n)s points", row["points"]) % {"n": row["points"]}
    if row["voters"] is None:
        return points
    return f"{points} · " + ngettext("%(n)s voter", "%(n)s voters", row["voters"]) % {"n": row["voters"]}


def plain(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1].translate(str.maketrans({c: f"\\{c}" for c in "*_[]<>`#|"}))
