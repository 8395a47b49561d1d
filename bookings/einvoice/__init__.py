"""E-invoices (ZUGFeRD/Factur-X, XRechnung): read, and compared with what is to be booked."""
