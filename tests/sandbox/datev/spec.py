"""DATEV's OpenAPI files for the addresses of the simulator, and where it knowingly differs from them."""

from __future__ import annotations

from tests.contract import Contract, Deviation, spec_file

FILES = {
    "clients": "accounting-clients-2.0.json",
    "documents": "accounting_documents-2.1.12.json",
    "extf": "accounting_extf-files-3.0.1.json",
    "dxso": "accounting_dxso-jobs-2.1.7.json",
}
# Where the simulator knowingly answers what the files do not list.
DEVIATIONS = (
    Deviation("*", "status 401 is not listed", "an expired token is answered by the gateway before any API"),
    Deviation("*", "status 429 is not listed", "no rate limit is published, working clients handle 429"),
    Deviation(
        "POST /clients/{client-id}/extf-files/import",
        "status 409 is not listed",
        "refusing a known file name is not documented; a switch that is off by default",
    ),
    Deviation(
        "POST /clients/{client-id}/dxso-jobs",
        "$.accounting_month",
        "the file calls it a date, while its own text and example have a month alone (2025-05)",
    ),
)


def contract(api: str) -> Contract:
    version = "v3" if api == "extf" else "v2"
    return Contract(
        spec_file("datev", FILES[api]),
        prefixes=(f"/{api}/platform/{version}", f"/{api}/platform-sandbox/{version}"),
        deviations=DEVIATIONS,
    )
