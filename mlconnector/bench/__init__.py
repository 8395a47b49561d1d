"""`manage.py bench`: what a record, a webhook and a large file cost, measured on databases of its own."""
