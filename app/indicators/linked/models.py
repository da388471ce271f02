"""Links of indicators and tasks: a table."""

from datetime import datetime

from sqlalchemy import Index, false, text
from sqlmodel import Field, SQLModel


class TaskLink(SQLModel, table=True):
    """That a task is to move an indicator; of one alone it may take its percentage."""

    __tablename__ = "indicator_tasks"
    __table_args__ = (
        Index("uq_indicator_tasks_percent", "task_id", unique=True, sqlite_where=text("gives_percent"),
              postgresql_where=text("gives_percent")),
    )  # fmt: skip

    indicator_id: int = Field(foreign_key="indicators.id", primary_key=True)
    task_id: int = Field(foreign_key="tasks.id", primary_key=True, index=True)
    gives_percent: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    at: datetime
    by: str = Field(max_length=160)
