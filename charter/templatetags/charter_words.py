"""Words of the charter for frozen facts, which hold codes and both languages."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _

from charter import panel, words
from charter.models import CharterCriterion, SignRole
from foundation.bilingual import pick

register = template.Library()


@register.filter
def told(texts: Any) -> str:
    """The reader's language of `{"en": …, "zh": …}`."""
    return pick(texts) if isinstance(texts, dict) else str(texts or "")


@register.filter
def outcome_word(outcome: Any) -> str:
    return panel.outcome_word(str(outcome))


@register.filter
def reading_word(reading: Any) -> str:
    return _("not settled") if reading == "INCONCLUSIVE" else panel.outcome_word(str(reading))


@register.filter
def status_word(status: Any, kind: Any = "") -> str:
    """A stop criterion is no target: what it warns of happened, or did not."""
    if kind == "stop":
        found = {"met": _("happened"), "not_met": _("did not happen"), "no_data": _("no data")}
    else:
        found = {"met": _("met"), "not_met": _("not met"), "no_data": _("no data")}
    return found.get(str(status), str(status))


@register.filter
def rule_words(rule: Any) -> str:
    """The rule of a criterion, or of its frozen copy, as a sentence."""
    if isinstance(rule, CharterCriterion):
        return words.rule_sentence(rule.metric, rule.comparator, rule.threshold, rule.min_sample)
    return words.frozen_rule(rule) if rule else ""


@register.filter
def status_tone(status: Any, kind: Any = "") -> str:
    return panel.status_tone(str(status), str(kind))


@register.filter
def kind_word(kind: Any) -> str:
    return str(dict(CharterCriterion.Kind.choices).get(kind, kind))


@register.filter
def role_word(role: Any) -> str:
    return str(dict(SignRole.choices).get(role, role))
