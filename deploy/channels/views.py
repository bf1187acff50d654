"""What core shows of its channels: who waits, for how long, and what does not work."""

from broker.live import ChannelView
from deploy.messages.sending import Sending


def channel_views(sending: Sending) -> list[ChannelView]:
    """Each channel as it stands; one that left the settings only while messages wait for it."""
    outbox = sending.outbox
    views = []
    for name, lane in outbox.lanes.items():
        if not lane.room and not outbox.waiting[name]:
            continue
        views.append(
            ChannelView(
                name=name,
                state="gone" if not lane.room else "works" if lane.breaker.is_closed else "stalled",
                since=lane.breaker.opened_at,
                waiting=outbox.waiting[name],
                pace_per_s=lane.pace_per_s,
                remaining_s=sending.duration_s(name),
                problem=sending.probes.get(name),
            )
        )
    return views


def channel_problems(sending: Sending) -> list[str]:
    """What is wrong with the channels, one Indonesian sentence each, stalled ones first."""
    found = [view for view in channel_views(sending) if view.state != "works" or view.problem]
    return [_sentence(view) for view in sorted(found, key=lambda view: view.state == "works")]


def _sentence(view: ChannelView) -> str:
    match view.state:
        case "gone":
            what = "tidak ada lagi di pengaturan"
        case "stalled":
            what = "tidak mengirim; dicoba lagi berkala, pesan dialihkan ke saluran lain bila ada"
        case _:
            what = "bermasalah"
    why = f" ({view.problem.rstrip('.')})" if view.problem else ""
    waiting = f" {view.waiting} pesan menunggu." if view.waiting else ""
    return f"Saluran {view.name} {what}{why}.{waiting}"
