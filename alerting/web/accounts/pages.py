"""Logins on the application: the gate before every route, and the pages of coming in and of one's own account."""

from fastapi import FastAPI

from alerting.web.access import Visitor
from alerting.web.accounts.accounts import Accounts
from alerting.web.accounts.gate import DeclaredPaths, Gate
from alerting.web.accounts.login_forms import LoginForms
from alerting.web.accounts.login_pages import add_login
from alerting.web.accounts.own_pages import add_own_pages
from alerting.web.accounts.refusals import Refusals
from alerting.web.frame import Frame


def add_accounts(app: FastAPI, frame: Frame, accounts: Accounts, *, open_as: Visitor | None) -> None:
    """Put the gate before every route of ``app``, those that come later too; ``open_as`` is who needs no login."""
    app.state.accounts, app.state.declared = accounts, DeclaredPaths(app.routes)
    forms = LoginForms(frame, accounts)
    refuse = Refusals(frame, forms)
    app.add_middleware(Gate, declared=app.state.declared, accounts=accounts, open_as=open_as, refuse=refuse)
    add_login(app, frame, accounts, forms)
    add_own_pages(app, frame, accounts)
