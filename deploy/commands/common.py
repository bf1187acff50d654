"""What commands share: the settings that they are given, and asking core or standing in for it."""

import argparse
import contextlib
import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from broker import control
from broker.clock import Clock
from broker.control import CommandFailed, CoreUnreachable, Request
from deploy import logs
from deploy.settings import Settings, load
from deploy.state_folder import CoreRuns, StateFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerting.outbox import Attempt
    from deploy.arrival import Arrival
    from deploy.core_commands.commands import Commands

DEFAULT_SETTINGS = Path(os.environ.get("KENTONGAN_SETTINGS", "kentongan.toml"))
DEMO_SETTINGS = Path(__file__).parent.parent / "demo.toml"
DEMO_STATE = Path("var/demo")


class Refused(Exception):
    """A command cannot be carried out; the text is for the person who gave it."""


def add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--settings", type=Path, default=DEFAULT_SETTINGS, metavar="FILE", help="settings file (kentongan.toml)"
    )
    parser.add_argument("--state", type=Path, metavar="DIR", help="folder of state, instead of site.state_dir")


def add_clock(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clock", default="1@0", help=argparse.SUPPRESS)  # from kentongan up to its processes


def open_settings(
    args: argparse.Namespace, overrides: dict[str, Any] | None = None
) -> tuple[Settings, StateFolder, Path]:
    """Settings, prepared state folder, and the folder that relative paths in the settings start from."""
    settings = load(args.settings, overrides=overrides)
    logs.follow(settings.log)
    base = args.settings.absolute().parent
    # The demonstration's settings may lie where nothing can be written; what it does lies where it was started.
    is_demo = args.settings.resolve() == DEMO_SETTINGS.resolve()
    state = StateFolder((args.state or (DEMO_STATE if is_demo else base / settings.site.state_dir)).absolute())
    state.prepare()
    return settings, state, base


def ask(args: argparse.Namespace, name: str, arguments: dict[str, Any]) -> Any:
    """Have core carry out a command; with core stopped, take its lock and do the same here."""
    settings, state, _ = open_settings(args)
    with Asking(settings, state) as core:
        return core(name, arguments)


class Asking:
    """A conversation with core: by its socket; or with its place taken, when it does not run at the first command.

    A core that dies later is started again by its supervisor, and must not find its place taken by a long import.
    A call gives the command's result; raises Refused with a sentence for whoever gave it.
    """

    def __init__(self, settings: Settings, state: StateFolder, *, actor: str = "") -> None:
        self.settings, self.state = settings, state
        self.actor = actor or f"cli:{_user()}"
        self._stand_in: Commands | None = None
        self._was_answered = False
        self._stack = contextlib.ExitStack()

    def __call__(self, name: str, arguments: dict[str, Any]) -> Any:
        request = Request(name=name, args=arguments, actor=self.actor)
        try:
            if self._stand_in is None:
                try:
                    answer = control.command(self.state.socket, request)
                except CoreUnreachable:
                    self._stand_in = self._take_its_place()
                else:
                    self._was_answered = True
                    return answer
            return self._stand_in.run(request)
        except CommandFailed as error:
            raise Refused(str(error)) from None

    def _take_its_place(self) -> "Commands":
        # All of core is loaded only where it is needed: who cancels a false alarm does not wait for it.
        from deploy.assembly import core_of, credentials_of, reload_broker  # noqa: PLC0415
        from deploy.core_commands.commands import Commands  # noqa: PLC0415

        log = self.state.log / "core.log"
        if self._was_answered:
            raise Refused(f"core stopped meanwhile; see {log}, then run the command again")
        try:
            self._stack.enter_context(self.state.core_lock())
        except CoreRuns:
            raise Refused(f"core runs on {self.state.root} but does not answer; see {log}") from None
        core = core_of(self.settings, self.state, Clock(), channels={})
        core.link, core.sender = _NoLink(), _NoSender()
        self._stack.callback(core.stop)
        return Commands(core, credentials_of(self.state), lambda: reload_broker(self.state))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def refuse_folder(option: str, path: Path) -> None:
    """Before the work and not after it: a file that has no place. Raises Refused."""
    if not path.parent.is_dir():
        raise Refused(f"{option} {path}: there is no folder {path.parent}; make it, or write elsewhere")
    if path.is_dir():
        raise Refused(f"{option} {path}: it is a folder; write a file's name")


def _user() -> str:
    """Who gives commands here; a container's user may have a number alone."""
    try:
        return getpass.getuser()
    except KeyError:
        return f"uid-{os.getuid()}"


class _NoLink:
    """Stands for the broker while only a command is carried out."""

    is_connected = False

    def acknowledge(self, arrivals: "Sequence[Arrival]") -> None:
        """Nothing arrives."""

    def publish(self, topic: str, payload: bytes) -> None:
        """Nobody listens."""


class _NoSender:
    def carry(self, attempt: "Attempt") -> None:
        raise AssertionError(f"no channel is open, yet {attempt.entry.key} was claimed")
