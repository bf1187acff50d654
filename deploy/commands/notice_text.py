"""What the command line prints of notices; times are the site's."""

from typing import Any, Final

from deploy.commands.alert_text import moment

MINUTE_S: Final = 60


def listed(notices: list[dict[str, Any]], timezone: str) -> str:
    if not notices:
        return "no notices"
    return "\n".join(
        f"{moment(each['made_at'], timezone)}  {each['notice']:<8} {each['level']:<8}"
        f"{each['kind'].replace('_', ' '):<14}{', '.join(each['areas'])}\n    {_state(each, timezone)}"
        for each in notices
    )


def shown(notice: dict[str, Any], timezone: str) -> str:
    """The text as it goes out, then who gets it, then what came of it."""
    lines = [
        f"{notice['notice']}  {notice['kind'].replace('_', ' ')} {notice['level']}  {', '.join(notice['areas'])}",
        f"    {_state(notice, timezone)}",
        f'    "{notice["texts"]["id"]}"',
        f"    {notice['septets']} of 160, {notice['parts']} SMS; templates {notice['template']}",
        f'    English: "{notice["texts"]["en"]}"',
        f"    to {notice['audience']} people{_each(notice['by_kind'])}",
        *(f"        {area}: {count}" for area, count in notice["by_area"].items()),
        f"    by{_each(notice['by_channel']) or ' no channel'}{_time(notice['duration_s'])}{_cost(notice['cost'])}",
    ]
    if notice.get("messages"):
        lines.append(f"    messages{_each(notice['messages'])}; {notice['skipped']} had left or are told newer")
    return "\n".join(lines)


def decided(notice: dict[str, Any], timezone: str) -> str:
    lines = [f"{notice['notice']}: {_state(notice, timezone)}"]
    if notice["state"] in ("approved", "sent"):
        lines += [f'    "{notice["texts"]["id"]}"', f"    to {notice['audience']} people"]
    return "\n".join(lines)


def cancelled(answer: dict[str, Any]) -> str:
    lines = [f"{answer['notice']}: {', '.join(answer['alerts'])} cancelled; {answer['told']} people are told"]
    lines += [f'    {each["notice"]}: "{each["texts"]["id"]}"' for each in answer["notices"]]
    return "\n".join(lines)


def _state(notice: dict[str, Any], timezone: str) -> str:
    due = "" if notice["due_at"] is None else moment(notice["due_at"], timezone)[11:]
    names = ", ".join(each["by"] for each in notice["approvals"])
    match notice["state"]:
        case "waiting" if names:
            alone = f", or goes out at {due} unless vetoed" if due else ""
            told = f"approved by {names}; waits for a second person{alone}"
        case "waiting":
            told = f"waits for {'two people' if notice['manual'] else 'a decision'}"
        case "veto":
            told = f"goes out at {due} unless vetoed"
        case "vetoed":
            told = f"vetoed by {notice['decided_by']}: {notice['reason']}"
        case "replaced":
            told = f"replaced{' by ' + notice['replaced_by'] if notice['replaced_by'] else ', its alerts have changed'}"
        case state:
            told = _gone(notice, state, due)
    return told


def _gone(notice: dict[str, Any], state: str, due: str) -> str:
    by, made = notice["decided_by"], f"{notice['made']} of {notice['audience']}"
    if state == "sent":
        return f"sent to {made}, approved by {by}"
    return f"approved by {by}; goes out at {due}, when the quiet hours end" if due else f"approved by {by}; {made} made"


def _each(counts: dict[str, int]) -> str:
    return f" ({', '.join(f'{name} {count}' for name, count in counts.items())})" if counts else ""


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "; how long is not known yet"
    return f"; about {seconds / MINUTE_S:.0f} min" if seconds >= MINUTE_S else f"; about {seconds:.0f} s"


def _cost(rupiah: float | None) -> str:
    return "" if rupiah is None else f"; Rp {rupiah:,.0f}".replace(",", ".")
