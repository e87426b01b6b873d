"""The permission table as written in the design, and that nothing else gives rights."""

from __future__ import annotations

import pytest

from accounts.actors import actor_for
from accounts.roles import ADMINS, DECIDING, PERMISSIONS, ROLES, SCOPES, TABLE, allowed_by, roles_with
from foundation.access import may, require
from foundation.errors import NotPermitted
from tests.world import actor

APPROVERS = ("architecture_approver", "security_approver", "data_approver")
SHORT = {
    "en": ["ops_engineer"], "fa": ["facilitator"], "ar": ["architect"], "pl": ["pilot_lead"], "la": [*APPROVERS],
    "oh": ["ops_head"], "ci": ["cio"], "po": ["programme_office"], "ga": ["governance_admin"], "au": ["auditor"],
    "an": ["analyst"], "sa": ["system_admin"], "re": ["recorder"],
}  # fmt: skip

# One line a permission, read off the table of the access design by hand: full / own.
SAMPLE = """
governance.submission.draft            en ar pl ga /
governance.submission.submit           ar /
governance.submission.withdraw         ar /
governance.binding.substitute          ar /
governance.review.vote                 la oh ci /
governance.condition.waive             la oh ci /
governance.condition.evidence          / en fa ar pl la oh ci po ga
governance.approval.revoke             la /
governance.catalogue.edit              ar po ga /
governance.alignment.state             ar po /
governance.alignment.confirm           po /
governance.definition.publish          ga /
governance.delegation.grant            ga / la oh ci po
usecases.flagship.select               oh ci /
usecases.ranking.weigh                 oh ci /
usecases.pain.record                   en fa ar pl la oh ci po /
usecases.pain.promote                  fa ar / en
usecases.inventory.publish             fa ar / en
usecases.candidate.edit                fa ar pl / en la oh
usecases.candidate.decline             ar oh / en la
usecases.contract.edit                 ar pl / en oh
usecases.demo.react                    en fa ar pl la oh ci po /
usecases.asset.review                  ar pl la /
usecases.ranking.setup                 fa ar / en pl la oh ci po
usecases.ranking.score                 fa ar / en pl la oh ci po
metrics.record.write                   en fa ar pl oh re /
metrics.record.import                  ar pl re /
metrics.measure.lock                   ar pl oh /
metrics.report.freeze                  ar pl /
metrics.connection.edit                ar sa /
metrics.sync.run                       ar pl sa / re
charter.text.draft                     ar pl oh /
charter.text.sign                      / oh ci po
charter.decision.sign                  / oh ci po
charter.decision.prepare               pl /
charter.decision.propose               oh ci /
charter.pilot.start                    pl /
charter.stop.press                     pl / en fa ar la oh ci po
charter.breach.report                  en fa ar pl la ga au / oh ci po
charter.question.answer                ar pl oh ci /
charter.service.review                 oh ci / ar pl
desk.journey.edit                      fa ar /
desk.playbook.export                   fa ar po /
desk.export.bulk                       au an /
audit.verify                           ga au sa /
audit.export                           au /
accounts.member.invite                 fa ar pl oh ci po ga sa /
accounts.member.confirm                ga sa / la oh ci po
accounts.unit.edit                     sa /
accounts.setting.change                sa /
"""


def expand(words: str) -> set[str]:
    return {role for word in words.split() for role in SHORT[word]}


@pytest.mark.parametrize("line", SAMPLE.strip().splitlines(), ids=lambda line: line.split()[0])
def test_who_may_is_what_the_design_says(line):
    code, rest = line.split(maxsplit=1)
    full, own = rest.split("/")
    assert {r.code for r in ROLES.values() if code in r.full} == expand(full)
    assert {r.code for r in ROLES.values() if code in r.own} == expand(own)


def test_every_code_stands_once_and_is_area_object_act():
    codes = [row.permission.code for row in TABLE]
    assert len(codes) == len(set(codes))
    for code in codes:
        assert len(code.split(".")) == (2 if code.endswith(".read") or code.startswith("audit.") else 3), code


def test_every_role_reads_every_area_and_makes_own_tokens():
    reading = {"governance.read", "usecases.read", "metrics.read", "charter.read", "desk.read", "accounts.read"}
    for role in ROLES.values():
        assert role.full >= reading | {"audit.read", "accounts.token.make"}
        assert "desk.job.manage" in role.own
    assert ROLES["reader"].full == reading | {"audit.read", "accounts.token.make"}


def test_a_system_admin_decides_nothing():
    decisions = ("vote", "sign", "propose", "press", "resume", "publish", "select", "score", "lock", "review")
    assert not [c for c in ROLES["system_admin"].full | ROLES["system_admin"].own if c.split(".")[-1] in decisions]


def test_each_lane_has_its_own_deciders():
    lanes = {c: {r.code for r in roles_with(c)} for c in PERMISSIONS if c.startswith("governance.lane.")}
    assert lanes == {
        "governance.lane.architecture": {"architecture_approver"},
        "governance.lane.security": {"security_approver"},
        "governance.lane.data": {"data_approver"},
        "governance.lane.management": {"ops_head", "cio"},
    }


def test_no_scope_gives_a_binding_act_and_every_other_permission_has_a_scope():
    everything = allowed_by(list(SCOPES))
    assert not [c for c in everything if PERMISSIONS[c].binding]
    assert everything == {c for c, p in PERMISSIONS.items() if not p.binding}
    assert allowed_by(["unknown"]) == frozenset()


def test_deciding_roles_are_exactly_the_marked_ones():
    assert (
        {r.code for r in ROLES.values() if r.deciding}
        == DECIDING
        == {*APPROVERS, "ops_head", "cio", *ADMINS} | {"programme_office"}
    )


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_counts_at_its_unit_and_below_and_nowhere_else(world, role):
    here = actor(getattr(world, role))
    for code in ROLES[role].full:
        assert may(here, code, world.cn) and may(here, code, world.team), code
        assert not may(here, code, world.em) and not may(here, code, world.root), code
    for code in set(PERMISSIONS) - ROLES[role].full:
        assert not may(here, code, world.cn), code


@pytest.mark.parametrize("door", ["rest", "mcp", "task", "command"])
def test_a_binding_act_needs_a_person_on_a_page(world, door):
    through = actor(world.cio, door)
    with pytest.raises(NotPermitted) as refusal:
        require(through, "usecases.flagship.select", world.cn)
    assert refusal.value.code == "binding_act"
    require(actor(world.cio), "usecases.flagship.select", world.cn)
    assert may(through, "usecases.pain.record", world.cn)


def test_an_unknown_permission_is_a_mistake_in_the_code(world):
    with pytest.raises(KeyError):
        require(actor(world.cio), "usecases.pain.destroy", world.cn)


def test_a_refusal_names_the_roles_and_who_holds_them(world):
    with pytest.raises(NotPermitted) as refusal:
        require(actor(world.reader), "usecases.flagship.select", world.cn)
    assert "CIO (The Cio)" in str(refusal.value) and "choose a flagship" in str(refusal.value)


def test_two_roles_add_up(world):
    from tests.world import a_member

    a_member(world.facilitator, "pilot_lead", world.team)
    both = actor_for(world.facilitator)
    assert may(both, "metrics.report.freeze", world.team) and not may(both, "metrics.report.freeze", world.cn)
    assert may(both, "usecases.workshop.run", world.cn)
