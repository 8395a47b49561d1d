"""Files that were made elsewhere: read, checked as far as they allow, corrected, and sent as they are."""
