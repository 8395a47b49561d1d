"""Choice values with their labels. Source: CDM definitions of the tables, table reference (read 2026-11);
the German labels are of this project's making.
"""

from mlconnector.sandbox.dynamics.tables import Choice

INVOICE_STATES = (
    Choice(0, "Active", "Aktiv"),
    Choice(1, "Closed (deprecated)", "Geschlossen (veraltet)"),
    Choice(2, "Paid", "Bezahlt"),
    Choice(3, "Canceled", "Storniert"),
)
INVOICE_STATUSES = (
    Choice(1, "New", "Neu", 0),
    Choice(2, "Partially Shipped", "Teilweise geliefert", 0),
    Choice(4, "Billed", "Fakturiert", 0),
    Choice(5, "Booked (applies to services)", "Gebucht (für Dienstleistungen)", 0),
    Choice(6, "Installed (applies to services)", "Installiert (für Dienstleistungen)", 0),
    Choice(3, "Canceled (deprecated)", "Storniert (veraltet)", 1),
    Choice(7, "Paid in Full (deprecated)", "Vollständig bezahlt (veraltet)", 1),
    Choice(100001, "Complete", "Vollständig", 2),
    Choice(100002, "Partial", "Teilweise", 2),
    Choice(100003, "Canceled", "Storniert", 3),
)
ORDER_STATES = (
    Choice(0, "Active", "Aktiv"),
    Choice(1, "Submitted", "Übermittelt"),
    Choice(2, "Canceled", "Storniert"),
    Choice(3, "Fulfilled", "Erfüllt"),
    Choice(4, "Invoiced", "Berechnet"),
)
ORDER_STATUSES = (
    Choice(1, "New", "Neu", 0),
    Choice(2, "Pending", "Ausstehend", 0),
    Choice(3, "In Progress", "In Bearbeitung", 1),
    Choice(4, "No Money", "Kein Geld", 2),
    Choice(100001, "Complete", "Vollständig", 3),
    Choice(100002, "Partial", "Teilweise", 3),
    Choice(100003, "Invoiced", "Berechnet", 4),
)
PLAIN_STATES = (Choice(0, "Active", "Aktiv"), Choice(1, "Inactive", "Inaktiv"))
PLAIN_STATUSES = (Choice(1, "Active", "Aktiv", 0), Choice(2, "Inactive", "Inaktiv", 1))
STEP_STATES = (Choice(0, "Enabled", "Aktiviert"), Choice(1, "Disabled", "Deaktiviert"))
STEP_STATUSES = (Choice(1, "Enabled", "Aktiviert", 0), Choice(2, "Disabled", "Deaktiviert", 1))
PAYMENT_TERMS = (
    Choice(1, "Net 30", "30 Tage netto"),
    Choice(2, "2% 10, Net 30", "2 % 10 Tage, 30 Tage netto"),
    Choice(3, "Net 45", "45 Tage netto"),
    Choice(4, "Net 60", "60 Tage netto"),
)
CUSTOMER_TYPES = (
    Choice(1, "Competitor", "Mitbewerber"),
    Choice(2, "Consultant", "Berater"),
    Choice(3, "Customer", "Kunde"),
    Choice(4, "Investor", "Investor"),
    Choice(5, "Partner", "Partner"),
    Choice(6, "Influencer", "Einflussnehmer"),
    Choice(7, "Press", "Presse"),
    Choice(8, "Prospect", "Interessent"),
    Choice(9, "Reseller", "Wiederverkäufer"),
    Choice(10, "Supplier", "Lieferant"),
    Choice(11, "Vendor", "Händler"),
    Choice(12, "Other", "Sonstiges"),
)
PRICING_ERRORS = (
    Choice(0, "None", "Keine"),
    Choice(1, "Detail Error", "Fehler in den Details"),
    Choice(2, "Missing Price Level", "Preisliste fehlt"),
    Choice(4, "Missing Quantity", "Menge fehlt"),
    Choice(5, "Missing Unit Price", "Preis pro Einheit fehlt"),
)
PRODUCT_KINDS = (
    Choice(1, "Product", "Produkt"),
    Choice(2, "Bundle", "Bündel"),
    Choice(3, "Required Bundle Product", "Erforderliches Bündelprodukt"),
    Choice(4, "Optional Bundle Product", "Optionales Bündelprodukt"),
    Choice(5, "Project-based Service", "Projektbasierter Service"),
)
SALES_KINDS = (
    Choice(1, "Sales Inventory", "Verkaufsbestand"),
    Choice(2, "Miscellaneous Charges", "Verschiedene Gebühren"),
    Choice(3, "Services", "Dienstleistungen"),
    Choice(4, "Flat Fees", "Pauschalen"),
)
PRODUCT_STATES = (
    Choice(0, "Active", "Aktiv"),
    Choice(1, "Retired", "Eingestellt"),
    Choice(2, "Draft", "Entwurf"),
    Choice(3, "Under Revision", "In Überarbeitung"),
)
PRODUCT_STATUSES = (
    Choice(1, "Active", "Aktiv", 0),
    Choice(2, "Retired", "Eingestellt", 1),
    Choice(0, "Draft", "Entwurf", 2),
    Choice(3, "Under Revision", "In Überarbeitung", 3),
)
SHIPPING = (
    Choice(1, "Airborne", "Luftfracht"),
    Choice(2, "DHL", "DHL"),
    Choice(3, "FedEx", "FedEx"),
    Choice(4, "UPS", "UPS"),
    Choice(5, "Postal Mail", "Post"),
    Choice(6, "Full Load", "Komplettladung"),
    Choice(7, "Will Call", "Abholung"),
)
CONTRACTS = tuple(
    Choice(value, name, name)
    for value, name in (
        (1, "OneWay"),
        (2, "Queue"),
        (3, "Rest"),
        (4, "TwoWay"),
        (5, "Topic"),
        (6, "Queue (Persistent)"),
        (7, "Event Hub"),
        (8, "Webhook"),
        (9, "Event Grid"),
        (10, "Managed Data Lake"),
    )
)
AUTH_TYPES = tuple(
    Choice(value, name, name)
    for value, name in (
        (1, "ACS"),
        (2, "SAS Key"),
        (3, "SAS Token"),
        (4, "Webhook Key"),
        (5, "Http Header"),
        (6, "Http Query String"),
    )
)
MESSAGE_FORMATS = (
    Choice(1, "Binary XML", "Binäres XML"),
    Choice(2, "Json", "Json"),
    Choice(3, "Text XML", "XML"),
)
JOB_STATES = (
    Choice(0, "Ready", "Bereit"),
    Choice(1, "Suspended", "Angehalten"),
    Choice(2, "Locked", "Gesperrt"),
    Choice(3, "Completed", "Abgeschlossen"),
)
JOB_STATUSES = (
    Choice(0, "Waiting For Resources", "Warten auf Ressourcen", 0),
    Choice(10, "Waiting", "Wartet", 1),
    Choice(20, "In Progress", "In Bearbeitung", 2),
    Choice(30, "Succeeded", "Erfolgreich", 3),
    Choice(31, "Failed", "Fehler", 3),
    Choice(32, "Canceled", "Abgebrochen", 3),
)
