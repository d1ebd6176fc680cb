"""Sources: everything that comes in. Feeds and pages are fetched politely, read in a sandbox, and cleaned once."""
