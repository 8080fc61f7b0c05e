"""Connections by C++ signature: ``button.connect("clicked(bool)", slot)``.

Stricter than PythonQt in one point: a signal that does not exist raises, where PythonQt only prints a warning.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6 import QtCore

_relays: dict[tuple[int, str], list[tuple[Callable, Callable]]] = {}


def connect(sender: QtCore.QObject, signature: str, slot: Callable) -> bool:
    """The slot gets as many of the signal's arguments as the signature names and as it takes itself."""
    signal, argument_count = _signal(sender, signature)
    relay = _relay(slot, argument_count)
    signal.connect(relay)
    key = _key(sender, signature)
    if key not in _relays:
        sender.destroyed.connect(lambda: _relays.pop(key, None))
    _relays.setdefault(key, []).append((slot, relay))
    return True


def disconnect(sender: QtCore.QObject, signature: str, slot: Callable | None = None) -> bool:
    """Returns False, as PythonQt, where there was no such connection. Without a slot: all of the signal."""
    signal, _ = _signal(sender, signature)
    known = _relays.get(_key(sender, signature), [])
    matching = [pair for pair in known if slot is None or pair[0] == slot]
    for pair in matching:
        signal.disconnect(pair[1])
        known.remove(pair)
    return bool(matching)


def normalized(signature: str) -> str:
    """The signature as Qt writes it: no blanks, no ``const &``."""
    return QtCore.QMetaObject.normalizedSignature(signature).data().decode()


def _key(sender: QtCore.QObject, signature: str) -> tuple[int, str]:
    return shiboken6.getCppPointer(sender)[0], normalized(signature)


def _signal(sender: QtCore.QObject, signature: str) -> tuple[Any, int]:
    """The signal and its number of arguments. Signals with MRML nodes stand under their C++ signature in a table."""
    wanted = normalized(signature)
    name, _, arguments = wanted.rstrip(")").partition("(")
    of_mrml = getattr(type(sender), "MRML_SIGNALS", {})
    if wanted in of_mrml:
        return getattr(sender, of_mrml[wanted]), 1 if arguments else 0
    if sender.metaObject().indexOfSignal(wanted) < 0:
        message = f"signal '{signature}' does not exist on {sender.className()}"
        raise AttributeError(message)
    return getattr(sender, name), len(arguments.split(",")) if arguments else 0


def _relay(slot: Callable, argument_count: int) -> Callable:
    count = min(argument_count, _accepted(slot))

    def call(*arguments: Any) -> None:
        # As PythonQt: an error in a slot is reported and does not reach whoever emitted the signal.
        try:
            slot(*arguments[:count])
        except Exception:
            sys.excepthook(*sys.exc_info())

    # PySide6 chooses between clicked() and clicked(bool) by the number of arguments that it can count.
    return {
        0: lambda: call(),
        1: lambda first: call(first),
        2: lambda first, second: call(first, second),
        3: lambda first, second, third: call(first, second, third),
    }[argument_count]


def _accepted(slot: Callable) -> int:
    """How many positional arguments a slot takes."""
    try:
        parameters = inspect.signature(slot).parameters.values()
    except ValueError:
        return _accepted_by_cpp(slot)
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return sys.maxsize
    return sum(each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters)


def _accepted_by_cpp(slot: Callable) -> int:
    """For a method of a Qt class, whose signature Python cannot see: the longest slot of that name."""
    owner = getattr(slot, "__self__", None)
    if not isinstance(owner, QtCore.QObject):
        return 0
    meta = owner.metaObject()
    methods = [meta.method(index) for index in range(meta.methodCount())]
    return max((each.parameterCount() for each in methods if each.name() == slot.__name__.encode()), default=0)
