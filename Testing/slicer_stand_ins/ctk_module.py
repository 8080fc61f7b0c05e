"""The module `ctk` of desktop Slicer: the few widgets that have stand-ins."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Property, Signal

from slicer_stand_ins.pythonqt import stands_for_cpp
from slicer_stand_ins.ui_loader import available_in_ui

_HEADER_PX = 24


@available_in_ui
@stands_for_cpp
class ctkCollapsibleButton(QtWidgets.QAbstractButton):
    """A header that shows and hides the widgets inside. As CTK's, checked means open."""

    contentsCollapsed = Signal(bool)

    def __init__(self, *arguments: Any) -> None:
        """Of a text, a parent, or both in this order."""
        super().__init__(_parent_of(arguments))
        self._hidden_here: set[QtWidgets.QWidget] = set()
        self._closed = False
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Preferred)
        self.setContentsMargins(1, _HEADER_PX, 1, 1)
        self.toggled.connect(lambda is_open: self.setCollapsed(not is_open))
        if arguments and isinstance(arguments[0], str):
            self.setText(arguments[0])

    def isCollapsed(self) -> bool:
        return self._closed

    def setCollapsed(self, closed: bool) -> None:
        if closed == self._closed:
            return
        self._closed = bool(closed)
        self.setChecked(not closed)
        for child in self._content():
            self._show_or_hide(child)
        self.updateGeometry()
        self.contentsCollapsed.emit(self._closed)

    collapsed = Property(bool, isCollapsed, setCollapsed, notify=contentsCollapsed)

    def childEvent(self, event: QtCore.QChildEvent) -> None:
        super().childEvent(event)
        if self._closed and event.type() == QtCore.QEvent.Type.ChildPolished:
            self._show_or_hide(event.child())

    def sizeHint(self) -> QtCore.QSize:
        hint = self.layout().totalSizeHint() if self.layout() and not self._closed else QtCore.QSize(120, _HEADER_PX)
        return hint.expandedTo(QtCore.QSize(self.fontMetrics().horizontalAdvance(self.text) + 50, _HEADER_PX))

    def minimumSizeHint(self) -> QtCore.QSize:
        return self.sizeHint()

    def hitButton(self, position: QtCore.QPoint) -> bool:
        return position.y() < _HEADER_PX

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtWidgets.QStylePainter(self)
        header = QtCore.QRect(0, 0, self.width, _HEADER_PX)
        painter.fillRect(header.adjusted(0, 0, -1, -1), self.palette.button())
        painter.setPen(self.palette.mid().color())
        painter.drawRect(self.rect.adjusted(0, 0, -1, -1))
        arrow = QtWidgets.QStyleOption()
        arrow.initFrom(self)
        arrow.rect = QtCore.QRect(6, _HEADER_PX // 2 - 5, 10, 10)
        style = QtWidgets.QStyle.PrimitiveElement
        painter.drawPrimitive(style.PE_IndicatorArrowRight if self._closed else style.PE_IndicatorArrowDown, arrow)
        painter.setPen(self.palette.buttonText().color())
        # Flag mnemonics as Qt's own buttons do: "&&" is one ampersand.
        flags = QtCore.Qt.AlignmentFlag.AlignVCenter | QtCore.Qt.TextFlag.TextShowMnemonic
        painter.drawText(header.adjusted(24, 0, 0, 0), int(flags), self.text)
        painter.end()

    def _content(self) -> list[QtWidgets.QWidget]:
        return [child for child in self.children() if isinstance(child, QtWidgets.QWidget)]

    def _show_or_hide(self, child: Any) -> None:
        """What was hidden on its own stays hidden when the button opens."""
        if not isinstance(child, QtWidgets.QWidget):
            return
        if self._closed and not _is_hidden_on_its_own(child):
            self._hidden_here.add(child)
            child.hide()
        elif not self._closed and child in self._hidden_here:
            self._hidden_here.remove(child)
            child.show()


@available_in_ui
@stands_for_cpp
class ctkPathLineEdit(QtWidgets.QWidget):
    """A path with a browse button, which does nothing here: a test sets ``currentPath``."""

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)

    # Bits of `filters`, as QDir's.
    Dirs, Files, Drives, NoDot, NoDotDot = 0x1, 0x2, 0x4, 0x2000, 0x4000
    Executable, Readable, Writable, Hidden = 0x40, 0x10, 0x20, 0x100

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._line = QtWidgets.QLineEdit()
        self._line.textChanged.connect(self.currentPathChanged)
        self._browse = QtWidgets.QToolButton()
        self._browse.setText("...")
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._line)
        row.addWidget(self._browse)
        self._values = {"filters": self.Dirs | self.Files, "settingKey": "", "label": "", "nameFilters": []}

    def setCurrentPath(self, path: str) -> None:
        self._line.setText(path)

    def setShowBrowseButton(self, visible: bool) -> None:
        self._browse.setVisible(visible)

    def addCurrentPathToHistory(self) -> None:
        """Kept as CTK keeps it: a list in the settings under ``settingKey``, newest first."""
        key, path = self._values["settingKey"], self._line.text
        if key and path:
            settings = QtCore.QSettings()
            older = [each for each in settings.value(key, [], list) if each != path]
            settings.setValue(key, [path, *older])

    def retrieveHistory(self) -> None:
        """The newest path of the history becomes the current one."""
        known = QtCore.QSettings().value(self._values["settingKey"], [], list)
        if known:
            self.setCurrentPath(known[0])

    def _set(self, name: str, value: Any) -> None:
        self._values[name] = value

    def _set_setting_key(self, key: str) -> None:
        self._set("settingKey", key)
        self.retrieveHistory()

    currentPath = Property(str, lambda self: self._line.text, setCurrentPath, notify=currentPathChanged)
    showBrowseButton = Property(bool, lambda self: not self._browse.isHidden(), setShowBrowseButton)
    filters = Property(int, lambda self: self._values["filters"], lambda self, value: self._set("filters", value))
    settingKey = Property(str, lambda self: self._values["settingKey"], _set_setting_key)
    label = Property(str, lambda self: self._values["label"], lambda self, value: self._set("label", value))
    nameFilters = Property(
        "QStringList", lambda self: self._values["nameFilters"], lambda self, value: self._set("nameFilters", value)
    )


@available_in_ui
@stands_for_cpp
class ctkMessageBox(QtWidgets.QMessageBox):
    """Qt's message box; "don't show again" is kept, not drawn."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings_key = ""

    def setDontShowAgainSettingsKey(self, key: str) -> None:
        self._settings_key = key

    dontShowAgainSettingsKey = Property(str, lambda self: self._settings_key, setDontShowAgainSettingsKey)


@available_in_ui
@stands_for_cpp
class ctkDoubleSpinBox(QtWidgets.QDoubleSpinBox):
    """Qt's own; CTK's further decimals and proxies have no stand-in."""


def make_ctk() -> ModuleType:
    """The module, not yet in ``sys.modules``."""
    module = ModuleType("ctk", __doc__)
    for kind in (ctkCollapsibleButton, ctkPathLineEdit, ctkMessageBox, ctkDoubleSpinBox):
        setattr(module, kind.__name__, kind)
    module.__getattr__ = _no_such_class
    return module


def _no_such_class(name: str) -> Any:
    message = f"no stand-in for ctk.{name}"
    raise AttributeError(message)


def _is_hidden_on_its_own(child: QtWidgets.QWidget) -> bool:
    """Qt calls a child hidden as well that was never shown because its window was not."""
    attributes = QtCore.Qt.WidgetAttribute
    return child.isHidden() and child.testAttribute(attributes.WA_WState_ExplicitShowHide)


def _parent_of(arguments: tuple[Any, ...]) -> QtWidgets.QWidget | None:
    return next((each for each in arguments if isinstance(each, QtWidgets.QWidget)), None)
