"""How programs hand in files: an authenticated call, and a question about what became of one."""
