"""The pages as people use them: who reaches them, what they answer, that scores stay hidden, that lists stay cheap."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from accounts.roles import LABELS
from foundation.audit.models import AuditEvent
from foundation.clock import now
from tests.usecases.builders import (
    a_candidate,
    a_category,
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
from usecases.views.common import role_words

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


def test_an_inventory_is_narrowed_and_tells_what_became_of_each_pain(world: World) -> None:
    sized = a_pain(world, "Sized pain")
    services.record_pain(actor=actor(world.architect), unit=world.cn, title_en="Bare pain", kind="manual_check")
    inventory = services.publish_inventory(actor=actor(world.facilitator), unit=world.cn, acknowledge=True)
    candidate = services.promote_pain(actor=actor(world.architect), pain=sized)
    client, address = client_for(world.reader), inventory.get_absolute_url()
    whole = client.get(address).content.decode()
    assert "Bare pain" in whole and candidate.get_absolute_url() in whole and "pains shown" not in whole
    for narrow in ({"grade": "none"}, {"kind": "manual_check"}):
        page = client.get(address, narrow).content.decode()
        assert "Bare pain" in page and "Sized pain" not in page and "1 of 2 pains shown" in page
    assert "0 of 2 pains shown" in client.get(address, {"team": "nobody"}).content.decode()


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


# --- quick answers -----------------------------------------------------------------------------------------------


def test_how_often_and_how_long_are_enough_for_a_size(world: World) -> None:
    """Pieces and people are one unless something else is said."""
    client = client_for(world.ops_engineer)
    page = client.get(reverse("usecases:pain_new")).content.decode()
    assert page.count('<option value="one" selected>') == 2
    given = {"unit": world.cn.pk, "title_en": "Every week", "kind": "report", "quick_minutes_per_item": "30min",
             "quick_runs_per_month": "weekly"}  # fmt: skip
    client.post(reverse("usecases:pain_new"), given)
    pain = Pain.objects.get()
    assert (pain.people_per_item_likely, pain.people_per_item_provenance, pain.grade) == (1, "guess", "guess")
    assert pain.hours_likely is not None


def test_a_title_alone_says_nothing_about_pieces_or_people(world: World) -> None:
    given = {"unit": world.cn.pk, "title_en": "Only a title", "kind": "report", "quick_items_per_run": "one",
             "quick_people_per_item": "one", "quick_minutes_per_item": "", "quick_runs_per_month": ""}  # fmt: skip
    client_for(world.ops_engineer).post(reverse("usecases:pain_new"), given)
    assert Pain.objects.get().people_per_item_likely is None


def quick_pain(world: World) -> Pain:
    return a_pain(world, **load(
        runs_per_month=("4", "4.3", "5"), minutes_per_item=("15", "30", "60"), people_per_item=("1", "1", "1"),
    ))  # fmt: skip


def test_the_edit_form_shows_the_quick_answers_and_figures_without_trailing_zeros(world: World) -> None:
    pain = quick_pain(world)
    page = client_for(world.architect).get(reverse("usecases:pain_edit", args=[pain.key])).content.decode()
    for code in ("30min", "weekly", "one"):
        assert f'<option value="{code}" selected>' in page, code
    assert 'value="4.3"' in page and 'value="60"' in page and "4.0000" not in page and "4.3000" not in page


def edited(world: World, pain: Pain, **answers: str) -> Pain:
    """The edit form sent as the page holds it, with other quick answers."""
    from usecases.forms import PainForm

    form = PainForm(instance=Pain.objects.get(pk=pain.pk), actor=actor(world.architect))
    held = {f.html_name: f.value() for f in form if f.value() not in (None, False, [])}
    sent = {**held, **answers, "version": pain.version}
    assert client_for(world.architect).post(f"/pains/{pain.key}/edit", sent).status_code == 302
    return Pain.objects.get(pk=pain.pk)


def test_another_quick_answer_replaces_the_range_it_had_filled(world: World) -> None:
    pain = edited(world, quick_pain(world), quick_runs_per_month="daily")
    assert (pain.runs_per_month_low, pain.runs_per_month_high) == (20, 22)
    assert pain.minutes_per_item_likely == 30


def test_an_exact_range_typed_in_wins_over_the_quick_answer(world: World) -> None:
    pain = edited(world, quick_pain(world), runs_per_month_high="9")
    assert (pain.runs_per_month_likely, pain.runs_per_month_high) == (Decimal("4.3"), 9)


# --- one title, one pain -----------------------------------------------------------------------------------------


def test_without_row_ids_the_same_title_in_the_unit_is_the_same_pain(world: World, tmp_path: Any) -> None:
    a_pain(world, "Copy  Figures", title_zh="", kind="report")
    facts = imported(world, tmp_path / "p.csv", "title,kind\ncopy figures ,report\n")
    assert (facts["unchanged"], facts["new"], facts["changed"]) == (1, 0, 0)
    assert imported(world, tmp_path / "p.csv", "title,kind\ncopy figures,escalation\n")["updated"] == 1
    pain = Pain.objects.get()
    assert (pain.title_en, pain.kind) == ("Copy  Figures", "escalation")


def test_a_title_of_a_unit_below_is_named_and_left_out(world: World, tmp_path: Any) -> None:
    known = a_pain(world, "Copy figures", title_zh="抄写数据", unit=world.team)
    facts = imported(world, tmp_path / "p.csv", "title_zh,kind\n抄写数据,report\n别的事,report\n")
    assert (facts["duplicate"], facts["created"]) == (1, 1)
    client = client_for(world.architect)
    page = reverse("foundation:import", args=["pains"])
    text = "title,kind\nCOPY FIGURES,report\n"
    preview = client.get(client.post(page, {"unit": world.cn.path, "text": text})["Location"]).content.decode()
    assert known.key in preview


def test_a_row_id_makes_it_a_pain_of_its_own(world: World, tmp_path: Any) -> None:
    a_pain(world, "Copy figures", title_zh="", unit=world.team)
    assert imported(world, tmp_path / "p.csv", "row_id,title,kind\nB-1,Copy figures,report\n")["created"] == 1


def test_titles_that_differ_in_the_other_language_are_two_pains(world: World, tmp_path: Any) -> None:
    a_pain(world, "Copy figures", title_zh="抄写数据")
    assert imported(world, tmp_path / "p.csv", "title,title_zh\nCopy figures,别的事\n")["created"] == 1


# --- setting up and reading a ranking ----------------------------------------------------------------------------


def test_all_faults_of_a_new_ranking_come_at_once(world: World) -> None:
    client, page = client_for(world.facilitator), reverse("usecases:ranking_new")
    answer = client.post(page, {"unit": world.cn.pk, "mode": "alone", "panel": [world.architect.pk]})
    text = answer.content.decode()
    assert answer.status_code == 422 and not Ranking.objects.exists()
    assert "Give it a title" in text and "3 to 15 people; here are 1" in text
    assert set(answer.context["form"].errors) == {"candidates", "title_en", "panel"}


def test_roles_in_frozen_records_are_read_in_the_language_of_the_reader(world: World) -> None:
    snapshot = a_selection(world).snapshot
    inventory = services.publish_inventory(actor=actor(world.facilitator), unit=world.cn, acknowledge=True)
    with override("zh-hans"):
        cio, facilitator = (str(LABELS[code]) for code in ("cio", "facilitator"))
    client = client_for(world.reader)
    assert cio in client.get(snapshot.get_absolute_url() + "?lang=zh").content.decode()
    assert f"The Facilitator · {facilitator}" in client.get(inventory.get_absolute_url() + "?lang=zh").content.decode()
    with override("en"):
        assert role_words(facilitator) == "facilitator" and role_words("somebody else") == "somebody else"


def test_points_and_lead_agree_on_the_page(world: World) -> None:
    """68.5 of 100 and 66, 2.5 ahead: not 69 and 66."""
    from usecases.views.standing import sentence

    text = {"en": "UC-1 is first with 68 of 100, 2.5 ahead of UC-2.", "zh": "UC-1排名第一（68/100），领先UC-2 2.5 分。"}
    output = {"explanation": {"total": "68.500000", "sentence": text}}
    assert sentence(output, {"UC-1": "One", "UC-2": "Two"}, {}) == "One is first with 68.5 of 100, 2.5 ahead of Two."


def test_what_is_not_computed_is_said_once_and_not_in_a_frozen_record(world: World) -> None:
    selection = a_selection(world)
    page = client_for(world.cio).get(selection.snapshot.get_absolute_url()).content.decode()
    assert "not yet computed" not in page


# --- from a candidate to a charter -------------------------------------------------------------------------------


def test_every_reason_of_an_idea_leads_to_its_field(world: World) -> None:
    idea = services.draft_candidate(actor=actor(world.architect), unit=world.cn, channel="A9", title_en="Idea")
    client = client_for(world.architect)
    page = client.get(idea.get_absolute_url()).content.decode()
    form = client.get(f"/candidates/{idea.key}/edit").content.decode()
    for field in ("summary_en", "kind_of_help", "pains", "owner_team", "categories", "tools", "systems"):
        assert f"/candidates/{idea.key}/edit#id_{field}" in page and f'id="id_{field}"' in form, field


def test_after_shaping_the_next_step_is_said_with_its_link(world: World) -> None:
    given = {"summary_en": "x", "kind_of_help": "triage", "owner_team": world.team, "tools": "t"}
    links = {"pains": [a_pain(world)], "categories": [a_category(world)], "systems": [a_system(world)]}
    candidate = services.draft_candidate(
        actor=actor(world.architect), unit=world.cn, channel="A9", title_en="Idea", **given, **links
    )
    answer = client_for(world.architect).post(f"/candidates/{candidate.key}/shape", {"version": 1}, follow=True)
    page = answer.content.decode()
    assert "Marked as shaped." in page and 'href="/rankings/new"' in page


def test_after_choosing_a_charter_is_offered_to_those_who_may(world: World) -> None:
    snapshot = a_selection(world).snapshot
    link = f'href="{reverse("charter:new")}"'
    shown = {
        r: client_for(getattr(world, r)).get(snapshot.get_absolute_url()).content.decode()
        for r in ("ops_head", "reader")
    }
    assert link in shown["ops_head"] and link not in shown["reader"]


def test_the_candidate_form_says_what_shaping_needs_and_lists_pains_with_a_tick(world: World) -> None:
    pain = a_pain(world)
    page = client_for(world.architect).get(reverse("usecases:candidate_new")).content.decode()
    assert "(needed to be shaped)" in page and "(one of the two languages)" in page
    assert f'type="checkbox" name="pains" value="{pain.pk}"' in page and '<select name="pains"' not in page


# --- figures with their words ------------------------------------------------------------------------------------


def test_before_publishing_the_page_says_how_much_and_what_changed(world: World) -> None:
    client, page = client_for(world.facilitator), reverse("usecases:inventory_publish")
    an_inventory(world)
    services.record_pain(actor=actor(world.architect), unit=world.cn, title_en="No size yet")
    services.edit_pain(actor=actor(world.architect), pain=Pain.objects.order_by("key").first(), title_en="Other words")
    text = client.get(page).content.decode()
    assert "2 of 3 sized" in text and "1 new, 1 changed" in text and "INV-CN-v1" in text
    assert "6\u202fh a month (2 to 36)" in text and "100 % of them are guesses" in text


def test_a_published_page_names_the_team_and_how_many_are_sized(world: World) -> None:
    a_pain(world, owner_team=world.team)
    services.record_pain(actor=actor(world.architect), unit=world.cn, title_en="No size yet")
    inventory = services.publish_inventory(actor=actor(world.facilitator), unit=world.cn, acknowledge=True)
    text = client_for(world.reader).get(inventory.get_absolute_url()).content.decode()
    assert f"<td>{world.team.name}</td>" in text and "2 pains, 1 of them sized" in text


def test_hours_in_lists_carry_the_weakest_evidence_word(world: World) -> None:
    weak, strong = a_pain(world, "Weak"), a_pain(world, "Agreed", **load("team_agreed"))
    a_candidate(world, "Two pains", pains=[weak, strong])
    client = client_for(world.reader)
    for page, n in (("/pains", 3), ("/candidates", 2), (Candidate.objects.get().get_absolute_url(), 2)):
        text = client.get(page).content.decode()
        assert "Guess" in text and f"n = {n}" in text, page


def test_one_guess_is_not_a_hundred_percent_and_one_figure_not_a_range(world: World) -> None:
    same = {f: ("1", "1", "1") for f in ("runs_per_month", "items_per_run", "people_per_item")}
    a_pain(world, **load(**same, minutes_per_item=("180", "180", "180")))
    text = client_for(world.reader).get("/pains").content.decode()
    assert "it is a guess" in text and "100 %" not in text and "3 to 3" not in text


def test_a_generated_source_id_and_an_unset_scale_are_not_shown(world: World, tmp_path: Any) -> None:
    imported(world, tmp_path / "p.csv", "title,kind\nCopy figures,report\n")
    text = client_for(world.reader).get(Pain.objects.get().get_absolute_url()).content.decode()
    assert "title:" not in text and "of 5" not in text


def test_an_item_with_a_candidate_is_not_offered_a_second_one(world: World) -> None:
    contract, client = a_contract(world), client_for(world.architect)
    assert "Make a candidate" in client.get(contract.get_absolute_url()).content.decode()
    services.draft_from_item(actor=actor(world.architect), item=contract.items.get())
    assert "Make a candidate" not in client.get(contract.get_absolute_url()).content.decode()


def test_contracts_stand_in_the_order_of_their_next_renewal(world: World) -> None:
    today = now().date()
    dates = {
        "Gone by": {"renewal_on": today - timedelta(days=3)}, "No date": {},
        "Later": {"renewal_on": today + timedelta(days=60)},
        "By notice": {"ends_on": today + timedelta(days=90), "notice_days": 80},
    }  # fmt: skip
    for title, given in dates.items():
        a_contract(world, title_en=title, **given)
    text = client_for(world.reader).get("/contracts").content.decode()
    order = sorted(dates, key=lambda title: text.index(f">{title}<"))
    assert order == ["By notice", "Later", "No date", "Gone by"]


def test_a_frozen_ranking_comes_as_a_table(world: World) -> None:
    selection = a_selection(world)
    client, page = client_for(world.reader), selection.snapshot.get_absolute_url()
    table = b"".join(client.get(page + "?format=csv")).decode("utf-8-sig")
    for slot in selection.slots.select_related("candidate"):
        assert slot.candidate.key in table and slot.candidate.title_en in table
    assert "C1 · Man" in table and "75.000000" in table
    assert client.get(page + "?format=xlsx").status_code == 200
    assert client.get(page + "?format=pdf").status_code == 422
    assert client_for(world.outsider).get(page + "?format=csv").status_code == 404


def test_a_form_sent_again_after_an_error_still_carries_the_version_its_reader_saw(world: Any) -> None:
    from tests.usecases.builders import a_pain

    pain = a_pain(world)
    browser, address = client_for(world.architect), f"/pains/{pain.key}/edit"
    seen = pain.version
    services.edit_pain(actor=actor(world.facilitator), pain=pain, title_en="Changed by somebody else")
    refused = browser.post(address, {"title_en": "", "title_zh": "", "kind": "repetitive", "version": seen})
    assert refused.status_code == 422 and f'name="version" value="{seen}"' in refused.content.decode()
