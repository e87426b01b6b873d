from usecases.models.assets import Asset, AssetRerun, AssetReview
from usecases.models.candidates import Candidate, DataSource
from usecases.models.contracts import Contract, ContractItem
from usecases.models.inventory import InventoryVersion
from usecases.models.load import FACTORS, LoadFields
from usecases.models.pains import Pain
from usecases.models.ranking import Criterion, Ranking, RankingCandidate, RankingGate, RankingScorer, Score
from usecases.models.selection import FlagshipSelection, FlagshipSlot, RankingSnapshot
from usecases.models.systems import System

__all__ = [
    "FACTORS",
    "Asset",
    "AssetRerun",
    "AssetReview",
    "Candidate",
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
    "Score",
    "System",
]
