"""What an account must be allowed to do, before anything is tried."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from . import _ffi
from ._types import Operation, cmg_right


@dataclass(frozen=True)
class Right:
    """A right that a step needs: a permission of Graph, or an action of Resource Manager."""

    step: str
    what: str
    app_permission: str
    app_permission_id: str
    delegated_scope: str
    directory_roles: tuple[str, ...]
    action: str


def rights_of(operation: Operation) -> list[Right]:
    """The rights that an operation needs, in the order of its steps."""
    found = cmg_right(size=ctypes.sizeof(cmg_right))
    rights = []
    for i in range(_ffi.call("cmg_deploy_right_count", operation)):
        _ffi.call("cmg_deploy_right", operation, i, ctypes.byref(found))
        roles = _ffi.text(found.directory_roles)
        rights.append(Right(
            _ffi.text(found.step), _ffi.text(found.what), _ffi.text(found.app_permission),
            _ffi.text(found.app_permission_id), _ffi.text(found.delegated_scope),
            tuple(roles.split(", ")) if roles else (), _ffi.text(found.action)))
    return rights
