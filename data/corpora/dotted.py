"""Dotted names: values deep inside a row of JSON."""


def find(row: object, dotted: str) -> object:
    """The value at a dotted name; None where the row doesn't have it."""
    for part in dotted.split("."):
        if isinstance(row, dict):
            row = row.get(part)
        elif isinstance(row, list) and part.isdigit() and int(part) < len(row):
            row = row[int(part)]
        else:
            return None
    return row
