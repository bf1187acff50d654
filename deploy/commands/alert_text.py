"""What the command line prints of alerts; times are the site's."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo


def listed(alerts: list[dict[str, Any]], timezone: str) -> str:
    if not alerts:
        return "no alerts"
    return "\n".join(
        f"{moment(alert['decided_at'], timezone)}  {alert['alert']}@{alert['version']:<3} {alert['level']:<8}"
        f"{_kind(alert):<14}{alert['name']}{_taken(alert)}\n    {alert['why']}"
        for alert in alerts
    )


def _taken(alert: dict[str, Any]) -> str:
    return f"  (acknowledged by {alert['acknowledged_by']})" if alert.get("acknowledged_by") else ""


def shown(answer: dict[str, Any], timezone: str) -> str:
    """Versions from the first to the last, each with its messages."""
    lines = [f"{answer['alert']}  {answer['name']}  {'stands' if answer['active'] else 'is over'}"]
    for version in answer["versions"]:
        at, kind = moment(version["decided_at"], timezone), _kind(version)
        by = f" by {version['by']}" if version["by"] else ""
        lines += [f"v{version['version']}  {at}  {kind} {version['level']}{by}", f"    {version['why']}"]
        messages = [each for each in answer["messages"] if each["version"] == version["version"]]
        lines += [f"    {_message(each)}" for each in messages] or ["    nobody was told by message"]
        if messages:
            lines.append(f'    "{messages[0]["text"]}"')
    return "\n".join(lines)


def _message(message: dict[str, Any]) -> str:
    latency = "" if message["latency_ms"] is None else f" after {message['latency_ms']:.1f} ms"
    reason = f" ({message['reason']})" if message["reason"] else ""
    to = f"{message['recipient']} {message['address']} by {message['channel']}"
    return f"{to}: {message['state']}{latency}{reason}"


def _kind(version: dict[str, Any]) -> str:
    return str(version["kind"]).replace("_", " ")


def decided(answer: dict[str, Any]) -> str:
    """What came of a person's word: each alert that it moved, and how many messages go out."""
    lines = [
        f"{alert['alert']}@{alert['version']}  {_kind(alert)} {alert['level']}\n    {alert['why']}"
        for alert in answer["decided"]
    ]
    if not lines:
        return f"{answer['name']} stands at {answer['level']} as before; kept"
    count = answer["messages"]
    told = [f"{count} message{'s' if count != 1 else ''} to officers" if count else "no message to officers"]
    if any(alert["hazard"] == "area" and alert["kind"] in ("raised", "raised_higher") for alert in answer["decided"]):
        told.append("the public is told when somebody approves: kentongan notice list --waiting")
    return "\n".join([*lines, *told])


def moment(at: int, timezone: str) -> str:
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(timezone))
    return local.strftime("%Y-%m-%d %H:%M:%S")
