"""Units and people of the demo; each role has a face to look through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password

from accounts.actors import actor_for
from accounts.models import Installation, Membership, Unit, User
from accounts.services import add_unit, bootstrap, give_role
from desk.demo.calendar import Calendar
from foundation import clock
from foundation.actor import Actor, system_actor

PEOPLE = (
    # (key, name, roles, unit, persona, language)
    ("architect", "Lin Yao 林遥", ("architect", "facilitator"), "CN", "architect", "en"),
    ("ops_head", "Zhou Wei 周伟", ("ops_head",), "CN", "ops_head", "en"),
    ("cio", "Claire Aubert", ("cio",), "GR", "cio", "en"),
    ("architecture", "Marek Novak", ("architecture_approver",), "GR", "architecture_approver", "en"),
    ("security", "Ines Duarte", ("security_approver",), "GR", "security_approver", "en"),
    ("data", "Huang Min 黄敏", ("data_approver",), "GR", "data_approver", "zh-hans"),
    ("lead", "Liu Yang 刘洋", ("pilot_lead",), "CN", "pilot_lead", "en"),
    ("engineer", "Chen Hao 陈浩", ("ops_engineer",), "CN", "ops_engineer", "zh-hans"),
    ("engineer2", "Wang Fang 王芳", ("ops_engineer",), "CN-OPS", "", "zh-hans"),
    ("dba", "Sun Qiang 孙强", ("ops_engineer",), "CN", "", "zh-hans"),
    ("programme", "Amara Okafor", ("programme_office",), "GR", "programme_office", "en"),
    ("adopter", "Nurul Huda", ("architect", "pilot_lead"), "SE", "", "en"),
    ("se_head", "Tan Wei Ming", ("ops_head",), "SE", "", "en"),
    ("lyon_lead", "Julie Martin", ("pilot_lead", "architect"), "EM", "", "en"),
    ("lyon_head", "Paul Girard", ("ops_head",), "EM", "", "en"),
    ("auditor", "Elena Rossi", ("auditor",), "GR", "auditor", "en"),
    ("analyst", "Tom Becker", ("analyst",), "GR", "", "en"),
    ("governance", "Sofia Lund", ("governance_admin",), "GR", "", "en"),
    ("admin", "Kim Park", ("system_admin",), "GR", "system_admin", "en"),
)
UNITS = (
    ("CN", "GR", "China (Shanghai hub)", "中国（上海中心）", "region", "Asia/Shanghai"),
    ("EM", "GR", "EMEA (Lyon)", "欧洲、中东与非洲（里昂）", "region", "Europe/Paris"),
    ("AM", "GR", "Americas (Monterrey)", "美洲（蒙特雷）", "region", "America/Monterrey"),
    ("SE", "GR", "South-East Asia (Penang)", "东南亚（槟城）", "region", "Asia/Kuala_Lumpur"),
    ("CN-OPS", "CN", "Shanghai operations", "上海运维团队", "team", "Asia/Shanghai"),
    ("CN-DB", "CN", "Shanghai databases", "上海数据库团队", "team", "Asia/Shanghai"),
)
EARLIEST = -400  # days: the organisation existed before the story begins


@dataclass
class Cast:
    units: dict[str, Unit]
    people: dict[str, User]

    def actor(self, key: str) -> Actor:
        return actor_for(self.people[key], "page")

    def __getitem__(self, key: str) -> User:
        return self.people[key]


def make_cast(calendar: Calendar, password: str) -> Cast:
    with clock.pinned(calendar.at(EARLIEST)):
        admin, _link = bootstrap(
            actor=system_actor("command"),
            email="kim.park@meridian.example",
            name="Kim Park",
            unit_code="GR",
            unit_name="Meridian Components",
            zone="Europe/Paris",
        )
        root = Unit.objects.get(code="GR")
        Unit.objects.filter(pk=root.pk).update(name_zh="子午精工")
        units = {"GR": root}
        boss = actor_for(admin, "page")
        for code, parent, en, zh, kind, zone in UNITS:
            units[code] = add_unit(
                actor=boss, parent=units[parent], code=code, name_en=en, name_zh=zh, kind=kind, zone=zone
            )
        people = {key: _person(boss, admin, units, row) for key, *row in PEOPLE}
        User.objects.filter(pk__in=[u.pk for u in people.values()]).update(password=make_password(password))
        Installation.objects.update_or_create(id=1, defaults={"demo": True})
    return Cast(units, people)


def _person(boss: Actor, admin: User, units: dict[str, Unit], row: list[Any]) -> User:
    name, roles, unit, persona, language = row
    address = name.split(" ")[0].lower() + "." + name.split(" ")[1].lower() + "@meridian.example"
    user = admin if name == admin.name else User.objects.create(email=address, name=name)
    user.language, user.zone, user.persona = language, units[unit].zone, persona
    user.save()
    for role in roles:
        if not Membership.objects.filter(user=user, role=role, unit=units[unit]).exists():
            give_role(actor=boss, user=user, role=role, unit=units[unit])
    return user
