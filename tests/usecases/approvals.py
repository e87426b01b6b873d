"""A category that stands in a request waiting for a decision."""

from __future__ import annotations

from foundation.refs import next_ref
from governance.models import CategoryUse, DataCategory, DataCategoryVersion, Gate, Pattern, PatternVersion, Submission
from tests.world import World


def category_in_approval(world: World, category: DataCategory) -> None:
    if CategoryUse.objects.filter(category_version__category=category).exists():
        return
    pattern = Pattern.objects.create(key=next_ref("PT", 1), name_en="Assistant pattern", unit=world.cn)
    version = PatternVersion.objects.create(pattern=pattern, unit=world.cn, number=1)
    passport = DataCategoryVersion.objects.create(category=category, unit=world.cn, number=1, sensitivity="internal")
    gate = Gate.objects.create(code="ai", number=1, unit=world.root, lanes=[], validity_months=12)
    submission = Submission.objects.create(
        key=next_ref("G"), gate=gate, unit=world.cn, pattern_version=version, submitter=world.architect
    )
    CategoryUse.objects.create(submission=submission, pattern_version=version, category_version=passport, unit=world.cn)
    Submission.objects.filter(pk=submission.pk).update(state="submitted")
