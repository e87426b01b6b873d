from usecases.models.assets import Asset, AssetRerun, AssetReview
from usecases.models.ballots import Ballot, RollEntry, Round
from usecases.models.candidates import Candidate, DataSource
from usecases.models.clusters import Card, Cluster, ClusterOp
from usecases.models.contracts import Contract, ContractItem
from usecases.models.inventory import InventoryVersion
from usecases.models.load import FACTORS, LoadFields
from usecases.models.pains import Pain
from usecases.models.ranking import Criterion, Ranking, RankingCandidate, RankingGate, RankingScorer, Score
from usecases.models.selection import FlagshipSelection, FlagshipSlot, RankingSnapshot
from usecases.models.systems import System
from usecases.models.workshops import Seat, Workshop

__all__ = [
    "FACTORS",
    "Asset",
    "AssetRerun",
    "AssetReview",
    "Ballot",
    "Candidate",
    "Card",
    "Cluster",
    "ClusterOp",
    "Contract",
    "ContractItem",
    "Criterion",
    "DataSource",
    "FlagshipSelection",
    "FlagshipSlot",
    "InventoryVersion",
    "LoadFields",
    "Pain",
    "Ranking",
    "RankingCandidate",
    "RankingGate",
    "RankingScorer",
    "RankingSnapshot",
    "RollEntry",
    "Round",
    "Score",
    "Seat",
    "System",
    "Workshop",
]
