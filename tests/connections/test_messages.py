"""Sentences for people, shown in their language whenever that is."""

from __future__ import annotations

from django.utils import translation

from connections.messages import DataFault, Message, say


def test_an_empty_message_is_empty_in_every_language():
    """gettext("") is the header of the catalogue."""
    for language in ("de", "en"):
        with translation.override(language):
            assert str(Message("")) == ""
            assert str(DataFault("", "x", Message("wrong"))) == " (x): wrong"


def test_a_message_survives_being_stored():
    message = say("%(n)s of 100 %% arrived", n=5)
    assert str(Message.from_json(message.to_json())) == "5 of 100 % arrived"


def test_a_fault_survives_being_stored():
    fault = DataFault("net", "12,3", say("is no amount"), say("Write it like 12,30."))
    assert str(DataFault.from_json(fault.to_json())) == "net (12,3): is no amount Write it like 12,30."
