"""What a store knows of itself: its token, and whether somebody has written and not closed it."""

from sqlalchemy import Connection, delete, insert, select

from .schema import marks


def read_mark(connection: Connection, name: str) -> str | None:
    """What is noted under this name."""
    query = select(marks.c.value).where(marks.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def write_mark(connection: Connection, name: str, value: str) -> None:
    """Note a value under this name, in place of the one before."""
    connection.execute(delete(marks).where(marks.c.name == name))
    connection.execute(insert(marks), {"name": name, "value": value})
