"""A recipient as commands answer: masked for screens, in clear for whoever gave a reason."""

from typing import TYPE_CHECKING, Any

from alerting.recipients import Recipient

if TYPE_CHECKING:
    from deploy.core import Core


def masked(core: "Core", recipient: Recipient) -> dict[str, Any]:
    """What screens show of a recipient."""
    return {
        "id": recipient.id,
        "kind": recipient.kind,
        "label": core.directory.label(recipient.id),
        "contacts": [{"kind": each.kind, "masked": each.masked} for each in recipient.contacts],
        **_plain(core, recipient),
    }


def clear(core: "Core", recipient: Recipient) -> dict[str, Any]:
    """All of a recipient, for whoever gave a reason."""
    open_ = core.directory.vault.open
    return {
        "id": recipient.id,
        "kind": recipient.kind,
        "label": core.directory.label(recipient.id),
        "name": open_(recipient.name_sealed),
        "contacts": [{"kind": each.kind, "text": open_(each.sealed)} for each in recipient.contacts],
        **_plain(core, recipient),
    }


def _plain(core: "Core", recipient: Recipient) -> dict[str, Any]:
    return {
        "areas": list(recipient.areas),
        "printed": list(core.registry.areas.names(recipient.areas)),
        "groups": list(recipient.groups),
        "channels": list(recipient.channels),
        "language": recipient.language,
        "consent": recipient.consent,
        "consent_at": recipient.consent_at,
        "consent_how": recipient.consent_how,
        "rank": recipient.rank,
        "created_at": recipient.created_at,
        "changed_at": recipient.changed_at,
    }
