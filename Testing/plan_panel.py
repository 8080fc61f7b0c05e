"""The section "Plan a resection" as its tests use it: switching it on, choosing, waiting, reading its tables."""

from __future__ import annotations

from module_widget import cells, wait_until
from plan_scenes import divided_result

from LiverTumorSegLib.mrml.plan_tables import WHAT_IF_COLUMNS


def planned_result(scene, module, place="oblique", *, divides_iv=False):
    """With planning switched on, nothing chosen."""
    result = divided_result(scene, place, divides_iv=divides_iv)
    module.ui.inputSelector.setCurrentNode(result.volume)
    module.logic.tick()
    module.ui.planCheckBox.checked = True
    return result


def wait_for_plan(module):
    module.logic.tick()
    wait_until(lambda: not module.logic.planning.busy, module)
    for _surface in range(3):
        module.logic.tick()


def choose(module, preset):
    selector = module.ui.planPresetSelector
    wait_until(lambda: selector.count > 1, module)
    selector.setCurrentIndex(next(n for n in range(selector.count) if selector.itemText(n).startswith(preset)))


def row_of(plan, title):
    table = plan.table
    return next(table.GetCellText(n, 1) for n in range(table.GetNumberOfRows()) if table.GetCellText(n, 0) == title)


def column(table, title):
    return cells(table, WHAT_IF_COLUMNS.index(title))


def ids_in(scene):
    return {scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())}
