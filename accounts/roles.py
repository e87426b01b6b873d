"""The one table of permissions and roles for every app. Foundation never sees a role; no code asks for one.

One row of `TABLE` is one permission. `full` names the roles that may on any record at their unit and below, `own`
those that may only on a record that says it is theirs (`is_own`: owner, assignee, panel member, signatory).
A binding act is done by a signed-in person on a page, never by a token, a service account, an agent or a job.

Services without a permission, because the right is carried otherwise: `bootstrap` (empty database only),
`accept_invitation` (the token), `set_preferences` and `revoke_token` (oneself).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

AREAS = {
    "governance": _("read approvals and requests"),
    "usecases": _("read pains and candidates"),
    "metrics": _("read measures and pilots"),
    "charter": _("read charters and decisions"),
    "desk": _("read the journey and the overview pages"),
    "accounts": _("read names and roles of people"),
}


@dataclass(frozen=True)
class Permission:
    code: str
    sentence: Any  # infinitive without "to", completes "You may not … here."
    binding: bool = False


@dataclass(frozen=True)
class Role:
    code: str
    label: Any
    deciding: bool  # given by a non-admin or by a copied link, it waits for confirmation
    full: frozenset[str]
    own: frozenset[str]


@dataclass(frozen=True)
class Row:
    permission: Permission
    full: frozenset[str]
    own: frozenset[str]


SHORT = {
    "en": ("ops_engineer",),
    "fa": ("facilitator",),
    "ar": ("architect",),
    "pl": ("pilot_lead",),
    "la": ("architecture_approver", "security_approver", "data_approver"),
    "oh": ("ops_head",),
    "ci": ("cio",),
    "po": ("programme_office",),
    "ga": ("governance_admin",),
    "au": ("auditor",),
    "an": ("analyst",),
    "sa": ("system_admin",),
    "re": ("recorder",),
    "a1": ("architecture_approver",),
    "a2": ("security_approver",),
    "a3": ("data_approver",),
}

LABELS = {
    "reader": pgettext_lazy("role", "reader"),
    "ops_engineer": pgettext_lazy("role", "operations engineer"),
    "facilitator": pgettext_lazy("role", "facilitator"),
    "architect": pgettext_lazy("role", "architect"),
    "pilot_lead": pgettext_lazy("role", "pilot lead"),
    "architecture_approver": pgettext_lazy("role", "architecture approver"),
    "security_approver": pgettext_lazy("role", "security approver"),
    "data_approver": pgettext_lazy("role", "data approver"),
    "ops_head": pgettext_lazy("role", "head of operations"),
    "cio": pgettext_lazy("role", "CIO"),
    "programme_office": pgettext_lazy("role", "programme office"),
    "governance_admin": pgettext_lazy("role", "governance admin"),
    "system_admin": pgettext_lazy("role", "system admin"),
    "auditor": pgettext_lazy("role", "auditor"),
    "analyst": pgettext_lazy("role", "analyst"),
    "recorder": pgettext_lazy("role", "recorder"),
}

DECIDING = frozenset(
    {
        "architecture_approver",
        "security_approver",
        "data_approver",
        "ops_head",
        "cio",
        "programme_office",
        "governance_admin",
        "system_admin",
    }
)
ADMINS = frozenset({"governance_admin", "system_admin"})
SERVICE_ROLES = frozenset({"reader", "analyst", "recorder"})  # all a service account may hold


def _roles(short: str) -> frozenset[str]:
    return frozenset(role for code in short.split() for role in SHORT[code])


def row(code: str, sentence: Any, full: str = "", own: str = "", *, binding: bool = False) -> Row:
    return Row(Permission(code, sentence, binding), _roles(full), _roles(own))


def binding(code: str, sentence: Any, full: str = "", own: str = "") -> Row:
    return row(code, sentence, full, own, binding=True)


def for_everybody(code: str, sentence: Any, *, binding: bool = False) -> Row:
    return Row(Permission(code, sentence, binding), frozenset(LABELS), frozenset())


EVERYBODY = (
    *(for_everybody(f"{area}.read", sentence) for area, sentence in AREAS.items()),
    for_everybody("audit.read", _("read the ledger of records in your scope")),
    for_everybody("accounts.token.make", _("make a token for yourself"), binding=True),
)

GOVERNANCE = (
    row("governance.submission.draft", _("draft an approval request"), "en ar pl ga"),
    binding("governance.submission.submit", _("submit an approval request"), "ar"),
    binding("governance.submission.withdraw", _("withdraw an approval request"), "ar"),
    binding("governance.binding.substitute", _("substitute a product in an approved pattern"), "ar"),
    row("governance.review.claim", _("take a request for review"), "la oh ci"),
    row("governance.review.ask", _("ask the submitter a question"), "la oh ci"),
    binding("governance.review.vote", _("vote on an approval request"), "la oh ci"),
    binding("governance.condition.close", _("close a condition"), "la oh ci"),
    binding("governance.condition.waive", _("waive a condition"), "la oh ci"),
    binding("governance.condition.redate", _("give a condition another date"), "la oh ci"),
    row("governance.condition.evidence", _("give evidence for a condition"), own="en fa ar pl la oh ci po ga"),
    binding("governance.approval.suspend", _("suspend an approval"), "la"),
    binding("governance.approval.lift", _("lift a suspension"), "la"),
    binding("governance.approval.revoke", _("revoke an approval"), "la"),
    binding("governance.contract.judge", _("judge a changed contract"), "la"),
    binding("governance.drift.judge", _("judge what changed since the approval"), "la"),
    row("governance.lane.architecture", _("decide in the architecture lane"), "a1"),
    row("governance.lane.security", _("decide in the security lane"), "a2"),
    row("governance.lane.data", _("decide in the data lane"), "a3"),
    row("governance.lane.management", _("decide in the management lane"), "oh ci"),
    row("governance.catalogue.edit", _("edit the catalogue of patterns, components and categories"), "ar po ga"),
    row("governance.server.scan", _("scan a tool server"), "ar po ga"),
    row("governance.alignment.state", _("state an alignment with a programme"), "ar po"),
    binding("governance.alignment.confirm", _("confirm an alignment with a programme"), "po"),
    binding("governance.definition.publish", _("publish a gate or a checklist"), "ga"),
    binding("governance.delegation.grant", _("delegate an approval"), "ga", "la oh ci po"),
    binding("governance.nomination.make", _("nominate people for a candidate"), "oh ci"),
    row("governance.literacy.record", _("record training"), "fa ar"),
)

USECASES = (
    binding("usecases.ranking.weigh", _("set the weights of a ranking"), "oh ci"),
    binding("usecases.flagship.select", _("choose a flagship"), "oh ci"),
    row("usecases.pain.record", _("record a pain"), "en fa ar pl la oh ci po"),
    row("usecases.pain.edit", _("edit this pain"), "fa ar", "en"),
    row("usecases.pain.promote", _("make a candidate of this pain"), "fa ar", "en"),
    row("usecases.pain.park", _("park or reject this pain"), "fa ar", "en"),
    row("usecases.workshop.run", _("run a workshop"), "fa ar", "en"),
    row("usecases.inventory.publish", _("publish an inventory of pains"), "fa ar", "en"),
    row("usecases.candidate.edit", _("edit this candidate"), "fa ar pl", "en la oh"),
    row("usecases.candidate.decline", _("decline this candidate"), "ar oh", "en la"),
    row("usecases.system.edit", _("edit the list of systems"), "fa ar pl", "en la oh"),
    row("usecases.source.edit", _("edit the list of data sources"), "fa ar pl", "en la oh"),
    row("usecases.gap.edit", _("edit a gap"), "fa ar pl", "en la oh"),
    row("usecases.contract.edit", _("edit a vendor contract"), "ar pl", "en oh"),
    row("usecases.sizing.request", _("ask an outside organisation for a size"), "ar pl", "en oh"),
    row("usecases.demo.record", _("record a demo"), "fa ar pl"),
    row("usecases.demo.react", _("react to a demo"), "en fa ar pl la oh ci po"),
    row("usecases.asset.edit", _("edit this asset"), "en fa ar pl"),
    binding("usecases.asset.review", _("review this asset"), "ar pl la"),
    row("usecases.asset.rerun", _("re-run this asset"), "en ar pl"),
    row("usecases.ranking.setup", _("set up a ranking"), "fa ar", "en pl la oh ci po"),
    binding("usecases.ranking.score", _("score candidates in this ranking"), "fa ar", "en pl la oh ci po"),
)

METRICS = (
    row("metrics.record.write", _("record task times"), "en fa ar pl oh re"),
    row("metrics.record.import", _("import incidents, changes, requests or alerts"), "ar pl re"),
    row("metrics.pilot.draft", _("draft a pilot"), "ar pl"),
    row("metrics.measure.draft", _("draft a measure"), "ar pl"),
    row("metrics.claim.add", _("add a claim"), "ar pl"),
    row("metrics.note.add", _("add a note to a measure"), "ar pl"),
    row("metrics.estimate.run", _("run an estimate"), "ar pl"),
    row("metrics.statement.draft", _("draft a statement"), "ar pl"),
    row("metrics.statement.withdraw", _("withdraw a statement"), "ar pl"),
    row("metrics.report.freeze", _("freeze a report"), "ar pl"),
    binding("metrics.measure.lock", _("lock a measure"), "ar pl oh"),
    binding("metrics.statement.review", _("review a statement"), "ar pl oh"),
    binding("metrics.statement.publish", _("publish a statement"), "ar pl oh"),
    row("metrics.connection.edit", _("edit a connection"), "ar sa"),
    row("metrics.sync.run", _("pull from a connection"), "ar pl sa", "re"),
    row("metrics.app.link", _("link a runtime app to a pilot"), "ar pl"),
)

CHARTER = (
    row("charter.text.draft", _("draft a charter"), "ar pl oh"),
    row("charter.text.send", _("send a charter for signature"), "ar pl oh"),
    row("charter.text.withdraw", _("withdraw a charter"), "ar pl oh"),
    row("charter.amendment.draft", _("draft an amendment"), "ar pl oh"),
    row("charter.selection.attach", _("attach a selection to a charter"), "ar pl oh"),
    binding("charter.text.sign", _("sign this charter"), own="oh ci po"),
    binding("charter.amendment.sign", _("sign this amendment"), own="oh ci po"),
    binding("charter.decision.sign", _("sign this decision"), own="oh ci po"),
    row("charter.decision.prepare", _("prepare a decision"), "pl"),
    binding("charter.decision.propose", _("propose a decision"), "oh ci"),
    binding("charter.pilot.start", _("start a pilot"), "pl"),
    binding("charter.stop.press", _("stop this pilot"), "pl", "en fa ar la oh ci po"),
    binding("charter.stop.resume", _("resume this pilot"), own="oh ci po"),
    row("charter.breach.report", _("report a breach"), "en fa ar pl la ga au", "oh ci po"),
    binding("charter.breach.decide", _("decide on a breach"), own="oh ci po"),
    row("charter.question.answer", _("answer an open question"), "ar pl oh ci"),
    row("charter.pulse.open", _("open a pulse survey"), "fa ar pl"),
    binding("charter.selfserve.grant", _("grant self-service"), "oh", "ar pl"),
    binding("charter.selfserve.suspend", _("suspend self-service"), "oh", "ar pl"),
    binding("charter.service.review", _("review a running service"), "oh ci", "ar pl"),
)

DESK = (
    row("desk.journey.edit", _("edit the journey"), "fa ar"),
    row("desk.journey.skip", _("skip a box of the journey"), "fa ar"),
    row("desk.readiness.evidence", _("give evidence of readiness"), "fa ar"),
    row("desk.playbook.import", _("import a playbook"), "fa ar"),
    row("desk.playbook.export", _("export a playbook"), "fa ar po"),
    row("desk.export.bulk", _("export all tables"), "au an"),
    Row(Permission("desk.job.manage", _("manage this job")), frozenset({"system_admin"}), frozenset(LABELS)),
    row("audit.verify", _("verify the ledger"), "ga au sa"),
    row("audit.export", _("export the ledger"), "au"),
)

ACCOUNTS = (
    binding("accounts.member.invite", _("invite people"), "fa ar pl oh ci po ga sa"),
    binding("accounts.member.confirm", _("confirm this role"), "ga sa", "la oh ci po"),
    binding("accounts.member.end", _("end this role"), "ga sa", "la oh ci po"),
    binding("accounts.unit.edit", _("change the tree of units"), "sa"),
    binding("accounts.user.deactivate", _("deactivate a person"), "sa"),
    binding("accounts.sso.edit", _("change the sign-in settings"), "sa"),
    binding("accounts.service.edit", _("manage service accounts"), "sa"),
    binding("accounts.webhook.edit", _("manage webhooks"), "sa"),
    binding("accounts.setting.change", _("change a setting"), "sa"),
    binding("accounts.egress.allow", _("allow an outside address"), "sa"),
)

TABLE = (*EVERYBODY, *GOVERNANCE, *USECASES, *METRICS, *CHARTER, *DESK, *ACCOUNTS)
PERMISSIONS = {r.permission.code: r.permission for r in TABLE}


def _role(code: str, label: Any) -> Role:
    full = frozenset(r.permission.code for r in TABLE if code in r.full)
    own = frozenset(r.permission.code for r in TABLE if code in r.own)
    return Role(code, label, code in DECIDING, full, own)


ROLES = {code: _role(code, label) for code, label in LABELS.items()}

READING = frozenset(f"{area}.read" for area in AREAS)
RECORDING = frozenset({"metrics.record.write", "metrics.record.import"})
AUDITING = frozenset({"audit.read", "audit.verify", "audit.export"})
NOT_DRAFT = READING | AUDITING | {"desk.export.bulk"}
SCOPES = {
    "read": READING,
    "draft": frozenset(p.code for p in PERMISSIONS.values() if not p.binding) - NOT_DRAFT,
    "records:write": RECORDING,
    "telemetry:write": frozenset({"metrics.sync.run"}),
    "export:read": frozenset({"desk.export.bulk"}),
    "audit:read": AUDITING,
}
SCOPE_LABELS = {
    "read": _("read everything I may see"),
    "draft": _("draft and record, nothing that binds"),
    "records:write": _("write task times, incidents, changes, requests and alerts"),
    "telemetry:write": _("send telemetry for one connection"),
    "export:read": _("bulk export"),
    "audit:read": _("read and verify the ledger"),
}


def allowed_by(scopes: list[str]) -> frozenset[str]:
    """What a token with these scopes may at most; never a binding act."""
    found = frozenset().union(*(SCOPES.get(scope, frozenset()) for scope in scopes))
    return frozenset(code for code in found if not PERMISSIONS[code].binding)


def roles_with(permission: str) -> list[Role]:
    return [r for r in ROLES.values() if permission in r.full or permission in r.own]
