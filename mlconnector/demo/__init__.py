"""The demonstration: simulated Asana and DATEV on this machine, and the product between them."""
