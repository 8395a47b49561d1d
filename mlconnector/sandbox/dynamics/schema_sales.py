"""Invoices, orders, customers, currencies, products.

Source: table reference of invoice and invoicedetail, CDM definitions (read 2026-11).
"""

from mlconnector.sandbox.dynamics import choices
from mlconnector.sandbox.dynamics.tables import (
    Column,
    Table,
    Way,
    choice,
    computed,
    day,
    decimal,
    flag,
    integer,
    local_day,
    lookup,
    memo,
    money,
    table,
    text,
    texts,
)

LARGE = "1000000000000"
RATE = ("0.0000000001", "100000000000")
# Statuscode by statecode of tables that are active or inactive.
PLAIN = {0: 1, 1: 2}


def _address(kind: str, composite: bool = True) -> list[Column]:
    lines = [f"{kind}_line{number}" for number in (1, 2, 3)]
    found = [text(f"{kind}_name", 200), *texts(250, *lines), text(f"{kind}_postalcode", 20)]
    found += [text(f"{kind}_city", 80), text(f"{kind}_stateorprovince", 50), text(f"{kind}_country", 80)]
    if composite:
        found += texts(50, f"{kind}_telephone", f"{kind}_fax")
        found.append(memo(f"{kind}_composite", 1000, is_read_only=True))
    return found


def _currency(is_create_only: bool = False) -> list[Column]:
    return [
        lookup("transactioncurrencyid", "transactioncurrency", is_create_only=is_create_only),
        decimal("exchangerate", *RATE, is_read_only=True),
    ]


def _head(number: str) -> list[Column]:
    """What invoices and orders share."""
    return [
        text(number, 100, is_required=True, is_create_only=True),
        text("name", 300, is_required=True),
        memo("description"),
        lookup("customerid", "account", "contact", is_required=True),
        lookup("accountid", "account", is_read_only=True),
        lookup("contactid", "contact", is_read_only=True),
        *_currency(is_create_only=True),
        lookup("pricelevelid", "pricelevel"),
        lookup("opportunityid", "opportunity"),
        *_address("billto"),
        *_address("shipto"),
        text("emailaddress", 100),
        *money("discountamount", "0", LARGE),
        decimal("discountpercentage", "0", "100", 2),
        *money("freightamount", "0", LARGE),
        *computed("totallineitemamount", "totaldiscountamount", "totallineitemdiscountamount"),
        *computed("totalamountlessfreight", "totaltax", "totalamount"),
        flag("ispricelocked", is_read_only=True),
        flag("willcall"),
        choice("paymenttermscode", choices.PAYMENT_TERMS),
        choice("shippingmethodcode", choices.SHIPPING),
        choice("pricingerrorcode", choices.PRICING_ERRORS, is_read_only=True),
        local_day("lastbackofficesubmit"),
    ]


def _line(parent: str) -> list[Column]:
    """What the lines of invoices and orders share."""
    return [
        text(f"{parent}detailname", 100),
        integer("lineitemnumber", "0", "1000000000"),
        integer("sequencenumber"),
        flag("isproductoverridden"),
        flag("ispriceoverridden"),
        text("productdescription", 500),
        text("productname", 500),
        lookup("productid", "product"),
        lookup("uomid", "uom"),
        memo("description"),
        decimal("quantity", "-100000000000", "100000000000", is_required=True),
        *money("priceperunit", precision="organization"),
        *money("volumediscountamount", "0", precision="organization", is_read_only=True),
        *money("manualdiscountamount", "0", LARGE),
        *money("tax", f"-{LARGE}", LARGE),
        *computed("baseamount", "extendedamount"),
        *_currency(),
        choice("producttypecode", choices.PRODUCT_KINDS),
        choice("pricingerrorcode", choices.PRICING_ERRORS, is_read_only=True),
        *_address("shipto", composite=False),
        text("shipto_telephone", 50),
        text("shipto_fax", 50),
    ]


def _person_or_company(name: str) -> list[Column]:
    """What accounts and contacts share."""
    return [
        *_address("address1", composite=False),
        *texts(50, "address1_telephone1", "address1_fax"),
        text("address1_postofficebox", 20),
        memo("address1_composite", 1000, is_read_only=True),
        *texts(100, "emailaddress1", "emailaddress2", "emailaddress3"),
        *texts(50, "telephone1", "telephone2", "fax"),
        text("websiteurl", 200),
        memo("description"),
        choice("paymenttermscode", choices.PAYMENT_TERMS),
        *money("creditlimit", "0", "100000000000000"),
        flag("creditonhold"),
        *_currency(),
        lookup("masterid", name, is_read_only=True),
        flag("merged", is_read_only=True),
        *_states(),
    ]


def _states() -> list[Column]:
    return [
        choice("statecode", choices.PLAIN_STATES, "state"),
        choice("statuscode", choices.PLAIN_STATUSES, "status"),
    ]


def sales_tables() -> list[Table]:
    return [
        table(
            "invoice",
            "invoices",
            "Invoice",
            1090,
            [
                *_head("invoicenumber"),
                day("duedate"),
                local_day("datedelivered"),
                lookup("salesorderid", "salesorder"),
                choice("statecode", choices.INVOICE_STATES, "state"),
                choice("statuscode", choices.INVOICE_STATUSES, "status"),
            ],
            ways=[
                Way("invoice_details", "invoicedetail", "invoiceid", is_collection=True),
                Way("Invoice_Annotation", "annotation", "objectid", is_collection=True),
            ],
            is_tracked=True,
            default_status={0: 1, 2: 100001, 3: 100003},
        ),
        table(
            "invoicedetail",
            "invoicedetails",
            "Invoice",
            1091,
            [
                *_line("invoice"),
                lookup("invoiceid", "invoice", is_required=True),
                lookup("salesorderdetailid", "salesorderdetail"),
                lookup("parentbundleidref", "invoicedetail"),
                local_day("actualdeliveryon"),
                choice("invoicestatecode", choices.INVOICE_STATES, is_read_only=True),
                flag("invoiceispricelocked", is_read_only=True),
            ],
            title="invoicedetailname",
            is_tracked=True,
        ),
        table(
            "salesorder",
            "salesorders",
            "SalesOrder",
            1088,
            [
                *_head("ordernumber"),
                local_day("requestdeliveryby"),
                local_day("datefulfilled"),
                choice("statecode", choices.ORDER_STATES, "state"),
                choice("statuscode", choices.ORDER_STATUSES, "status"),
            ],
            ways=[
                Way("order_details", "salesorderdetail", "salesorderid", is_collection=True),
                Way("order_invoices", "invoice", "salesorderid", is_collection=True),
            ],
            is_tracked=True,
            default_status={0: 1, 1: 3, 2: 4, 3: 100001, 4: 100003},
        ),
        table(
            "salesorderdetail",
            "salesorderdetails",
            "SalesOrder",
            1089,
            [*_line("salesorder"), lookup("salesorderid", "salesorder", is_required=True)],
            title="salesorderdetailname",
        ),
        table(
            "account",
            "accounts",
            "Account",
            1,
            [
                text("name", 160, is_required=True),
                text("accountnumber", 20),
                *_person_or_company("account"),
                lookup("parentaccountid", "account"),
                lookup("primarycontactid", "contact"),
                choice("customertypecode", choices.CUSTOMER_TYPES),
            ],
            ways=[
                Way("invoice_customer_accounts", "invoice", "customerid", is_collection=True),
                Way("Account_Annotation", "annotation", "objectid", is_collection=True),
            ],
            is_tracked=True,
            default_status=PLAIN,
        ),
        table(
            "contact",
            "contacts",
            "Contact",
            2,
            [
                *texts(50, "firstname", "middlename"),
                text("lastname", 50, is_required=True),
                text("fullname", 160, is_read_only=True),
                *texts(100, "salutation", "jobtitle"),
                text("mobilephone", 50),
                *_person_or_company("contact"),
                lookup("parentcustomerid", "account", "contact"),
            ],
            title="fullname",
            ways=[
                Way("invoice_customer_contacts", "invoice", "customerid", is_collection=True),
                Way("Contact_Annotation", "annotation", "objectid", is_collection=True),
            ],
            is_tracked=True,
            default_status=PLAIN,
        ),
        table(
            "transactioncurrency",
            "transactioncurrencies",
            "TransactionCurrency",
            9105,
            [
                text("isocurrencycode", 5, is_required=True, is_create_only=True),
                text("currencyname", 100, is_required=True),
                text("currencysymbol", 10, is_required=True),
                integer("currencyprecision", "0", "4", is_required=True),
                decimal("exchangerate", *RATE, is_required=True),
                *_states(),
            ],
            title="currencyname",
            is_owned=False,
            default_status=PLAIN,
        ),
        table(
            "product",
            "products",
            "Product",
            1024,
            [
                text("name", 100, is_required=True),
                text("productnumber", 100, is_required=True),
                memo("description"),
                choice("producttypecode", choices.SALES_KINDS),
                choice("productstructure", choices.PRODUCT_KINDS[:2]),
                *money("price", "0"),
                *_currency(),
                choice("statecode", choices.PRODUCT_STATES, "state"),
                choice("statuscode", choices.PRODUCT_STATUSES, "status"),
            ],
            is_owned=False,
            is_tracked=True,
            default_status={0: 1, 1: 2, 2: 0, 3: 3},
        ),
    ]
