"""The text search of JQL's `~`: words and phrases, no equality.

Source: Jira Cloud, search syntax for text fields (read 2026-11).
"""

import re

from mlconnector.sandbox.jira.errors import Refused

# Signs of the text search that must be escaped by a backslash.
SPECIAL = set('+-&|!(){}[]^~*?:\\"')


def searched_words(text: str, asked: str) -> list[list[str]]:
    """What `~` looks for: single words, and phrases where inner quotes stand. Raises Refused.

    A special sign that is not escaped ends a word, or makes the text unreadable where it stands for syntax.
    """
    found: list[list[str]] = []
    for part, is_phrase in _parts(text, asked):
        stems = [_stem(word) for word in re.findall(r"\w+", part.casefold())]
        found += [stems] if is_phrase and stems else [[stem] for stem in stems]
    if not found:
        raise Refused("jql_text", value=text, field=asked)
    return found


def _parts(text: str, asked: str) -> list[tuple[str, bool]]:
    parts: list[tuple[str, bool]] = []
    inside, current, at = False, "", 0
    while at < len(text):
        sign = text[at]
        if sign == "\\" and at + 1 < len(text):
            current, at = current + (text[at + 1] if text[at + 1] not in SPECIAL else " "), at + 2
            continue
        if sign == '"':
            parts.append((current, inside))
            inside, current = not inside, ""
        elif not inside and sign in "(){}[]^:!":
            raise Refused("jql_text", value=text, field=asked)
        else:
            current += sign
        at += 1
    if inside or (text[:1] in "*?" and text):
        raise Refused("jql_text", value=text, field=asked)
    return [*parts, (current, False)]


def has_words(text: str, wanted: str, asked: str) -> bool:
    """Whether all words and phrases stand in the text: case, punctuation and endings do not count."""
    stems = [_stem(word) for word in re.findall(r"\w+", text.casefold())]
    return all(
        any(stems[at : at + len(phrase)] == phrase for at in range(len(stems)))
        for phrase in searched_words(wanted, asked)
    )


def _stem(word: str) -> str:
    """Endings that the vendor's analyser drops; rough, so that hits are wider than the word."""
    for ending in ("ing", "ed", "es", "s"):
        if word.isalpha() and word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
