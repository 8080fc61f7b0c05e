"""PySide6 objects that behave as PythonQt's: what desktop Slicer's `qt` does, PySide6 does differently.

The classes of PySide6 are changed in place, not subclassed: a header view, an action or a layout that Qt itself
creates must behave as well. Properties are attributes (setters stay callable), ``connect`` takes a C++ signature,
and an attribute that does not exist is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import shiboken6
from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

from slicer_stand_ins import signals

NAMESPACES = (QtCore, QtGui, QtWidgets, QtUiTools)

_ALIASES = {"name": "objectName"}
_property_names: dict[type, frozenset[str]] = {}
_properties_being_read: set[tuple[int, str]] = set()
_loading_ui: list[bool] = []


def stands_for_cpp(kind: type) -> type:
    """Class decorator: this Python class is C++ in desktop Slicer, so its users may not add attributes to it."""
    kind._is_cpp_class = kind
    return kind


@contextmanager
def loading_ui() -> Iterator[None]:
    """PySide6's loader sets every named child as an attribute of the form; PythonQt's does not, so ignore them."""
    _loading_ui.append(True)
    try:
        yield
    finally:
        _loading_ui.pop()


def adopt() -> None:
    """Change the classes of PySide6, once per process."""
    if hasattr(QtCore.QObject, "className"):
        return
    QtCore.QObject.className = lambda self: self.metaObject().className()
    QtCore.QObject.delete = lambda self: shiboken6.delete(self)
    for kind in _object_classes():
        _change_attributes(kind)
        if "exec" in vars(kind) and not issubclass(kind, QtCore.QCoreApplication):
            # PySide6's own exec_ warns that it will be removed.
            kind.exec_ = vars(kind)["exec"]


def _object_classes() -> Iterator[type]:
    for namespace in NAMESPACES:
        for name in dir(namespace):
            kind = getattr(namespace, name)
            if isinstance(kind, type) and issubclass(kind, QtCore.QObject):
                yield kind


def _change_attributes(kind: type) -> None:
    """Each class on its own: shiboken gives each its own slots, which a change of QObject alone does not reach."""
    native_get = kind.__getattribute__

    def get(self: Any, name: str) -> Any:
        if name in ("connect", "disconnect"):
            return _dispatched(self, name, native_get(self, name))
        name = _ALIASES.get(name, name)
        if name in _properties(type(self)):
            return _read_property(self, name, native_get)
        return native_get(self, name)

    kind.__getattribute__, kind.__setattr__ = get, _set


def _set(self: Any, name: str, value: Any) -> None:
    name = _ALIASES.get(name, name)
    declared = getattr(type(self), name, None)
    if name in _properties(type(self)):
        _write_property(self, name, value)
    elif isinstance(declared, QtCore.Property):
        declared.fset(self, value)
    elif _is_dynamic_property(self, name):
        self.setProperty(name, value)
    elif not _is_form_child(name, value):
        # PySide6 itself keeps the signals of an object that C++ made as attributes of it.
        if not isinstance(value, QtCore.SignalInstance):
            _refuse_unknown(self, name)
        # Not the class' own: Python lets nobody call a slot that has been replaced.
        shiboken6.Object.__setattr__(self, name, value)


def _properties(kind: type) -> frozenset[str]:
    """Properties of C++ classes. Whatever a Python class defines itself keeps Python's own rules."""
    if kind not in _property_names:
        meta = kind.staticMetaObject
        names = {meta.property(index).name() for index in range(meta.propertyCount())}
        for base in kind.__mro__:
            if not base.__module__.startswith(("PySide6", "Shiboken", "builtins")):
                names -= set(vars(base))
        _property_names[kind] = frozenset(names)
    return _property_names[kind]


def _read_property(owner: Any, name: str, native_get: Callable) -> Any:
    """Qt may look for a Python override of a virtual getter (sizeHint) while it reads: then it gets the method."""
    key = (id(owner), name)
    if key in _properties_being_read:
        return native_get(owner, name)
    _properties_being_read.add(key)
    try:
        return QtCore.QObject.property(owner, name)
    finally:
        _properties_being_read.discard(key)


def _write_property(owner: Any, name: str, value: Any) -> None:
    meta = owner.metaObject()
    if not meta.property(meta.indexOfProperty(name)).isWritable():
        message = f"property '{name}' of {owner.className()} is not writable"
        raise AttributeError(message)
    if not QtCore.QObject.setProperty(owner, name, value):
        message = f"property '{name}' of {owner.className()} does not accept {value!r}"
        raise AttributeError(message)


def _is_dynamic_property(owner: Any, name: str) -> bool:
    return name.encode() in [bytes(each) for each in owner.dynamicPropertyNames()]


def _is_form_child(name: str, value: Any) -> bool:
    return bool(_loading_ui) and isinstance(value, QtCore.QObject) and value.objectName == name


def _refuse_unknown(owner: Any, name: str) -> None:
    """As PythonQt: attributes may be added to Python's subclasses only, and methods are never overwritten."""
    kind = type(owner)
    is_cpp = kind.__module__.startswith("PySide6") or getattr(kind, "_is_cpp_class", None) is kind
    if not is_cpp or name.startswith("_"):
        return
    if hasattr(kind, name):
        message = f"slot '{name}' can not be overwritten on {owner.className()}"
    else:
        message = f"'{name}' does not exist on {owner.className()}, and C++ objects take no new attributes"
    raise AttributeError(message)


def _dispatched(owner: Any, name: str, native: Callable) -> Callable:
    """``connect``/``disconnect`` by signature as PythonQt's; PySide6 calls its own with codes (``2timeout()``)."""
    ours = {"connect": signals.connect, "disconnect": signals.disconnect}[name]

    def call(*arguments: Any) -> Any:
        if arguments and isinstance(arguments[0], str) and not arguments[0][:1].isdigit():
            return ours(owner, *arguments)
        return native(*arguments)

    return call
