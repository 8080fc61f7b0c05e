"""The right to run: all sessions of a server share its processors, and the gateway lets them in one after the other."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from LiverTumorSegLib.web.session.channel import GatewayChannel, Message


class PermitState(Enum):
    """NONE: not asked for. WAITING: in the queue. GRANTED: may run. RETURNING: given back, not taken back yet."""

    NONE = "none"
    WAITING = "waiting"
    GRANTED = "granted"
    RETURNING = "returning"


class RunPermit:
    """Ask, wait for on_granted, give back. on_place: called with the place in the queue, 1 is next."""

    def __init__(
        self, channel: GatewayChannel, on_granted: Callable[[], None], on_place: Callable[[int], None]
    ) -> None:
        self.state = PermitState.NONE
        self._channel, self._on_granted, self._on_place = channel, on_granted, on_place
        self._wanted_again = False

    def ask(self) -> None:
        """Queue up, once.

        Only after the last turn has been taken back: a grant on its way would be taken for the new turn's.
        """
        self._wanted_again = self.state is PermitState.RETURNING
        if self.state is PermitState.NONE:
            self.state = PermitState.WAITING
            self._channel.say("run-wanted")

    def give_back(self) -> None:
        """The run has ended, or is not wanted any more; safe to call at any time."""
        self._wanted_again = False
        if self.state in (PermitState.WAITING, PermitState.GRANTED):
            self.state = PermitState.RETURNING
            self._channel.say("run-ended")

    def take(self, message: Message) -> None:
        """A message of the gateway; one that crosses with giving back counts for nothing."""
        event = message.get("event")
        if event == "run-released" and self.state is PermitState.RETURNING:
            self.state = PermitState.NONE
            if self._wanted_again:
                self.ask()
        elif event == "run-granted" and self.state is PermitState.WAITING:
            self.state = PermitState.GRANTED
            self._on_granted()
        elif event == "run-queued" and self.state is PermitState.WAITING:
            self._on_place(int(message["place"]))
