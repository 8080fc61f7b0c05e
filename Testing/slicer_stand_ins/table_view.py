"""qMRMLTableView on the real table node."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Property, Qt, Signal

from slicer_stand_ins.pythonqt import stands_for_cpp
from slicer_stand_ins.ui_loader import available_in_ui
from slicer_stand_ins.vtk_observers import Observers


@available_in_ui
@stands_for_cpp
class qMRMLTableView(QtWidgets.QTableView):
    """Shows a table node through a model that follows it; edits go back into the node unless it is locked.

    As in Slicer there is a sorting proxy between view and model; the column names are in the header where the node
    says so, else in an editable first row.
    """

    mrmlSceneChanged = Signal(object)
    selectionChanged_ = Signal()
    MRML_SIGNALS = {  # noqa: RUF012 - Qt's classes are no dataclasses
        "mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged",
        "selectionChanged()": "selectionChanged_",
    }

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._model = _TableModel(self)
        self._proxy = QtCore.QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self._model)
        self.setModel(self._proxy)
        self.horizontalHeader().setStretchLastSection(False)
        self._first_row_locked = self._first_column_locked = self._transposed = False

    def setMRMLScene(self, scene: Any) -> None:
        if scene is not self._scene:
            self._scene = scene
            self.setMRMLTableNode(None)
            self.mrmlSceneChanged.emit(scene)

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLTableNode(self, node: Any) -> None:
        self._model.set_node(node)
        # Slicer fits the columns to the content of a new table.
        self.resizeColumnsToContents()

    def mrmlTableNode(self) -> Any:
        return self._model.node

    def tableModel(self) -> QtCore.QAbstractItemModel:
        return self._model

    def sortFilterProxyModel(self) -> QtCore.QAbstractItemModel:
        return self._proxy

    def selectionChanged(self, selected: QtCore.QItemSelection, deselected: QtCore.QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.selectionChanged_.emit()

    def copySelection(self) -> None:
        """The selected cells into the clipboard: tabs between columns, newlines between rows."""
        rows: dict[int, dict[int, str]] = {}
        for index in self.selectionModel().selectedIndexes:
            rows.setdefault(index.row(), {})[index.column()] = index.data() or ""
        lines = ["\t".join(rows[row][column] for column in sorted(rows[row])) for row in sorted(rows)]
        QtGui.QGuiApplication.clipboard().setText("\n".join(lines))

    def setFirstRowLocked(self, locked: bool) -> None:
        self._first_row_locked = locked

    def setFirstColumnLocked(self, locked: bool) -> None:
        self._first_column_locked = locked

    def setTransposed(self, transposed: bool) -> None:
        if transposed:
            message = "no stand-in for a transposed qMRMLTableView"
            raise NotImplementedError(message)

    firstRowLocked = Property(bool, lambda self: self._first_row_locked, setFirstRowLocked)
    firstColumnLocked = Property(bool, lambda self: self._first_column_locked, setFirstColumnLocked)
    transposed = Property(bool, lambda self: self._transposed, setTransposed)


class _TableModel(QtCore.QAbstractTableModel):
    """Cells of a table node; nothing is copied, so the view cannot go stale."""

    def __init__(self, view: qMRMLTableView) -> None:
        super().__init__(view)
        self.node: Any = None
        self._observers = Observers(self, self._reset)

    def set_node(self, node: Any) -> None:
        self.beginResetModel()
        self.node = node
        self._observers.watch(node, "ModifiedEvent")
        self.endResetModel()

    def rowCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        if self.columnCount() == 0 or (parent is not None and parent.isValid()):
            return 0
        return self.node.GetNumberOfRows() + self._row_offset()

    def columnCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        if self.node is None or (parent is not None and parent.isValid()):
            return 0
        return max(self.node.GetNumberOfColumns() - self._column_offset(), 0)

    def data(self, index: QtCore.QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return None
        row, column = self._cell(index)
        return self.node.GetColumnName(column) if row < 0 else self.node.GetCellText(row, column)

    def setData(self, index: QtCore.QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row, column = self._cell(index)
        if row < 0:
            return bool(self.node.RenameColumn(column, str(value)))
        return bool(self.node.SetCellText(row, column, str(value)))

    def flags(self, index: QtCore.QModelIndex) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags if self.node is None or self.node.GetLocked() else flags | Qt.ItemFlag.ItemIsEditable

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or self.node is None:
            return None
        if orientation == Qt.Orientation.Horizontal:
            return self._column_title(section + self._column_offset())
        row = section - self._row_offset()
        if self._column_offset() and row >= 0:
            return self.node.GetCellText(row, 0)
        return str(section + 1)

    def _column_title(self, column: int) -> str:
        if not self.node.GetUseColumnTitleAsColumnHeader():
            return chr(ord("A") + column)
        name = self.node.GetColumnName(column)
        unit = self.node.GetColumnUnitLabel(name)
        return (self.node.GetColumnTitle(name) or name) + (f" [{unit}]" if unit else "")

    def _cell(self, index: QtCore.QModelIndex) -> tuple[int, int]:
        return index.row() - self._row_offset(), index.column() + self._column_offset()

    def _row_offset(self) -> int:
        return 0 if self.node.GetUseColumnTitleAsColumnHeader() else 1

    def _column_offset(self) -> int:
        return 1 if self.node.GetUseFirstColumnAsRowHeader() else 0

    def _reset(self) -> None:
        self.beginResetModel()
        self.endResetModel()
