"""What a store knows of itself: its token, and whether somebody has written and not closed it."""

from sqlalchemy import Connection, select

from .schema import marks


def read_mark(connection: Connection, name: str) -> str | None:
    """What is noted under this name."""
    query = select(marks.c.value).where(marks.c.name == name)
    return connection.execute(query).scalar_one_or_none()
