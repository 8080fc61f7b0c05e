"""Choosing a result folder among what the server offers."""

from __future__ import annotations

from typing import Any

from trame.widgets.vuetify3 import (
    VBtn,
    VCard,
    VCardActions,
    VCardText,
    VCardTitle,
    VDialog,
    VDivider,
    VList,
    VListItem,
    VSpacer,
)

from LiverTumorSegLib.web.session.calls import call


def result_folder_dialog(name: Any, asked: Any, added: Any) -> None:
    """name: of FollowUpState. asked: shows a folder. added: takes one; a result is an item that is no folder."""
    parent = f"{name.folders_path}.split('/').slice(0, -1).join('/')"
    dialog = VDialog(v_model=(name.folders_shown,), max_width=760)
    server = dialog.server
    with dialog, VCard(id="lts-folders"):
        VCardTitle("{{ 'Result folders in /' + " + name.folders_path + " }}")
        VDivider()
        with VCardText(style="max-height: 60vh; overflow-y: auto"), VList(density="compact"):
            VListItem(
                v_if=(name.folders_path,),
                prepend_icon="mdi-arrow-up-left",
                title="..",
                click=call(server, asked, parent),
            )
            VListItem(
                v_for=f"item in {name.folders}",
                key="item.path",
                prepend_icon=("item.is_folder ? 'mdi-folder-outline' : 'mdi-folder-check-outline'",),
                title=("item.name",),
                subtitle=("item.size",),
                disabled=(f"!item.is_folder && {name.visits}.some(visit => visit.place === item.path)",),
                classes="lts-served",
                click=f"item.is_folder ? {call(server, asked, 'item.path')} : {call(server, added, 'item.path')}",
            )
            VListItem(v_if=(f"!{name.folders}.length",), title="No folders here")
        with VCardActions():
            VSpacer()
            VBtn("Done", id="lts-folders-done", click=f"{name.folders_shown} = false")
