"""Every write of a workshop. Steps and settings are the facilitator's; cards, ballots and merges come from seats."""

from usecases.services.workshops.ballots import cast_ballot, type_paper_ballots
from usecases.services.workshops.cards import add_card, card_warnings, edit_card, remove_card, type_card
from usecases.services.workshops.clustering import (
    keep_apart,
    merge_clusters,
    move_card,
    move_cards,
    split_cluster,
    undo_cluster_op,
)
from usecases.services.workshops.door import behind_code, close_door, open_door, renew_codes
from usecases.services.workshops.publishing import publish_workshop
from usecases.services.workshops.review import answers_of_cards, review_item
from usecases.services.workshops.seats import add_paper_seats, join_workshop, mark_done
from usecases.services.workshops.setup import (
    create_workshop,
    edit_workshop,
    pause_workshop,
    resume_workshop,
    seed_pains,
    set_timer,
)
from usecases.services.workshops.steps import (
    cancel_workshop,
    close_vote,
    open_vote,
    recluster,
    recollect_cards,
    reveal_cards,
    start_workshop,
    vote_again,
)
from usecases.services.workshops.wiping import tidy_workshops
from usecases.services.workshops.wording import redact_card, reword_cluster

STEPS = {  # step of the lifecycle -> its service; `vote_again` and `cancel` ask for a reason
    "start": start_workshop,
    "reveal": reveal_cards,
    "recollect": recollect_cards,
    "open_vote": open_vote,
    "recluster": recluster,
    "close_vote": close_vote,
    "vote_again": vote_again,
    "publish": publish_workshop,
    "cancel": cancel_workshop,
}

__all__ = [
    "STEPS",
    "add_card",
    "add_paper_seats",
    "answers_of_cards",
    "behind_code",
    "cancel_workshop",
    "card_warnings",
    "cast_ballot",
    "close_door",
    "close_vote",
    "create_workshop",
    "edit_card",
    "edit_workshop",
    "join_workshop",
    "keep_apart",
    "mark_done",
    "merge_clusters",
    "move_card",
    "move_cards",
    "open_door",
    "open_vote",
    "pause_workshop",
    "publish_workshop",
    "recluster",
    "recollect_cards",
    "redact_card",
    "remove_card",
    "renew_codes",
    "resume_workshop",
    "reveal_cards",
    "review_item",
    "reword_cluster",
    "seed_pains",
    "set_timer",
    "split_cluster",
    "start_workshop",
    "tidy_workshops",
    "type_card",
    "type_paper_ballots",
    "undo_cluster_op",
    "vote_again",
]
