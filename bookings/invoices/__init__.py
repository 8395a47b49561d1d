"""Outgoing invoices as pure data: which tax case a line is, and which posting rows an invoice becomes."""
