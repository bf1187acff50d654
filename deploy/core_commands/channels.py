"""Core's commands about the ways out: a provider's later word about a message, and what is known of each channel."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from alerting.channels.port import Delivered, Undelivered
from broker.control import CommandFailed, Request
from deploy.core_commands.arguments import optional_text, text

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands


def delivery_report(commands: "Commands", request: Request) -> dict[str, Any]:
    """A message that was accepted did reach its recipient, or did not. What is settled already stays as it is."""
    channel, reference = text(request, "channel"), text(request, "reference")
    is_delivered = request.args.get("is_delivered")
    if not isinstance(is_delivered, bool):
        raise CommandFailed("delivery-report: is_delivered must be true or false")
    if is_delivered:
        commands.core.sending.delivery(channel, reference, Delivered(reference=reference))
    else:
        reason, code = optional_text(request, "reason"), optional_text(request, "code")
        undelivered = Undelivered(reason=reason or "Tidak sampai.", code=code or None)
        commands.core.sending.delivery(channel, reference, undelivered)
    return {}


def channel_states(commands: "Commands", _request: Request) -> dict[str, Any]:
    """What core knows of each channel: whether it works, its pace, and how long its queue still takes, in seconds."""
    sending = commands.core.sending
    pace = sending.pace()
    return {
        name: {
            "problem": sending.probes.get(name),
            "per_s": pace.get(name),
            "waiting": sending.outbox.waiting[name],
            "left_s": sending.duration_s(name),
        }
        for name in sending.outbox.lanes
    }


def channel_tested(commands: "Commands", request: Request) -> dict[str, Any]:
    """Somebody sent a trial message by hand: who, by which channel, to which masked address, and what became of it."""
    channel, by = text(request, "channel"), text(request, "by")
    detail = {"to": text(request, "to"), "by": by, "state": text(request, "state")}
    commands.audit(request, "channel tested", channel, detail)
    return {}


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "delivery-report": delivery_report,
    "channel-tested": channel_tested,
    "channel-states": channel_states,
}
CHANGES: Final = frozenset({"delivery-report", "channel-tested"})
