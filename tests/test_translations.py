"""Every sentence that people may see is there in German. `make messages` lists what is missing."""

from __future__ import annotations

import re

import pytest
from django.utils import translation as language

from connections.messages import say
from mlconnector import translation

PLACE = re.compile(r"%\(\w+\)[sd]")


@pytest.fixture(scope="module")
def wanted():
    return translation.template_catalog()


@pytest.fixture(scope="module")
def stored():
    return translation.stored_catalog()


def test_the_catalogue_holds_exactly_the_sentences_of_the_code(wanted, stored):
    in_code, in_catalogue = ({str(m.id) for m in catalog if m.id} for catalog in (wanted, stored))
    assert in_catalogue - in_code == set(), "gone from the code: run `make messages`"
    assert in_code - in_catalogue == set(), "new in the code: run `make messages` and translate"


def test_every_sentence_has_a_german_translation(stored):
    assert translation.untranslated(stored) == []
    assert not [str(message.id) for message in stored if message.id and message.fuzzy]


def test_a_translation_has_the_places_of_its_sentence(stored):
    single = [m for m in stored if m.id and isinstance(m.id, str) and m.string]
    assert [m.id for m in single if set(PLACE.findall(m.id)) != set(PLACE.findall(m.string))] == []


def test_the_compiled_catalogue_is_the_written_one(stored):
    assert translation.MO.read_bytes() == translation.compiled(stored), "run `make messages`"


def test_a_declared_label_is_found_wherever_it_stands():
    source = """
KINDS = (("a", "First"), ("b", "Second"))
FIELD = SettingField("key", "A label", "choice", help_text="Some help.", choices=KINDS)
FAULTS = (Fault(403, ConfigurationError, "Not " "allowed"),)
flow = Flow("x", "A flow", decisions=(Decision("go", "Do it", "It is done.", states=("changed",)),))
say("Found %(what)s", what=1)
ngettext("%(n)s row", "%(n)s rows", n)
say(pattern)
"""
    found = {sentence for sentence, _place, _line in translation.in_code(source, "x.py")}
    assert found == {
        *("First", "Second", "A label", "Some help.", "Not allowed", "A flow", "Do it", "It is done."),
        "Found %(what)s",
        ("%(n)s row", "%(n)s rows"),
    }


def test_a_sentence_in_a_template_is_found():
    source = (
        '{% load i18n %}<h1>{% translate "Connections" %}</h1>'
        "{% blocktranslate %}Since {{ day }}{% endblocktranslate %}"
    )
    found = {sentence for sentence, _place, _line in translation.in_template(source, "x.html")}
    assert found == {"Connections", "Since %(day)s"}


def test_a_stored_message_is_shown_in_the_language_of_its_reader(stored):
    message = next(m for m in stored if m.id == "Waiting until the vendor's search shows what was written.")
    with language.override("de"):
        assert str(say("Waiting until the vendor's search shows what was written.")) == message.string
    with language.override("en"):
        assert str(say("Waiting until the vendor's search shows what was written.")) == message.id
