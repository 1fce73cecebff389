"""A small HTTP shop on SQLite and a folder of uploads, with the standard library only."""
