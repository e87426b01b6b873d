"""Every write of accounts, by aggregate."""

from accounts.services.keys import make_token, revoke_token
from accounts.services.people import (
    accept_invitation,
    bootstrap,
    confirm_member,
    deactivate_user,
    end_membership,
    give_role,
    invite_member,
    reactivate_user,
    revoke_invitation,
    set_preferences,
)
from accounts.services.units import add_unit, close_unit, move_unit, rename_unit

__all__ = [
    "accept_invitation",
    "add_unit",
    "bootstrap",
    "close_unit",
    "confirm_member",
    "deactivate_user",
    "end_membership",
    "give_role",
    "invite_member",
    "make_token",
    "move_unit",
    "reactivate_user",
    "rename_unit",
    "revoke_invitation",
    "revoke_token",
    "set_preferences",
]
