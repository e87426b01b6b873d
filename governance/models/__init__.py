"""What may be used and who said so: four chapters of one story."""

from governance.models.approvals import Approval, ApprovalEvent, Condition, ConditionEvent, Evidence
from governance.models.catalogue import Binding, Component, Pattern, PatternVersion, SecurityReuse, Slot
from governance.models.data import (
    CategoryUse,
    Checklist,
    ChecklistAnswer,
    ChecklistItem,
    DataCategory,
    DataCategoryVersion,
)
from governance.models.requests import Contributor, Gate, GateDecision, Lane, Pack, Submission, Vote, VoteItem

__all__ = [
    "Approval",
    "ApprovalEvent",
    "Binding",
    "CategoryUse",
    "Checklist",
    "ChecklistAnswer",
    "ChecklistItem",
    "Component",
    "Condition",
    "ConditionEvent",
    "Contributor",
    "DataCategory",
    "DataCategoryVersion",
    "Evidence",
    "Gate",
    "GateDecision",
    "Lane",
    "Pack",
    "Pattern",
    "PatternVersion",
    "SecurityReuse",
    "Slot",
    "Submission",
    "Vote",
    "VoteItem",
]
