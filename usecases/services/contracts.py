"""Vendor contracts and their items: where candidates of channel A8 come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from foundation.access import require
from foundation.actor import Actor
from foundation.audit import record
from foundation.errors import Reason
from foundation.refs import next_ref
from foundation.versions import save_version
from foundation.work import service
from usecases.models import Contract, ContractItem
from usecases.models.load import LOAD_FIELDS
from usecases.services.fields import assign, check, faults, known_only, titled
from usecases.services.load import DERIVED, check_with_load

CONTRACT_FIELDS = (
    "vendor", "title_en", "title_zh", "kind", "scope", "starts_on", "ends_on", "renewal_on", "notice_days",
    "price_model", "owner_role", "win_win",
)  # fmt: skip
ITEM_FIELDS = ("kind", "title_en", "title_zh", "evidence", "repeated", *LOAD_FIELDS)


def _reasons(contract: Contract) -> Iterator[Reason]:
    if not contract.vendor:
        yield Reason("no_vendor", _("Name the vendor."), "vendor")
    if contract.starts_on and contract.ends_on and contract.ends_on < contract.starts_on:
        yield Reason("dates_order", _("The contract ends before it starts."), "ends_on")


@service
def add_contract(*, actor: Actor, unit: Unit, items: Iterable[dict[str, Any]] = (), **details: Any) -> Contract:
    """One form: the contract and its items together; every fault is named with its item."""
    require(actor, "usecases.contract.edit", unit)
    known_only(details, CONTRACT_FIELDS)
    contract = Contract(unit=unit, recorded_by_id=actor.user_id)
    assign(contract, details)
    check([*titled(contract), *faults(contract, details), *_reasons(contract)])
    contract.key = next_ref_of_contract()
    contract.save(force_insert=True)
    record(actor, "contract.added", contract, vendor=contract.vendor)
    for item in items:
        insert_item(actor, contract, item)
    return contract


def next_ref_of_contract() -> str:
    return next_ref("CT", 3)


@service
def edit_contract(*, actor: Actor, contract: Contract, version: int | None = None, **details: Any) -> Contract:
    require(actor, "usecases.contract.edit", contract)
    known_only(details, CONTRACT_FIELDS)
    assign(contract, details)
    check([*titled(contract), *faults(contract, details), *_reasons(contract)])
    changes = {name: getattr(contract, name) for name in details}
    contract.refresh_from_db()
    before, after = save_version(contract, version=version, **changes)
    if after:
        record(actor, "contract.edited", contract, before=before, after=after)
    return contract


@service
def add_contract_item(*, actor: Actor, contract: Contract, **details: Any) -> ContractItem:
    require(actor, "usecases.contract.edit", contract)
    return insert_item(actor, contract, details)


def insert_item(actor: Actor, contract: Contract, details: dict[str, Any]) -> ContractItem:
    known_only(details, ITEM_FIELDS)
    last = contract.items.aggregate(last=Max("position"))["last"] or 0
    item = ContractItem(contract=contract, position=last + 1)
    _fill_item(item, details)
    item.save(force_insert=True)
    record(actor, "contract_item.added", item)
    return item


@service
def edit_contract_item(*, actor: Actor, item: ContractItem, version: int | None = None, **details: Any) -> ContractItem:
    require(actor, "usecases.contract.edit", item.contract)
    known_only(details, ITEM_FIELDS)
    _fill_item(item, details)
    names = (*details, *DERIVED, *(n for n in LOAD_FIELDS if n.endswith("provenance")))
    changes = {name: getattr(item, name) for name in names}
    item.refresh_from_db()
    before, after = save_version(item, version=version, **changes)
    if after:
        record(actor, "contract_item.edited", item, before=before, after=after)
    return item


def _fill_item(item: ContractItem, details: dict[str, Any]) -> None:
    assign(item, details)
    check_with_load(item, [*titled(item), *faults(item, details)])
