"""Users and groups of the tenant, and what has changed among them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from . import _ffi
from ._deploy import STOP, Deploy, _answer
from ._handles import trampoline
from ._gateway import Gateway
from ._types import (DiscoveryKind, OnGroup, OnLink, OnMember, OnRemoved, OnResync, OnUser,
                     Operation, cmg_discovery)


@dataclass(frozen=True)
class DirectoryUser:
    """A user; what the directory has not, or did not tell, is None."""

    id: str
    user_principal_name: Optional[str]
    display_name: Optional[str]
    mail: Optional[str]
    on_premises_sid: Optional[str]
    on_premises_name: Optional[str]
    on_premises_domain: Optional[str]
    account_enabled: Optional[bool]


@dataclass(frozen=True)
class DirectoryGroup:
    """A group; what the directory has not, or did not tell, is None."""

    id: str
    display_name: Optional[str]
    on_premises_sid: Optional[str]
    security_enabled: Optional[bool]


@dataclass(frozen=True)
class DirectoryMember:
    """Somebody came into a group, or left it."""

    group_id: str
    member_id: str
    type: Optional[str]
    is_member: bool


def _text(value: Optional[bytes]) -> Optional[str]:
    return None if value is None else _ffi.text(value)


def _flag(value: int) -> Optional[bool]:
    return None if value < 0 else value != 0


@trampoline(OnUser, STOP)
def _on_user(owner: Any, _deploy: Any, entry: Any) -> int:
    e = entry.contents
    return _answer(owner.on_user, DirectoryUser(
        _ffi.text(e.id), _text(e.user_principal_name), _text(e.display_name), _text(e.mail),
        _text(e.on_premises_sid), _text(e.on_premises_name), _text(e.on_premises_domain),
        _flag(e.account_enabled)))


@trampoline(OnGroup, STOP)
def _on_group(owner: Any, _deploy: Any, entry: Any) -> int:
    e = entry.contents
    return _answer(owner.on_group, DirectoryGroup(
        _ffi.text(e.id), _text(e.display_name), _text(e.on_premises_sid),
        _flag(e.security_enabled)))


@trampoline(OnMember, STOP)
def _on_member(owner: Any, _deploy: Any, entry: Any) -> int:
    e = entry.contents
    return _answer(owner.on_member, DirectoryMember(
        _ffi.text(e.group_id), _ffi.text(e.member_id), _text(e.type), e.is_member != 0))


@trampoline(OnRemoved, STOP)
def _on_removed(owner: Any, _deploy: Any, kind: int, removed: Optional[bytes]) -> int:
    return _answer(owner.on_removed, DiscoveryKind(kind), _ffi.text(removed))


@trampoline(OnLink, STOP)
def _on_link(owner: Any, _deploy: Any, kind: int, link: Optional[bytes], last: bool) -> int:
    return _answer(owner.on_link, DiscoveryKind(kind), _ffi.text(link), bool(last))


@trampoline(OnResync, STOP)
def _on_resync(owner: Any, _deploy: Any, kind: int) -> int:
    return _answer(owner.on_resync, DiscoveryKind(kind))


class Discovery(Deploy):
    """Reads users and groups, or what has changed since a link.

    Set on_user, on_group, on_member, on_removed, on_link, on_resync; then run() or await it.
    Entries can come more than once: write each over what is there. Store the link that
    on_link tells last, and hand it in next time.
    """

    def __init__(self, gateway: Gateway,
                 kinds: int = DiscoveryKind.USERS | DiscoveryKind.GROUPS, *,
                 users_link: Optional[str] = None, groups_link: Optional[str] = None,
                 group_ids: Sequence[str] = ()) -> None:
        super().__init__(gateway, Operation.DISCOVER)
        self.on_user: Optional[Callable[[DirectoryUser], Any]] = None
        self.on_group: Optional[Callable[[DirectoryGroup], Any]] = None
        self.on_member: Optional[Callable[[DirectoryMember], Any]] = None
        self.on_removed: Optional[Callable[[DiscoveryKind, str], Any]] = None
        self.on_link: Optional[Callable[[DiscoveryKind, str, bool], Any]] = None
        self.on_resync: Optional[Callable[[DiscoveryKind], Any]] = None
        ids = (ctypes.c_char_p * len(group_ids))(*[_ffi.encoded(one) for one in group_ids])
        self.call("set_discovery", ctypes.byref(cmg_discovery(
            size=ctypes.sizeof(cmg_discovery), user=self._key, kinds=kinds,
            group_count=len(group_ids), group_ids=ids if group_ids else None,
            users_link=_ffi.optional(users_link), groups_link=_ffi.optional(groups_link),
            on_user=_on_user, on_group=_on_group, on_member=_on_member,
            on_removed=_on_removed, on_link=_on_link, on_resync=_on_resync)))
