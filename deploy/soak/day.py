"""A simulated day from a seed: made, played, judged."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from deploy.soak.breach import Breach
from deploy.soak.clock import DAY, HOUR, MINUTE, SECOND, simulated
from deploy.soak.faults import arrange
from deploy.soak.installation import Installation
from deploy.soak.load import Load, load_of
from deploy.soak.oracle_audit import verify
from deploy.soak.plan import DayPlan
from deploy.soak.stations import PLACES
from deploy.soak.world import World

JOURNAL_MOST: Final = 64 * 1024 * 1024
OPEN_MOST: Final = 200
BOOTS_MOST: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """``breaches`` is empty when every promise was kept. ``lines`` are the last of the trace, or all of it.

    ``story`` is every decision, in order.
    """

    plan: DayPlan
    breaches: tuple[Breach, ...]
    digest: str
    lines: tuple[str, ...]
    readings: int
    story: tuple[str, ...]
    load: Load


def play(installation: Installation, plan: DayPlan, *, keeps_trace: bool = False, shuffles: bool = False) -> DayResult:
    """The day of a plan; the same every time. ``shuffles``: each turn's messages in another order, and some twice."""
    installation.fresh()
    world = World(installation, plan, keeps_trace=keeps_trace, shuffles=shuffles)
    with simulated(world.moment):
        _arrange(world)
        world.run(plan.begins + DAY)
        if not world.oracle.breaches.found:
            _judge_the_end(world)
        if world.core is not None:
            world.core.journal.close()
    return DayResult(
        plan=plan,
        breaches=tuple(world.oracle.breaches.found),
        digest=world.trace.digest,
        lines=tuple(world.trace.lines),
        readings=world.readings,
        story=tuple(world.oracle.story.told),
        load=load_of(world.oracle.story.alarms),
    )


def _arrange(world: World) -> None:
    plan = world.plan
    world.at(plan.begins, World.start_core, world)
    for node in world.nodes.values():
        world.at(plan.begins + SECOND + plan.phases[node.place.node], World.measure, world, node)
    world.at(plan.begins + 15 * SECOND, World.tick, world)
    silence = world.oracle.silence
    for place in PLACES:
        world.at(plan.begins + MINUTE, World.watch, world, partial(silence.deadline, place.station))
        world.at(plan.begins + MINUTE, World.watch, world, partial(silence.rising_deadline, place.station))
    world.at(plan.begins + MINUTE, World.watch, world, silence.deadline_of_all)
    for hour in range(1, 24):
        world.at(plan.begins + hour * HOUR, _check_now, world)
    for fault in plan.faults:
        arrange(world, fault)


def _check_now(world: World) -> None:
    """Each hour: what is owed to officers, and that nothing has grown."""
    core, breaches = world.core, world.oracle.breaches
    world.oracle.messages.checked(world.provider.accepted, world.provider.blind_lookups)
    if core is None:
        return
    size = world.installation.state.journal.stat().st_size
    if size > JOURNAL_MOST:
        breaches.add("I12", f"the journal has {size} bytes")
    if len(core.memory.outbox.open) > OPEN_MOST:
        breaches.add("I12", f"{len(core.memory.outbox.open)} messages are open")
    if core.failed_write is None and len(core.group.readings) > 1000:
        breaches.add("I12", f"{len(core.group.readings)} readings wait for a commit")


def _judge_the_end(world: World) -> None:
    core, oracle = world.core, world.oracle
    if core is None:
        oracle.breaches.add("core", "core does not run at the end of the day")
        return
    execute = core.journal.connection.execute
    stored = execute("SELECT node, boot, seq FROM readings WHERE revision = 0 ORDER BY id")
    rings = [sample for node in world.nodes.values() for sample in node.ring.values()]
    oracle.readings.ended(stored, rings)
    oracle.messages.checked(world.provider.accepted, world.provider.blind_lookups)
    verify(execute("SELECT id, at, actor, action, subject, detail, hash FROM audit ORDER BY id"), oracle.breaches)
    if core.memory.outbox.open:
        oracle.breaches.add("I3", f"still open at the end: {min(core.memory.outbox.open)}")
