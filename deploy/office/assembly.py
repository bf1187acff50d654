"""Joins the parts of the office for the pages."""

from pathlib import Path

from alerting.web.admin.office import Office
from broker.clock import Clock
from deploy.audit_reader import AuditReader
from deploy.health.parts import HealthParts
from deploy.office.drills import OfficeDrills
from deploy.office.files import OfficeFiles
from deploy.office.preview import OfficePreviews
from deploy.office.provision import OfficeProvision
from deploy.office.ways import OfficeWays
from deploy.settings import Settings
from deploy.state_folder import StateFolder


def office_of(settings: Settings, state: StateFolder, clock: Clock, *, file: Path) -> Office:
    """``file`` is the settings file; relative paths in it start from its folder."""
    base = file.absolute().parent
    return Office(
        files=OfficeFiles(settings, state),
        previews=OfficePreviews(settings, state, base),
        ways=OfficeWays(settings, state, base, clock),
        drills=OfficeDrills(settings, state, file),
        audit=AuditReader(state.journal),
        parts=HealthParts(settings, state, clock.now),
        provision=OfficeProvision(settings, state),
    )
