"""Rules for business partners, accounts, cost centers, items and documents."""

import base64
import binascii
from collections.abc import Collection
from typing import TYPE_CHECKING

from mlconnector.sandbox.exact import catalogue
from mlconnector.sandbox.exact.errors import Refused
from mlconnector.sandbox.exact.rules import RULES, Rules
from mlconnector.sandbox.exact.state import Row

if TYPE_CHECKING:
    from mlconnector.sandbox.exact.books import Books

# Source: crm/Accounts, Code: "fixed length numeric string with leading spaces, length 18" (read 2022-06).
ACCOUNT_CODE_LENGTH = 18


def check_code(books: "Books", row: Row, names: Collection[str]) -> None:
    """A code is there once in a division."""
    same = books.state.by(row.division, row.entity.path, "Code", row["Code"])
    if "Code" in names and same is not None and same.id != row.id:
        raise Refused("exists", "Code")


def fill_account(books: "Books", account: Row) -> None:
    values = account.values
    code = (values["Code"] or "").strip() or str(books.state.count_up(account.division, "account", 1))
    values["Code"] = code.rjust(ACCOUNT_CODE_LENGTH)
    values["Type"] = values["Type"] or "A"


def check_account(books: "Books", account: Row, names: Collection[str]) -> None:
    code = account["Code"].strip()
    if not code.isdigit() or len(code) > ACCOUNT_CODE_LENGTH:
        raise Refused("invalid", "Code")
    account.values["Code"] = code.rjust(ACCOUNT_CODE_LENGTH)
    check_code(books, account, names)


def fill_gl_account(books: "Books", account: Row) -> None:
    values = account.values
    values["BalanceType"] = values["BalanceType"] or "W"
    values["BalanceSide"] = values["BalanceSide"] or "D"
    values["Type"] = 110 if values["Type"] is None else values["Type"]


def check_gl_account(books: "Books", account: Row, names: Collection[str]) -> None:
    if account["BalanceType"] not in ("B", "W"):
        raise Refused("invalid", "BalanceType")
    check_code(books, account, names)


def guard_cost_code(books: "Books", row: Row, names: Collection[str]) -> None:
    if "Code" in names:
        raise Refused("fixed", "Code")


def fill_item(books: "Books", item: Row) -> None:
    item.values["Unit"] = item["Unit"] or ("hour" if item["IsTime"] else "pc")
    item.values["StartDate"] = item["StartDate"] or books.today()


def fill_document(books: "Books", document: Row) -> None:
    document.values["HID"] = document["HID"] or books.state.count_up(document.division, "document", 1)
    document.values["DocumentDate"] = document["DocumentDate"] or books.today()


def check_attachment(books: "Books", attachment: Row, names: Collection[str]) -> None:
    if books.state.get(attachment.division, catalogue.DOCUMENTS, attachment["Document"]) is None:
        raise Refused("unknown", "Document")
    try:
        base64.b64decode(attachment["Attachment"], validate=True)
    except binascii.Error:
        raise Refused("invalid", "Attachment") from None


def settle_attachment(books: "Books", attachment: Row) -> None:
    values = attachment.values
    values["FileSize"] = len(base64.b64decode(values["Attachment"]))
    values["Url"] = f"{books.sim.base_url}/docs/SysAttachment.aspx?ID={attachment.id}"


RULES.update(
    {
        catalogue.ACCOUNTS: Rules(fill_account, check_account),
        catalogue.GL_ACCOUNTS: Rules(fill_gl_account, check_gl_account),
        catalogue.COST_CENTERS: Rules(check=check_code, guard_change=guard_cost_code),
        catalogue.COST_UNITS: Rules(check=check_code, guard_change=guard_cost_code),
        catalogue.ITEMS: Rules(fill_item, check_code),
        catalogue.DOCUMENTS: Rules(fill_document),
        catalogue.ATTACHMENTS: Rules(check=check_attachment, settle=settle_attachment),
    }
)
