"""Units, people, invitations, roles: each act and its refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts import services
from accounts.actors import actor_for, guest, people_who_may
from accounts.models import Installation, Invitation, Membership, Unit, User
from foundation.access import may
from foundation.actor import system_actor
from foundation.audit.models import AuditEvent
from foundation.errors import Invalid, NotPermitted, NotReady, NotVisible
from tests.world import PASSWORD, a_member, a_unit, a_user, actor

GOOD = "a long and quiet river"


def codes(refusal: pytest.ExceptionInfo) -> set[str]:
    return {reason.code for reason in refusal.value.reasons}


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("seq").values_list("verb", flat=True))


def joined(actor, role, unit, email="new@example.org", name="New Person"):
    """Invite by address and accept as the new person."""
    _invitation, secret = services.invite_member(actor=actor, role=role, unit=unit, email=email)
    return services.accept_invitation(actor=guest(), secret=secret, name=name, password=GOOD)


# Bootstrap


@pytest.mark.django_db
def test_bootstrap_makes_the_root_unit_and_an_admin_who_enters_by_a_one_time_link():
    user, secret = services.bootstrap(
        actor=system_actor("command"), email="First@Example.org", name="First", unit_code="GR", unit_name="Group"
    )
    assert Unit.objects.get().path == "/0001/" and user.email == "first@example.org"
    entered, _membership = services.accept_invitation(actor=guest(), secret=secret, password=GOOD)
    assert entered.pk == user.pk and entered.check_password(GOOD)
    assert may(actor_for(entered), "accounts.unit.edit", Unit.objects.get())
    assert verbs() == ["installation.bootstrapped", "member.joined"]
    with pytest.raises(NotVisible):
        services.accept_invitation(actor=guest(), secret=secret, password=GOOD)


def test_bootstrap_is_refused_once_there_is_a_unit(world):
    with pytest.raises(NotReady) as refusal:
        services.bootstrap(actor=system_actor(), email="a@example.org", name="A", unit_code="XX", unit_name="X")
    assert codes(refusal) == {"already_set_up"}


@pytest.mark.django_db
def test_bootstrap_names_every_mistake_at_once():
    with pytest.raises(Invalid) as refusal:
        services.bootstrap(actor=system_actor(), email="no", name=" ", unit_code="x y", unit_name="", zone="Mars/Base")
    assert codes(refusal) == {"bad_email", "name_missing", "bad_code", "bad_zone"}
    assert not Unit.objects.exists() and not User.objects.exists()


# Units


def test_a_system_admin_adds_a_unit_below_the_own_one(world):
    unit = services.add_unit(actor=actor(world.system_admin), parent=world.cn, code="CN-2", name_en="", name_zh="二部")
    assert unit.path.startswith(world.cn.path) and unit.zone == "Asia/Shanghai" and unit.name == "二部"
    assert verbs() == ["unit.added"]


def test_an_architect_may_not_add_a_unit_and_learns_who_may(world):
    with pytest.raises(NotPermitted) as refusal:
        services.add_unit(actor=actor(world.architect), parent=world.cn, code="CN-2", name_en="Two")
    assert "The System Admin" in str(refusal.value)


def test_an_admin_of_one_unit_does_not_reach_a_sibling(world):
    with pytest.raises(NotPermitted):
        services.add_unit(actor=actor(world.system_admin), parent=world.em, code="EM-2", name_en="Two")


def test_a_code_is_never_given_twice(world):
    with pytest.raises(Invalid) as refusal:
        services.add_unit(actor=actor(world.system_admin), parent=world.cn, code="EM", name_en="Again")
    assert codes(refusal) == {"code_taken"}


def test_a_renamed_unit_keeps_its_code_and_leaves_both_names_in_the_ledger(world):
    services.rename_unit(actor=actor(world.system_admin), unit=world.team, name_en="Hangzhou", name_zh="杭州")
    entry = AuditEvent.objects.get()
    assert (entry.before["name_en"], entry.after["name_en"]) == ("Shanghai operations", "Hangzhou")
    with pytest.raises(Invalid):
        services.rename_unit(actor=actor(world.system_admin), unit=world.team, name_en=" ")


def test_moving_a_unit_takes_everything_below_along_and_rights_follow(world):
    a_member(world.system_admin, "system_admin", world.root)
    leaf = a_unit("LEAF", world.team)
    outsider = actor(world.outsider)
    assert not may(outsider, "usecases.pain.edit", leaf)
    moved = services.move_unit(actor=actor(world.system_admin), unit=world.team, parent=world.em)
    leaf.refresh_from_db()
    assert moved.parent == world.em and leaf.path == f"{world.em.path}{moved.pk:04d}/{leaf.pk:04d}/"
    assert may(outsider, "usecases.pain.edit", leaf)
    assert not may(actor(world.architect), "usecases.pain.edit", leaf)


def test_a_unit_cannot_move_below_itself_and_the_root_stays(world):
    a_member(world.system_admin, "system_admin", world.root)
    admin = actor(world.system_admin)
    with pytest.raises(NotReady) as refusal:
        services.move_unit(actor=admin, unit=world.root, parent=world.team)
    assert codes(refusal) == {"is_root", "below_itself"}


def test_a_unit_closes_only_when_nothing_below_is_open(world):
    admin = actor(world.system_admin)
    with pytest.raises(NotReady) as refusal:
        services.close_unit(actor=admin, unit=world.cn)
    assert "Shanghai operations" in str(refusal.value)
    assert services.close_unit(actor=admin, unit=world.team).closed_at
    assert services.close_unit(actor=admin, unit=world.cn).closed_at
    with pytest.raises(NotReady):
        services.add_unit(actor=admin, parent=world.cn, code="NEW", name_en="New")


# Invitations


def test_an_invitation_is_mailed_and_its_queue_never_holds_the_secret(world, run_jobs):
    from foundation.jobs.models import Job

    _invitation, secret = services.invite_member(
        actor=actor(world.architect), role="reader", unit=world.cn, email="new@example.org", what_for="Request 7"
    )
    assert secret not in str(list(Job.objects.values_list("args", flat=True)))
    assert run_jobs() == ["done"]
    assert f"/invite/{secret}" in mail.outbox[0].body and "Request 7" in mail.outbox[0].body
    assert not AuditEvent.objects.filter(body__contains="new@example.org").exists()


def test_who_accepts_by_mail_becomes_a_member_and_the_link_is_spent(world):
    invitation, secret = services.invite_member(
        actor=actor(world.architect), role="pilot_lead", unit=world.team, email="New@Example.org"
    )
    user, membership = services.accept_invitation(actor=guest(), secret=secret, name="New Person", password=GOOD)
    assert user.email == "new@example.org" and user.zone == "Asia/Shanghai"
    assert may(actor_for(user), "metrics.pilot.draft", world.team)
    assert not may(actor_for(user), "metrics.pilot.draft", world.cn)
    invitation.refresh_from_db()
    assert (invitation.state, membership.given_by) == ("accepted", world.architect)
    with pytest.raises(NotVisible):
        services.accept_invitation(actor=guest(), secret=secret, name="Second", password=GOOD)


def test_asking_again_kills_the_first_invitation(world):
    first, old = services.invite_member(
        actor=actor(world.architect), role="reader", unit=world.cn, email="a@example.org"
    )
    services.invite_member(actor=actor(world.architect), role="reader", unit=world.cn, email="a@example.org")
    first.refresh_from_db()
    assert first.state == "revoked"
    with pytest.raises(NotVisible):
        services.accept_invitation(actor=guest(), secret=old, name="A", password=GOOD)


def test_an_invitation_runs_out_after_14_days_and_a_copied_link_after_72_hours(world):
    inviter = actor(world.architect)
    _mailed, by_mail = services.invite_member(actor=inviter, role="reader", unit=world.cn, email="a@example.org")
    _copied, by_link = services.invite_member(actor=inviter, role="reader", unit=world.cn)
    with time_machine.travel(timezone.now() + timedelta(hours=73)), pytest.raises(NotVisible):
        services.accept_invitation(actor=guest(), secret=by_link, email="b@example.org", name="B", password=GOOD)
    with time_machine.travel(timezone.now() + timedelta(hours=73)):
        services.accept_invitation(actor=guest(), secret=by_mail, name="A", password=GOOD)
    _late, late = services.invite_member(actor=inviter, role="reader", unit=world.cn, email="c@example.org")
    with time_machine.travel(timezone.now() + timedelta(days=15)), pytest.raises(NotVisible):
        services.accept_invitation(actor=guest(), secret=late, name="C", password=GOOD)


def test_a_revoked_invitation_opens_nothing_and_is_revoked_once(world):
    invitation, secret = services.invite_member(actor=actor(world.architect), role="reader", unit=world.cn)
    services.revoke_invitation(actor=actor(world.facilitator), invitation=invitation)
    with pytest.raises(NotVisible):
        services.accept_invitation(actor=guest(), secret=secret, email="x@example.org", name="X", password=GOOD)
    with pytest.raises(NotReady):
        services.revoke_invitation(actor=actor(world.facilitator), invitation=invitation)
    with pytest.raises(NotPermitted):
        services.revoke_invitation(actor=actor(world.reader), invitation=invitation)


def test_a_reader_invites_nobody_and_an_architect_no_system_admin(world):
    with pytest.raises(NotPermitted):
        services.invite_member(actor=actor(world.reader), role="reader", unit=world.cn, email="a@example.org")
    with pytest.raises(NotPermitted) as refusal:
        services.invite_member(actor=actor(world.architect), role="system_admin", unit=world.cn, email="a@example.org")
    assert codes(refusal) == {"admin_only"}
    with pytest.raises(NotPermitted) as refusal:
        services.invite_member(
            actor=actor(world.governance_admin), role="system_admin", unit=world.cn, email="a@example.org"
        )
    assert codes(refusal) == {"admin_only"}


def test_nobody_invites_themselves_by_address_or_by_their_own_link(world):
    inviter = actor(world.architect)
    with pytest.raises(NotPermitted) as refusal:
        services.invite_member(actor=inviter, role="cio", unit=world.cn, email=world.architect.email)
    assert codes(refusal) == {"self_grant"}
    _invitation, secret = services.invite_member(actor=inviter, role="cio", unit=world.cn)
    with pytest.raises(NotPermitted) as refusal:
        services.accept_invitation(actor=inviter, secret=secret)
    assert codes(refusal) == {"self_grant"}
    assert not Membership.objects.filter(user=world.architect, role="cio").exists()


def test_somebody_who_is_here_only_gains_the_role(world):
    _invitation, secret = services.invite_member(
        actor=actor(world.facilitator), role="pilot_lead", unit=world.team, email=world.cio.email
    )
    user, _membership = services.accept_invitation(actor=actor(world.cio), secret=secret)
    assert user == world.cio and User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_a_link_never_gives_a_known_address_another_password(world):
    _invitation, secret = services.invite_member(actor=actor(world.architect), role="reader", unit=world.team)
    with pytest.raises(Invalid) as refusal:
        services.accept_invitation(actor=guest(), secret=secret, email=world.cio.email, name="Imposter", password=GOOD)
    assert codes(refusal) == {"sign_in_first"}
    assert User.objects.get(pk=world.cio.pk).check_password(PASSWORD)


def test_an_invitation_by_address_is_for_that_person(world):
    _invitation, secret = services.invite_member(
        actor=actor(world.architect), role="pilot_lead", unit=world.team, email=world.cio.email
    )
    with pytest.raises(NotPermitted) as refusal:
        services.accept_invitation(actor=actor(world.auditor), secret=secret)
    assert codes(refusal) == {"other_person"}


def test_a_new_person_hears_of_every_gap_at_once(world):
    _invitation, secret = services.invite_member(actor=actor(world.architect), role="reader", unit=world.cn)
    with pytest.raises(Invalid) as refusal:
        services.accept_invitation(actor=guest(), secret=secret, email="nope", name="", password="short")
    assert codes(refusal) == {"bad_email", "name_missing", "weak_password"}
    assert Invitation.objects.get().state == "open"


# Deciding roles


def test_a_deciding_role_given_by_an_architect_waits_and_gives_nothing_yet(world):
    user, membership = joined(actor(world.architect), "cio", world.cn)
    assert membership.is_proposed and not may(actor_for(user), "usecases.flagship.select", world.cn)
    services.confirm_member(actor=actor(world.cio), membership=membership)
    assert may(actor_for(user), "usecases.flagship.select", world.cn)


def test_a_deciding_role_mailed_by_an_admin_counts_at_once_but_a_copied_link_waits(world):
    admin = actor(world.governance_admin)
    _user, membership = joined(admin, "security_approver", world.cn)
    assert not membership.is_proposed
    _invitation, secret = services.invite_member(actor=admin, role="security_approver", unit=world.cn)
    _user, by_link = services.accept_invitation(
        actor=guest(), secret=secret, email="link@example.org", name="Link", password=GOOD
    )
    assert by_link.is_proposed
    assert not services.confirm_member(actor=admin, membership=by_link).is_proposed


def test_the_giver_does_not_confirm_nor_does_the_person_nor_a_holder_of_another_role(world):
    user, membership = joined(actor(world.ops_head), "ops_head", world.cn)
    with pytest.raises(NotPermitted) as refusal:
        services.confirm_member(actor=actor(world.ops_head), membership=membership)
    assert codes(refusal) == {"own_gift"}
    a_member(user, "governance_admin", world.cn)
    with pytest.raises(NotPermitted) as refusal:
        services.confirm_member(actor=actor(user), membership=membership)
    assert codes(refusal) == {"self_grant"}
    with pytest.raises(NotPermitted) as refusal:
        services.confirm_member(actor=actor(world.cio), membership=membership)
    assert codes(refusal) == {"not_permitted"}


def test_a_role_is_confirmed_once(world):
    _user, membership = joined(actor(world.architect), "reader", world.cn)
    with pytest.raises(NotReady):
        services.confirm_member(actor=actor(world.governance_admin), membership=membership)


def test_giving_a_role_by_hand_follows_the_same_rules(world):
    given = services.give_role(actor=actor(world.architect), user=world.auditor, role="data_approver", unit=world.cn)
    assert given.is_proposed
    with pytest.raises(Invalid) as refusal:
        services.give_role(actor=actor(world.architect), user=world.auditor, role="data_approver", unit=world.cn)
    assert codes(refusal) == {"already_member"}
    with pytest.raises(NotPermitted) as refusal:
        services.give_role(actor=actor(world.architect), user=world.architect, role="reader", unit=world.cn)
    assert codes(refusal) == {"self_grant"}
    with pytest.raises(Invalid) as refusal:
        services.give_role(actor=actor(world.architect), user=world.auditor, role="emperor", unit=world.cn)
    assert codes(refusal) == {"unknown_role"}


def test_a_service_account_holds_no_working_role(world):
    robot = a_user("Robot", kind=User.Kind.SERVICE)
    with pytest.raises(Invalid) as refusal:
        services.give_role(actor=actor(world.system_admin), user=robot, role="architect", unit=world.cn)
    assert codes(refusal) == {"service_role"}
    assert services.give_role(actor=actor(world.system_admin), user=robot, role="recorder", unit=world.cn)


def test_a_role_that_ran_out_gives_nothing(world):
    person = a_user("Short Term")
    a_member(person, "architect", world.cn, until=timezone.now() + timedelta(days=1))
    assert may(actor_for(person), "usecases.pain.edit", world.cn)
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert not may(actor_for(person), "usecases.pain.edit", world.cn)


# Leaving


def test_an_ended_role_is_gone_on_the_next_request(world):
    held = Membership.objects.get(user=world.architect)
    services.end_membership(actor=actor(world.system_admin), membership=held)
    assert actor(world.architect).grants == ()
    with pytest.raises(NotReady):
        services.end_membership(actor=actor(world.system_admin), membership=held)
    with pytest.raises(NotPermitted):
        services.end_membership(
            actor=actor(world.facilitator), membership=Membership.objects.get(user=world.pilot_lead)
        )


def test_a_holder_may_end_the_same_role_but_no_other(world):
    second = a_member(a_user("Second Cio"), "cio", world.team)
    with pytest.raises(NotPermitted):
        services.end_membership(actor=actor(world.ops_head), membership=second)
    assert services.end_membership(actor=actor(world.cio), membership=second).ended_at


def test_the_last_way_in_stays_open(world):
    admin = a_user("Root Admin")
    held = a_member(admin, "system_admin", world.root)
    with pytest.raises(NotPermitted) as refusal:
        services.end_membership(actor=actor(admin), membership=held)
    assert codes(refusal) == {"last_way_in"}
    with pytest.raises(NotPermitted) as refusal:
        services.deactivate_user(actor=actor(admin), user=admin)
    assert codes(refusal) == {"last_way_in"}
    a_member(a_user("Other Admin"), "system_admin", world.root)
    assert services.end_membership(actor=actor(admin), membership=held).ended_at


def test_an_admin_who_never_set_a_password_is_no_way_in(world):
    admin = a_user("Root Admin")
    a_member(admin, "system_admin", world.root)
    invited = User.objects.create_user("later@example.org", name="Later")
    a_member(invited, "system_admin", world.root)
    with pytest.raises(NotPermitted) as refusal:
        services.deactivate_user(actor=actor(admin), user=admin)
    assert codes(refusal) == {"last_way_in"}


def test_a_deactivated_person_keeps_the_name_and_loses_every_right(world):
    services.deactivate_user(actor=actor(world.system_admin), user=world.architect)
    gone = User.objects.get(pk=world.architect.pk)
    assert gone.name == "The Architect" and actor_for(gone).grants == ()
    assert world.architect not in people_who_may("usecases.pain.edit", world.cn)
    services.reactivate_user(actor=actor(world.system_admin), user=gone)
    assert actor_for(User.objects.get(pk=gone.pk)).grants
    with pytest.raises(NotPermitted):
        services.deactivate_user(actor=actor(world.governance_admin), user=gone)


def test_an_admin_of_one_unit_does_not_deactivate_somebody_of_another(world):
    with pytest.raises(NotPermitted):
        services.deactivate_user(actor=actor(world.system_admin), user=world.outsider)


# Oneself


def test_preferences_are_ones_own_and_checked_together(world):
    user = services.set_preferences(actor=actor(world.cio), language="zh-hans", theme="dark", zone="Asia/Shanghai")
    assert (user.language, user.theme) == ("zh-hans", "dark")
    with pytest.raises(Invalid) as refusal:
        services.set_preferences(actor=actor(world.cio), language="xx", theme="pink", zone="Nowhere")
    assert codes(refusal) == {"bad_language", "bad_theme", "bad_zone"}


def test_people_who_may_are_those_at_the_unit_and_above(world):
    above = a_user("Above")
    a_member(above, "cio", world.root)
    names = [p.name for p in people_who_may("usecases.flagship.select", world.team)]
    assert names == ["Above", "The Cio", "The Ops Head"]
    assert people_who_may("usecases.flagship.select", world.em) == [above]


def test_there_is_one_installation_row(world):
    from django.db import IntegrityError, transaction

    Installation.objects.create(demo=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Installation.objects.create(id=2)


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Chen An", "CA"), ("Maria del Carmen Ruiz", "MR"), ("陈安", "陈安"), ("Bo", "BO"), ("", "?")],
)
def test_initials_fit_western_and_chinese_names(name, initials):
    assert User(name=name).initials == initials
