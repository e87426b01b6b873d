"""The pages as people use them: who reaches them, what they answer, that scores stay hidden, that lists stay cheap."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foundation.audit.models import AuditEvent
from foundation.clock import now
from tests.usecases.builders import (
    a_candidate,
    a_contract,
    a_pain,
    a_ranking,
    a_selection,
    a_system,
    an_asset,
    an_inventory,
    load,
    scores,
)
from tests.world import World, actor, client_for
from usecases import services
from usecases.cards import today_cards
from usecases.models import Asset, Candidate, Contract, InventoryVersion, Pain, Ranking, RankingSnapshot, Score, System

LISTS = ["pains", "inventories", "contracts", "systems", "candidates", "rankings", "assets"]


def addresses(world: World) -> list[str]:
    """One of every record, and every page that shows it."""
    selection = a_selection(world)
    inventory = services.publish_inventory(actor=actor(world.facilitator), unit=world.cn, acknowledge=True)
    asset = an_asset(world)
    records = [selection.snapshot, inventory, asset, Contract.objects.first(), Candidate.objects.first()]
    records += [Pain.objects.first(), Ranking.objects.first()]
    system = reverse("usecases:system", args=[System.objects.first().key])
    file = reverse("usecases:snapshot_file", args=[selection.snapshot.key])
    return [r.get_absolute_url() for r in records] + [system, file]


def test_every_page_opens_for_every_role_of_the_unit_in_both_languages(world: World) -> None:
    pages = [*(reverse(f"usecases:{name}") for name in LISTS), *addresses(world)]
    for role in ("architect", "ops_engineer", "cio", "auditor", "reader"):
        client = client_for(getattr(world, role))
        for page in pages:
            assert client.get(page).status_code == 200, (role, page)
    chinese = client_for(world.architect)
    assert [p for p in pages if chinese.get(p + "?lang=zh").status_code != 200] == []


def test_an_outsider_finds_nothing_and_a_stranger_signs_in_first(world: World) -> None:
    outsider = client_for(world.outsider)
    for page in addresses(world):
        assert outsider.get(page).status_code == 404, page
        assert Client().get(page).status_code == 302, page
    for name in LISTS:
        assert "Vendor" not in outsider.get(reverse(f"usecases:{name}")).content.decode()


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [
        ("pain_new", "ops_engineer", 200), ("pain_new", "auditor", 403),
        ("inventory_publish", "facilitator", 200), ("inventory_publish", "cio", 403),
        ("contract_new", "pilot_lead", 200), ("contract_new", "facilitator", 403),
        ("candidate_new", "facilitator", 200), ("candidate_new", "cio", 403),
        ("ranking_new", "architect", 200), ("ranking_new", "analyst", 403),
        ("asset_new", "ops_engineer", 200), ("asset_new", "reader", 403),
        ("system_new", "architect", 200), ("system_new", "auditor", 403),
    ],
)  # fmt: skip
def test_forms_open_for_those_who_may(world: World, name: str, role: str, status: int) -> None:
    assert client_for(getattr(world, role)).get(reverse(f"usecases:{name}")).status_code == status


def test_a_pain_is_recorded_with_quick_answers_which_are_guesses(world: World) -> None:
    client = client_for(world.ops_engineer)
    given = {
        "unit": world.cn.pk, "title_en": "Every week I copy figures", "kind": "report",
        "quick_minutes_per_item": "30min", "quick_runs_per_month": "weekly", "quick_items_per_run": "one",
        "quick_people_per_item": "one",
    }  # fmt: skip
    answer = client.post(reverse("usecases:pain_new"), given)
    pain = Pain.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"/pains/{pain.key}"
    assert (pain.hours_likely, pain.grade) == (pain.hours_likely, "guess")
    page = client.get(pain.get_absolute_url()).content.decode()
    assert "2.2\u202fh a month (1 to 5)" in page and "Guess" in page


def test_a_form_with_faults_comes_back_with_the_words_at_the_fields(world: World) -> None:
    client = client_for(world.ops_engineer)
    given = {"unit": world.cn.pk, "kind": "report", "runs_per_month_low": "5", "tags": "kept, words"}
    answer = client.post(reverse("usecases:pain_new"), given)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Give it a title" in page and "give low, likely and high" in page and "kept, words" in page
    assert not Pain.objects.exists()


def test_a_stale_form_is_refused_with_412(world: World) -> None:
    pain, client = a_pain(world), client_for(world.architect)
    services.edit_pain(actor=actor(world.architect), pain=pain, title_en="Newer")
    given = {"version": 1, "title_en": "Older", "kind": "report"}
    assert client.post(reverse("usecases:pain_edit", args=[pain.key]), given).status_code == 412
    assert Pain.objects.get().title_en == "Newer"


def test_a_view_by_person_is_refused_with_the_vow_and_written_down(world: World) -> None:
    answer = client_for(world.architect).get("/pains?person=Li")
    assert answer.status_code == 422 and "Hours describe work, not people" in answer.content.decode()
    assert AuditEvent.objects.filter(verb="inventory.person_view_refused").count() == 1


def test_filters_and_exports_give_the_same_rows(world: World) -> None:
    a_pain(world, "=cmd()|risky", kind="escalation")
    a_pain(world, "Other one")
    client = client_for(world.architect)
    page = client.get("/pains?kind=escalation")
    assert "risky" in page.content.decode() and "Other one" not in page.content.decode()
    table = b"".join(client.get("/pains?kind=escalation&format=csv")).decode("utf-8-sig")
    assert "'=cmd()|risky" in table and "Other one" not in table and "Recorded by" not in table
    assert client.get("/pains?kind=escalation&format=xlsx").status_code == 200
    assert client.get("/pains?kind=nonsense").status_code == 422


def test_an_inventory_prints_its_order_purpose_and_who_acknowledged_it(world: World) -> None:
    inventory = an_inventory(world)
    client = client_for(world.reader)
    page = client.get(inventory.get_absolute_url()).content.decode()
    for words in ("not by votes; 100 % of them are guesses.", "no headcount", "The Facilitator", inventory.digest):
        assert words in page
    for form in ("csv", "xlsx", "md", "json"):
        assert client.get(inventory.get_absolute_url(), {"format": form}).status_code == 200
    text = client.get(inventory.get_absolute_url(), {"format": "md"}).content.decode()
    assert "not by votes; 100 % of them are guesses." in text and "3\u202fh a month (1 to 18), Guess" in text


def test_publishing_through_the_page_needs_the_tick(world: World) -> None:
    a_pain(world)
    client, page = client_for(world.facilitator), reverse("usecases:inventory_publish")
    assert client.post(page, {"unit": world.cn.pk}).status_code == 422
    assert client.post(page, {"unit": world.cn.pk, "acknowledge": "on"}).status_code == 302
    assert InventoryVersion.objects.get().key == "INV-CN-v1"


def test_a_contract_with_its_first_item_is_one_form_and_leads_to_a_candidate(world: World) -> None:
    client = client_for(world.pilot_lead)
    given = {
        "unit": world.cn.pk, "vendor": "Vendor Two", "title_en": "Support", "kind": "support",
        "item-title_en": "Monthly report", "item-kind": "manual_report",
    }  # fmt: skip
    answer = client.post(reverse("usecases:contract_new"), given)
    assert answer.status_code == 302
    contract = Contract.objects.get()
    client.post(reverse("usecases:item_candidate", args=[contract.key, 1]))
    assert Candidate.objects.get().vendor == "Vendor Two"


def test_the_chain_from_a_pain_to_a_shaped_candidate_runs_through_the_pages(world: World) -> None:
    pain, system, client = a_pain(world, owner_team=world.team), a_system(world), client_for(world.architect)
    client.post(reverse("usecases:pain_promote", args=[pain.key]), {"version": pain.version})
    candidate = Candidate.objects.get()
    page = client.get(candidate.get_absolute_url()).content.decode()
    assert "The one-sentence summary is missing." in page
    from tests.usecases.builders import a_category

    given = {
        "version": candidate.version, "title_en": candidate.title_en, "summary_en": "Drafts the report",
        "kind_of_help": "draft_text", "pains": [pain.pk], "systems": [system.pk], "categories": [a_category(world).pk],
        "owner_team": world.team.pk, "tools": "unknown", "baseline_obtainable": "yes", "staff_data": "no",
    }  # fmt: skip
    answer = client.post(reverse("usecases:candidate_edit", args=[candidate.key]), given)
    assert answer.status_code == 302
    client.post(reverse("usecases:candidate_act", args=[candidate.key, "shape"]))
    assert Candidate.objects.get().state == "shaped"
    assert "not approved" in client.get(candidate.get_absolute_url()).content.decode()


def a_blind_ranking(world: World) -> Ranking:
    candidates = [a_candidate(world, "One"), a_candidate(world, "Two")]
    ranking = a_ranking(world, candidates, "alone")
    return services.start_scoring(actor=actor(world.facilitator), ranking=ranking)


def sheet_form(ranking: Ranking, *values: str) -> dict[str, str]:
    keys = [e.candidate.key for e in ranking.entries.select_related("candidate")]
    return {f"score-{k}-C{i}": values[(i - 1) % len(values)] for k in keys for i in range(1, 7)}


def test_a_sheet_is_saved_seen_again_by_its_scorer_and_refused_off_the_scale(world: World) -> None:
    ranking = a_blind_ranking(world)
    client, page = client_for(world.pilot_lead), reverse("usecases:score", args=[ranking.pk])
    assert client.post(page, sheet_form(ranking, "9")).status_code == 422
    assert client.post(page, sheet_form(ranking, "many")).status_code == 422
    assert not Score.objects.exists()
    assert client.post(page, sheet_form(ranking, "2", "dk")).status_code == 302
    assert client.get(page).content.decode().count(" checked") == 12
    assert client_for(world.cio).get(page).status_code == 403


def outlets(world: World, ranking: Ranking) -> list[str]:
    lists = [reverse(f"usecases:{n}") for n in ("rankings", "candidates")]
    exports = [f"{page}?format=csv" for page in lists]
    rest = [f"/api/v1/usecases/rankings/{ranking.pk}", "/api/v1/usecases/rankings", "/api/v1/usecases/candidates"]
    acts = [reverse("usecases:ranking_choose", args=[ranking.pk]), reverse("usecases:score", args=[ranking.pk])]
    return [ranking.get_absolute_url(), *lists, *exports, *rest, *acts]


def test_while_scoring_is_blind_no_outlet_tells_a_score_to_any_role(world: World) -> None:
    """The same reads before and after somebody scored differ in the turnout only."""
    ranking = a_blind_ranking(world)
    roles = [
        "facilitator",
        "architect",
        "ops_engineer",
        "cio",
        "ops_head",
        "auditor",
        "system_admin",
        "analyst",
        "reader",
    ]
    clients = {role: client_for(getattr(world, role)) for role in roles}

    def read() -> dict[tuple[str, str], str]:
        return {
            (role, page): _stable(client.get(page))
            for role, client in clients.items()
            for page in outlets(world, ranking)
        }

    def scored(value: str) -> dict[tuple[str, str], str]:
        client_for(world.pilot_lead).post(reverse("usecases:score", args=[ranking.pk]), sheet_form(ranking, value))
        return read()

    low, high = scored("1"), scored("5")
    assert [k for k in low if low[k] != high[k]] == []


def _stable(response: Any) -> str:
    """Without what differs from request to request: tokens, and the ledger lines that count saves."""
    import re

    body = b"".join(response.streaming_content) if response.streaming else response.content
    text = re.sub(r'value="[A-Za-z0-9]{64}"', "", body.decode("utf-8", "replace"))
    return re.sub(r"<li><span class=\"mut num\">.*?</li>|\"instance\":\"[^\"]*\"", "", text, flags=re.S)


def test_the_ledger_entry_of_a_sheet_names_neither_scorer_nor_score(world: World) -> None:
    ranking = a_blind_ranking(world)
    client_for(world.pilot_lead).post(reverse("usecases:score", args=[ranking.pk]), sheet_form(ranking, "4"))
    entry = AuditEvent.objects.get(verb="ranking.scored")
    assert world.pilot_lead.name not in entry.body and str(world.pilot_lead.pk) not in entry.body
    assert entry.data == {"turnout": 1, "panel": 3}


def test_the_ranking_page_says_order_reasons_and_what_is_not_yet_computed(world: World) -> None:
    candidates = [a_candidate(world, "Good one"), a_candidate(world, "Ownerless", owner=None)]
    from tests.usecases.builders import an_open_ranking, approve

    approve(world)
    ranking = an_open_ranking(world, candidates, [5] * 6, [3] * 6)
    page = client_for(world.cio).get(ranking.get_absolute_url()).content.decode()
    assert "Good one is the only eligible candidate, with 100 of 100." in page
    assert "does not hold: An owner is named" in page and "not yet computed" in page
    assert "Choose the flagships" in page


def test_flagships_are_chosen_on_a_page_and_the_snapshot_recomputes_equal(world: World) -> None:
    candidates = [a_candidate(world, "Health", "A8"), a_candidate(world, "Triage")]
    from tests.usecases.builders import an_open_ranking, approve

    approve(world)
    ranking = an_open_ranking(world, candidates)
    client, page = client_for(world.ops_head), reverse("usecases:ranking_choose", args=[ranking.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"chosen": [candidates[0].pk]}).status_code == 422
    answer = client.post(page, {"chosen": [c.pk for c in candidates]})
    snapshot = RankingSnapshot.objects.get()
    assert answer["Location"] == snapshot.get_absolute_url()
    shown = client.get(snapshot.get_absolute_url() + "?check").content.decode()
    assert "The same inputs give the same figures today." in shown and "Health" in shown
    file = client.get(reverse("usecases:snapshot_file", args=[snapshot.key]))
    assert file.content.decode() == snapshot.body


def test_an_asset_is_reviewed_and_run_again_by_others_through_the_pages(world: World) -> None:
    asset = an_asset(world)
    own = client_for(world.pilot_lead)
    assert own.post(reverse("usecases:asset_review", args=[asset.key]), {"result": "usable"}).status_code == 403
    client = client_for(world.architect)
    assert client.post(reverse("usecases:asset_review", args=[asset.key]), {"result": "usable"}).status_code == 302
    engineer = client_for(world.ops_engineer)
    rerun = {"team": world.team.pk, "outcome": "worked"}
    assert engineer.post(reverse("usecases:asset_rerun", args=[asset.key]), rerun).status_code == 302
    assert (Asset.objects.get().state, Asset.objects.get().reruns.count()) == ("reviewed", 1)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_queries_at_10_and_at_210_rows(world: World, name: str) -> None:
    client, page = client_for(world.architect), reverse(f"usecases:{name}")
    counts = []
    for size in (10, 200):
        many(world, name, size)
        client.get(page)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get(page).status_code == 200
        counts.append(len(caught))
    assert counts[0] == counts[1], [q["sql"] for q in caught][:40]


def many(world: World, name: str, size: int) -> None:
    """Rows straight into the table: only their number matters here."""
    start = {"pains": Pain, "inventories": InventoryVersion, "contracts": Contract, "systems": System,
             "candidates": Candidate, "rankings": Ranking, "assets": Asset}[name].objects.count()  # fmt: skip
    at = range(start, start + size)
    unit = world.cn
    if name == "pains":
        system = System.objects.first() or a_system(world)
        for pain in Pain.objects.bulk_create(
            Pain(key=f"PX-{i}", unit=unit, title_en=f"t{i}", hours_likely=i, hours_low=i, hours_high=i, grade="guess",
                 owner_team=world.team) for i in at
        ):  # fmt: skip
            pain.systems.add(system)
    if name == "inventories":
        InventoryVersion.objects.bulk_create(
            InventoryVersion(key=f"I{i}", unit=unit, number=i + 1, count=1, body="{}", digest="d") for i in at
        )
    if name == "contracts":
        Contract.objects.bulk_create(Contract(key=f"C{i}", unit=unit, vendor="v", title_en=f"t{i}") for i in at)
    if name == "systems":
        for i in at:
            services.add_system(actor=actor(world.architect), unit=unit, name=f"s{i}")
    if name == "candidates":
        pain = Pain.objects.first() or a_pain(world)
        for candidate in Candidate.objects.bulk_create(
            Candidate(key=f"U{i}", unit=unit, title_en=f"t{i}", channel="A9", owner_team=world.team) for i in at
        ):
            candidate.pains.add(pain)
    if name == "rankings":
        Ranking.objects.bulk_create(Ranking(unit=unit, title_en=f"t{i}") for i in at)
    if name == "assets":
        Asset.objects.bulk_create(
            Asset(key=f"K{i}", unit=unit, title_en=f"t{i}", kind="prompt", stored_at="x", owner_team=world.team)
            for i in at
        )


def test_today_shows_only_what_this_person_can_do(world: World) -> None:
    ranking = a_blind_ranking(world)
    services.record_pain(actor=actor(world.architect), unit=world.cn, title_en="No size")
    a_contract(world, renewal_on=now().date())
    codes = {role: {c.code for c in today_cards(actor(getattr(world, role)))} for role in
             ("pilot_lead", "architect", "facilitator", "cio", "reader", "outsider")}  # fmt: skip
    assert "ranking.score" in codes["pilot_lead"] and "ranking.score" not in codes["cio"]
    assert {"contract.renews", "pain.size"} <= codes["architect"]
    assert codes["reader"] == codes["outsider"] == set()
    for person in (world.architect, world.pilot_lead, world.ops_engineer):
        sheet = scores([e.candidate for e in ranking.entries.all()], [3] * 6)
        services.save_scores(actor=actor(person), ranking=ranking, scores=sheet)
    assert "ranking.open" in {c.code for c in today_cards(actor(world.facilitator))}
    services.open_ranking(actor=actor(world.facilitator), ranking=ranking)
    assert "flagship.select" in {c.code for c in today_cards(actor(world.cio))}


# --- import ------------------------------------------------------------------------------------------------------

HEADER = "row_id,title_en,kind,severity,minutes_per_item_low,minutes_per_item_likely,minutes_per_item_high,systems\n"


def imported(world: World, path: Any, text: str, *extra: str) -> dict[str, Any]:
    path.write_text(text, encoding="utf-8")
    from io import StringIO

    out = StringIO()
    try:
        call_command("import_pains", str(path), *extra, unit="CN", json=True, stdout=out)
    except SystemExit as stop:
        assert stop.code == 2
    return json.loads(out.getvalue())


def test_the_same_file_twice_changes_nothing_and_a_changed_cell_changes_one_pain(world: World, tmp_path: Any) -> None:
    path = tmp_path / "pains.csv"
    text = HEADER + "A-1,Copy figures,report,3,5,10,20,ServiceNow\nA-2,Call people at night,escalation,5,,,,\n"
    assert imported(world, path, text)["created"] == 2
    before = list(Pain.objects.order_by("key").values())
    again = imported(world, path, text)
    assert (again["unchanged"], again["new"], again["changed"]) == (2, 0, 0)
    assert list(Pain.objects.order_by("key").values()) == before
    assert imported(world, path, text.replace("report,3", "report,4"))["updated"] == 1
    assert Pain.objects.get(source_id="A-1").severity == 4
    assert System.objects.get().name == "ServiceNow"


def test_bad_rows_are_named_and_nothing_is_half_written(world: World, tmp_path: Any) -> None:
    text = HEADER + "A-1,Good one,report,3,,,,\nA-2,,report,9,,,,\nA-3,Half a range,nonsense,1,5,,,\n"
    facts = imported(world, tmp_path / "p.csv", text)
    assert {(p["row"], p["code"]) for p in facts["problems"]} >= {(3, "no_title"), (3, "bad_value"), (4, "bad_choice")}
    assert not Pain.objects.exists()


def test_a_dry_run_writes_nothing(world: World, tmp_path: Any) -> None:
    from foundation.models import Upload

    facts = imported(world, tmp_path / "p.csv", HEADER + "A-1,Good one,report,3,,,,\n", "--dry-run")
    assert facts["new"] == 1 and not Pain.objects.exists() and not Upload.objects.exists()


@pytest.mark.parametrize("column", ["Saving", "benefit", "ROI", "FTE", "节省"])
def test_a_column_of_savings_or_people_is_refused(world: World, tmp_path: Any, column: str) -> None:
    facts = imported(world, tmp_path / "p.csv", f"title_en,{column}\nCopy figures,12\n")
    assert [p["code"] for p in facts["problems"]] == ["refused_column"]
    assert not Pain.objects.exists()


def test_an_exported_list_comes_back_without_a_change(world: World, tmp_path: Any) -> None:
    a_pain(world, "One", systems=[a_system(world)], tags=["night", "vendor"], owner_team=world.team)
    a_pain(world, "Two", **load("team_agreed"))
    table = b"".join(client_for(world.architect).get("/pains?format=csv")).decode("utf-8-sig")
    facts = imported(world, tmp_path / "back.csv", table)
    assert facts["unchanged"] == 2 and facts["problems"] == []


def test_the_import_page_previews_and_commits(world: World) -> None:
    client = client_for(world.ops_engineer)
    page = reverse("foundation:import", args=["pains"])
    answer = client.post(page, {"unit": world.cn.path, "text": HEADER + "A-1,Copy figures,report,3,,,,\n"})
    assert answer.status_code == 302 and not Pain.objects.exists()
    assert client.get(answer["Location"]).status_code == 200
    assert client.get(reverse("foundation:import-template", args=["pains", "csv"])).status_code == 200
