"""What the command line prints of stations: plans of changes, and everything of one station."""

from datetime import UTC, datetime
from typing import Any

MARKS = {"added": "+", "changed": "~"}


def plan(steps: list[dict[str, Any]], *, is_dry: bool) -> str:
    """Each added and changed station with its keys, and how many stay as they are."""
    lines = []
    for step in steps:
        if step["kind"] == "unchanged":
            continue
        lines.append(f"{MARKS[step['kind']]} {step['id']}")
        lines += [f"    {key}: {change(step['kind'], old, new)}" for key, old, new in step["fields"]]
    counts = {kind: sum(step["kind"] == kind for step in steps) for kind in ("added", "changed", "unchanged")}
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    lines.append(f"{told}{' - a dry run: nothing was done' if is_dry else ''}")
    return "\n".join(lines)


def change(kind: str, old: Any, new: Any) -> str:
    return value(new) if kind == "added" else f"{value(old)} -> {value(new)}"


def value(said: Any) -> str:
    if said is None:
        return "(none)"
    if isinstance(said, list | tuple):
        return ", ".join(value(each) for each in said)
    if isinstance(said, dict):
        return " ".join(value(each) for each in said.values())
    return str(said)


def moment(at: int | None) -> str:
    if at is None:
        return "never"
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")


def shown(answer: dict[str, Any]) -> str:
    """A station as ``station show`` prints it; times in UTC."""
    station = dict(answer["station"])
    epochs, thresholds = station.pop("epochs", []), station.pop("thresholds", None)
    lines = [f"{station.pop('id')}  v{answer['version']}  {answer['state']}"]
    if answer["kelurahan"]:
        station["kelurahan"] = answer["kelurahan"]
    for key, said in station.items():
        for name, inner in said.items() if isinstance(said, dict) else [("", said)]:
            lines.append(f"  {f'{key}.{name}'.rstrip('.'):<18} {value(inner)}")
    lines += ["thresholds", *_thresholds(thresholds, answer)]
    lines += ["thresholds before", *_history(answer["history"])]
    lines += ["calibration", *[f"  {_epoch(epoch)}" for epoch in epochs]]
    lines += ["staff gauge", *_gauge(answer)]
    lines += ["nodes", *[_node(node) for node in answer["nodes"]]]
    lines += ["versions", *[_version(each) for each in answer["history"]]]
    return "\n".join(lines)


def _thresholds(thresholds: dict[str, Any] | None, answer: dict[str, Any]) -> list[str]:
    if thresholds is None:
        return ["  not set: BELUM DITETAPKAN"]
    lines = [f"  {key:<18} {value(said)}" for key, said in thresholds.items()]
    rule = answer["rules"]["level"]
    in_force = None if rule is None else rule["thresholds"]
    wanted = {name: thresholds[name] for name in ("waspada", "siaga", "awas")}
    if in_force != wanted:
        told = "none" if in_force is None else ", ".join(f"{name} {level:g}" for name, level in in_force.items())
        lines.append(f"  not yet in force; until then: {told}")
    return lines


def _history(history: list[dict[str, Any]]) -> list[str]:
    lines: list[str] = []
    told = None
    for each in reversed(history):
        limits = each["thresholds"]
        if limits is not None and limits != told:
            if told is not None:
                lines.append(
                    f"  from {moment(limits['effective_from'])}: {limits['waspada']:g} / {limits['siaga']:g} / "
                    f"{limits['awas']:g}  {limits['author']}: {limits['reason']}"
                )
            told = limits
    return lines or ["  none"]


def _epoch(epoch: dict[str, Any]) -> str:
    since = epoch.get("effective_from", "always")
    parts = [f"{key} {epoch[key]:g}" for key in ("datum_m", "mm_per_tip", "sound_reference_c") if key in epoch]
    return f"{epoch['series']} {epoch['number']}: from {since}, {', '.join(parts)}  {epoch.get('reason', '')}".rstrip()


def _gauge(answer: dict[str, Any]) -> list[str]:
    drift = answer["drift"]
    lines = []
    if drift is not None:
        way = "too high" if drift["drift_m"] > 0 else "too low" if drift["drift_m"] < 0 else "right"
        since, compared = moment(drift["since"]), drift["compared"]
        lines.append(f"  sensor reads {abs(drift['drift_m']):.3f} m {way} since {since} ({compared} compared)")
    for row in answer["gauge"]:
        sensor = "no reading" if row["sensor_m"] is None else f"{row['sensor_m']:.2f} m"
        told = f"  {moment(row['time'])}  read {row['level_m']:.2f} m, sensor {sensor}  {row['read_by']} {row['note']}"
        lines.append(told.rstrip())
    return lines or ["  never read"]


def _node(node: dict[str, Any]) -> str:
    until = "" if node["until"] is None else f" until {moment(node['until'])}"
    return f"  {node['node']}  since {moment(node['since'])}{until}"


def _version(each: dict[str, Any]) -> str:
    return f"  v{each['version']}  {moment(each['changed_at'])}  {each['actor']}: {each['reason']}"
