"""Notes, users, webhook registration and other tables of the platform, and all tables together.

Source: reference of annotation, serviceendpoint, sdkmessageprocessingstep, asyncoperation (read 2026-11).
"""

from mlconnector.sandbox.dynamics import choices
from mlconnector.sandbox.dynamics.schema_sales import PLAIN, sales_tables
from mlconnector.sandbox.dynamics.tables import (
    Column,
    Table,
    Way,
    choice,
    flag,
    integer,
    lookup,
    memo,
    moment,
    table,
    text,
)

LONGEST_TEXT = 1_073_741_823


def platform_tables() -> list[Table]:
    return [
        table(
            "annotation",
            "annotations",
            "Note",
            5,
            [
                text("subject", 500),
                memo("notetext", 100_000),
                text("filename", 255),
                text("mimetype", 256),
                integer("filesize", "0", "1000000000", is_read_only=True),
                flag("isdocument"),
                Column("documentbody", "string", LONGEST_TEXT, is_heavy=True),
                lookup("objectid", "invoice", "account", "contact", "salesorder"),
                text("objecttypecode", 64, is_read_only=True),
            ],
            title="subject",
        ),
        table(
            "organization",
            "organizations",
            "Organization",
            1019,
            [
                text("name", 160),
                lookup("basecurrencyid", "transactioncurrency", is_read_only=True),
                integer("maxuploadfilesize", "1", "131072000"),
                integer("expirechangetrackingindays", "0", "365"),
                integer("pricingdecimalprecision", "0", "10"),
                integer("currencydecimalprecision", "0", "4"),
                integer("languagecode"),
                flag("oobpricecalculationenabled"),
                text("blockedattachments", 4000),
            ],
            is_owned=False,
        ),
        table(
            "systemuser",
            "systemusers",
            "User",
            8,
            [
                text("fullname", 200),
                text("domainname", 1024),
                text("internalemailaddress", 100),
                Column("applicationid", "uuid"),
                Column("azureactivedirectoryobjectid", "uuid"),
                flag("isdisabled"),
                lookup("businessunitid", "businessunit"),
            ],
            title="fullname",
            is_owned=False,
        ),
        table("businessunit", "businessunits", "BusinessUnit", 10, [text("name", 160)], is_owned=False),
        table(
            "serviceendpoint",
            "serviceendpoints",
            "ServiceEndpoint",
            4618,
            [
                text("name", 256, is_required=True),
                text("url", 2000),
                choice("contract", choices.CONTRACTS, is_required=True),
                choice("authtype", choices.AUTH_TYPES, is_required=True),
                choice("messageformat", choices.MESSAGE_FORMATS),
                text("authvalue", 2048, is_write_only=True),
                flag("isauthvalueset", is_read_only=True),
                text("description", 256),
            ],
            ways=[
                Way(
                    "serviceendpoint_sdkmessageprocessingstep",
                    "sdkmessageprocessingstep",
                    "eventhandler",
                    is_collection=True,
                )
            ],
            is_owned=False,
        ),
        table(
            "sdkmessageprocessingstep",
            "sdkmessageprocessingsteps",
            "SdkMessageProcessingStep",
            4608,
            [
                text("name", 256),
                integer("mode", "0", "1"),
                integer("stage", "0", "100"),
                integer("rank"),
                integer("supporteddeployment", "0", "2"),
                flag("asyncautodelete"),
                memo("filteringattributes", 100_000),
                text("description", 256),
                # Two kinds of handler, so the navigation property is eventhandler_serviceendpoint.
                lookup("eventhandler", "serviceendpoint", "plugintype"),
                lookup("sdkmessageid", "sdkmessage"),
                lookup("sdkmessagefilterid", "sdkmessagefilter"),
                choice("statecode", choices.STEP_STATES, "state"),
                choice("statuscode", choices.STEP_STATUSES, "status"),
            ],
            is_owned=False,
            default_status=PLAIN,
        ),
        table("sdkmessage", "sdkmessages", "SdkMessage", 4606, [text("name", 256)], is_owned=False),
        table(
            "sdkmessagefilter",
            "sdkmessagefilters",
            "SdkMessageFilter",
            4607,
            [
                text("primaryobjecttypecode", 64),
                text("secondaryobjecttypecode", 64),
                flag("iscustomprocessingstepallowed"),
                lookup("sdkmessageid", "sdkmessage"),
            ],
            title="primaryobjecttypecode",
            is_owned=False,
        ),
        table(
            "asyncoperation",
            "asyncoperations",
            "AsyncOperation",
            4700,
            [
                text("name", 256),
                memo("message", LONGEST_TEXT),
                text("messagename", 160),
                integer("errorcode"),
                integer("operationtype"),
                lookup("regardingobjectid", "invoice", "invoicedetail", "account", "contact", "salesorder"),
                lookup("owningextensionid", "sdkmessageprocessingstep"),
                moment("completedon"),
                choice("statecode", choices.JOB_STATES, "state"),
                choice("statuscode", choices.JOB_STATUSES, "status"),
            ],
            default_status={3: 30},
        ),
        table(
            "sharepointdocumentlocation",
            "sharepointdocumentlocations",
            "SharePointDocumentLocation",
            9508,
            [
                text("name", 160),
                text("relativeurl", 255),
                text("absoluteurl", 2000),
                lookup("regardingobjectid", "invoice", "account", "contact", "salesorder"),
                lookup("parentsiteorlocation", "sharepointdocumentlocation", "sharepointsite"),
            ],
        ),
        table(
            "documenttemplate",
            "documenttemplates",
            "DocumentTemplate",
            9940,
            [
                text("name", 160),
                integer("documenttype"),
                text("associatedentitytypecode", 64),
                flag("status"),
                integer("languagecode"),
            ],
            is_owned=False,
        ),
    ]


def all_tables() -> dict[str, Table]:
    return {one.name: one for one in [*sales_tables(), *platform_tables()]}
