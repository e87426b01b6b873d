"""Every write of this app, by aggregate."""

from usecases.services.assets import add_asset, edit_asset, record_rerun, retire_asset, review_asset
from usecases.services.candidates import (
    decline_candidate,
    draft_candidate,
    draft_from_item,
    edit_candidate,
    park_candidate,
    reopen_candidate,
    shape_candidate,
)
from usecases.services.contracts import add_contract, add_contract_item, edit_contract, edit_contract_item
from usecases.services.importing import import_pains
from usecases.services.inventory import publish_inventory
from usecases.services.pains import edit_pain, park_pain, promote_pain, record_pain, reject_pain, reopen_pain
from usecases.services.ranking import (
    cancel_ranking,
    draft_ranking,
    edit_ranking,
    open_ranking,
    save_scores,
    start_scoring,
    void_ranking,
    weigh_criteria,
)
from usecases.services.selection import freeze_ranking, select_flagships
from usecases.services.systems import add_system, edit_source, edit_system

__all__ = [
    "add_asset",
    "add_contract",
    "add_contract_item",
    "add_system",
    "cancel_ranking",
    "decline_candidate",
    "draft_candidate",
    "draft_from_item",
    "draft_ranking",
    "edit_asset",
    "edit_candidate",
    "edit_contract",
    "edit_contract_item",
    "edit_pain",
    "edit_ranking",
    "edit_source",
    "edit_system",
    "freeze_ranking",
    "import_pains",
    "open_ranking",
    "park_candidate",
    "park_pain",
    "promote_pain",
    "publish_inventory",
    "record_pain",
    "record_rerun",
    "reject_pain",
    "reopen_candidate",
    "reopen_pain",
    "retire_asset",
    "review_asset",
    "save_scores",
    "select_flagships",
    "shape_candidate",
    "start_scoring",
    "void_ranking",
    "weigh_criteria",
]
