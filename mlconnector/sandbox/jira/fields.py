"""Fields of a site: all of them, a search, contexts, and a new one."""

from typing import TYPE_CHECKING, Any

from mlconnector.sandbox.jira import catalog
from mlconnector.sandbox.jira.errors import JiraError
from mlconnector.sandbox.jira.state import Field, Site
from mlconnector.sandbox.jira.words import Words, said
from mlconnector.sandbox.kit import Response

if TYPE_CHECKING:
    from mlconnector.sandbox.jira.api import ApiCall

NEW = ("name", "description", "type", "searcherKey")


def listed(call: "ApiCall") -> Response:
    """GET /field: no pages."""
    return call.answer([call.shapes.field(field) for field in call.site.fields.values()])


def search(call: "ApiCall") -> Response:
    """GET /field/search: pages; some tenants let only administrators in."""
    if call.sim.options.field_search_is_for_admins and not call.may("ADMINISTER"):
        raise call.error(403, "fields_admin")
    kinds, ids = call.listed("type"), call.listed("id")
    query = call.request.args.get("query", "").casefold()
    found = [
        field
        for field in call.site.fields.values()
        if (not kinds or ("custom" if field.is_custom else "system") in kinds)
        and (not ids or field.id in ids)
        and query in said(field.name, call.language).casefold()
    ]

    def shape(field: Field) -> dict[str, Any]:
        shown = {
            "id": field.id,
            "key": field.id,
            "name": said(field.name, call.language),
            "schema": catalog.schema(field),
        }
        if field.is_custom and field.is_searchable:
            shown["searcherKey"] = f"{catalog.CUSTOM}:{catalog.KINDS[field.kind][2]}"
        return shown

    return call.page(found, shape)


def contexts(call: "ApiCall", field: str) -> Response:
    """GET /field/{id}/context (Administer Jira)."""
    if not call.may("ADMINISTER"):
        raise call.error(403, "contexts_admin")
    found = call.site.fields.get(field)
    if found is None or not found.is_custom:
        raise call.error(404, "no_field")
    is_global = not found.only_in and not found.project
    context = {
        "id": str(int(found.id.removeprefix("customfield_")) + 1000),
        "name": "Default Configuration Scheme",
        "description": "",
        "isGlobalContext": is_global,
        "isAnyIssueType": True,
    }
    return call.page([context], lambda one: one)


def create(call: "ApiCall") -> Response:
    """POST /field: company-managed, on no screen yet."""
    given = call.body(NEW, ("name", "type"))
    if not call.may("ADMINISTER"):
        raise call.error(403, "permission")
    kind = str(given["type"]).removeprefix(f"{catalog.CUSTOM}:")
    searcher = str(given.get("searcherKey", "")).removeprefix(f"{catalog.CUSTOM}:")
    if kind not in catalog.KINDS or (searcher and searcher != catalog.KINDS[kind][2]):
        raise JiraError(400, errors={"searcherKey" if kind in catalog.KINDS else "type": "not valid"})
    field = add(call.site, given["name"], kind, is_searchable=bool(searcher))
    return call.answer(call.shapes.field(field), 201)


def add(site: Site, name: Words, kind: str, *, is_searchable: bool = True, project: str = "") -> Field:
    """A new custom field; `kind` as in catalog.KINDS. Raises ValueError for another one."""
    if kind not in catalog.KINDS:
        raise ValueError(f"A custom field is one of {', '.join(catalog.KINDS)}, not {kind!r}.")
    id = f"customfield_{site.next_id('field')}"
    site.fields[id] = Field(id, name, kind, is_custom=True, is_searchable=is_searchable, project=project)
    return site.fields[id]
