"""Asking core from a job of the pages, in the name of whoever began it."""

from typing import Any, Final

from alerting.web.admin.office import Wrong
from broker import control
from broker.control import CommandFailed, CoreUnreachable, Request
from deploy.state_folder import StateFolder

AWAY: Final = "Inti tidak menjawab; yang belum diubah tidak diubah. Coba lagi sebentar."


class AskingCore:
    """A call gives the command's result; raises Wrong with core's sentence. Core's place is never taken."""

    def __init__(self, state: StateFolder, actor: str) -> None:
        self._state, self._actor = state, actor

    def __call__(self, name: str, arguments: dict[str, Any]) -> Any:
        try:
            return control.command(self._state.socket, Request(name=name, args=arguments, actor=self._actor))
        except CommandFailed as error:
            raise Wrong(str(error)) from None
        except (CoreUnreachable, TimeoutError):
            raise Wrong(AWAY) from None
