"""Recipients as the command line prints them."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from deploy.recipients.access import Access
from deploy.recipients.importing import Done


def imported(done: Done, *, is_dry: bool) -> str:
    counts = ", ".join(f"{count} {kind}" for kind, count in done.counts.items())
    lines = [f"{counts}{' - a dry run: nothing was done' if is_dry else ''}"]
    if done.left:
        lines.append(f"{len(done.left)} of them have left and are told nothing: {', '.join(done.left[:20])}")
    if done.other_kinds:
        lines.append(f"{done.other_kinds} lines of other kinds were left out")
    if done.without_consent:
        lines.append(f"{done.without_consent} lines of people without consent were left out")
    if done.ignored:
        lines.append(f"columns that mean nothing here: {', '.join(done.ignored)}")
    return "\n".join(lines)


def listed(each: dict[str, Any]) -> str:
    contacts = " ".join(contact["masked"] for contact in each["contacts"])
    consent = "" if each["consent"] == "given" else f"  {each['consent'].upper()}"
    groups = f"  [{' '.join(each['groups'])}]" if each["groups"] else ""
    return f"{each['id']:<8}  {each['kind']:<11}  {each['label']:<28}  {contacts}{groups}{consent}"


def shown(each: dict[str, Any], timezone: str) -> str:
    contacts = ", ".join(
        f"{contact['kind']} {contact.get('text', contact.get('masked'))}" for contact in each["contacts"]
    )
    facts = {
        "name": each.get("name", ""),
        "contacts": contacts,
        "areas": ", ".join(each["printed"]) or ("everywhere" if each["kind"] == "officer" else "none"),
        "groups": ", ".join(each["groups"]),
        "channels": ", ".join(each["channels"]) or "whichever can carry it",
        "language": each["language"],
        "rank": str(each["rank"]) if each["kind"] == "officer" else "",
        "consent": f"{each['consent']} {_moment(each['consent_at'], timezone)} {each['consent_how']}".strip(),
    }
    lines = [f"  {key:<9} {value}" for key, value in facts.items() if value]
    return "\n".join([f"{each['id']}  {each['kind']}  {each['label']}", *lines])


def access(each: Access, timezone: str) -> str:
    about = each.about[0] if len(each.about) == 1 else f"{len(each.about)} recipients"
    reason = f": {each.reason}" if each.reason else ""
    return f"{_moment(each.at, timezone)}  {each.actor:<16}  {each.action:<22}  {about}{reason}"


def _moment(at: int, timezone: str) -> str:
    if not at:
        return ""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M:%S")
