"""The directory as core starts with it: everybody in the journal, and the officers of the settings file."""

from zoneinfo import ZoneInfo

import msgspec

from alerting.phone_numbers import BadNumber, normalise
from alerting.recipient_tables import Loader, recipients, rosters
from alerting.recipients import Directory, fixed_officer, number_of
from alerting.roster import Roster
from alerting.vault import Vault
from deploy.journal import Journal
from deploy.registry.areas import Areas
from deploy.settings import BadSettings, Settings


def directory_of(settings: Settings, journal: Journal, vault: Vault, areas: Areas) -> Directory:
    """Everybody who can be told; raises BadSettings for an officer of the settings whose name cannot be an id."""
    directory = Directory(vault, zone=ZoneInfo(settings.site.timezone), area_name=areas.name)
    for officer in settings.officers:
        if number_of(officer.name) is not None:
            raise BadSettings(f"officers: {officer.name!r} is the id of a recipient, not a name; write a person's name")
        if directory.get(officer.name) is not None:
            raise BadSettings(f"officers: {officer.name!r} stands there twice; give each his own name")
        directory.put(
            fixed_officer(vault, name=officer.name, phone=_usual(officer.phone), channels=tuple(officer.channels))
        )
    load = Loader()
    for row in journal.rows(recipients, "ORDER BY id"):
        directory.put(load(row))
    directory.roster = roster_of(journal)
    return directory


def _usual(phone: str) -> str:
    """In E.164 when it is an Indonesian mobile, so that it is known again in a list; else as the settings say."""
    try:
        return normalise(phone)
    except BadNumber:
        return phone


def roster_of(journal: Journal) -> Roster:
    """The roster in force; an empty one when there never was one."""
    last = next(journal.rows(rosters, "ORDER BY version DESC LIMIT 1"), None)
    return Roster() if last is None else msgspec.json.decode(last[4], type=Roster)
