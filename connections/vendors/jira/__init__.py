"""Jira Cloud: issues, comments, files and transitions over REST v3, signed in with OAuth 2.0 (3LO)."""

from connections.base import Vendor
from connections.vendors.jira import checkup
from connections.vendors.jira.addresses import base_urls
from connections.vendors.jira.api import JiraApi
from connections.vendors.jira.login import profile
from connections.vendors.jira.settings import SECRETS, SETTINGS
from connections.vendors.jira.webhooks import WEBHOOKS

VENDOR = Vendor(
    key="jira",
    label="Jira",
    settings=SETTINGS,
    secrets=SECRETS,
    api=JiraApi,
    check=checkup.check,
    base_urls=base_urls,
    rate=checkup.rate,
    oauth=profile,
    webhooks=WEBHOOKS,
    discover={
        "sites": checkup.list_sites,
        "projects": checkup.list_projects,
        "issue_types": checkup.list_issue_types,
        "fields": checkup.list_fields,
        "create_fields": checkup.list_create_fields,
        "required_fields": checkup.list_required_fields,
        "external_fields": checkup.list_external_fields,
        "statuses": checkup.list_statuses,
        "priorities": checkup.list_priorities,
    },
    notes=checkup.notes,
)
