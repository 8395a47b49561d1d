"""A simulated Jira Cloud, written from the vendor's documentation; it shares nothing with the client."""

from mlconnector.sandbox.jira.app import API_URL, AUTH_URL, MEDIA_URL, WEB_URL, JiraSimulator
from mlconnector.sandbox.jira.deliveries import Attempt, post_by_http
from mlconnector.sandbox.jira.options import JiraOptions
from mlconnector.sandbox.jira.served import ServedJira

__all__ = [
    "API_URL",
    "AUTH_URL",
    "MEDIA_URL",
    "WEB_URL",
    "Attempt",
    "JiraOptions",
    "JiraSimulator",
    "ServedJira",
    "post_by_http",
]
