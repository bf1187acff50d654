"""Puts administration on the application."""

from fastapi import FastAPI

from alerting.web.admin import (
    areas,
    audit_log,
    channels,
    drills,
    health,
    nodes,
    people,
    people_import,
    policy,
    rota,
    rule_change,
    stations,
    users,
    work,
)
from alerting.web.admin.desk import Desk
from alerting.web.admin.held import HeldFiles
from alerting.web.admin.jobs import Jobs
from alerting.web.admin.office import Office
from alerting.web.frame import Frame


def add_admin(app: FastAPI, frame: Frame, office: Office | None) -> None:
    """Every page below ``/kelola``; without an ``office`` those that need it say that it is not there."""
    desk = Desk(frame=frame, given=office, jobs=Jobs(frame.clock.now), held=HeldFiles(frame.clock.now))
    for page in (people_import, people, areas, rota, stations, rule_change, nodes, policy):
        page.add(app, desk)
    for page in (channels, drills, users, audit_log, health, work):
        page.add(app, desk)
