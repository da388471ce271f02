"""Links of indicators and tasks: a table."""

from datetime import datetime

from sqlalchemy import false
from sqlmodel import Field, SQLModel


class TaskLink(SQLModel, table=True):
    """That a task is to move an indicator; of one alone it may take its percentage."""

    __tablename__ = "indicator_tasks"

    indicator_id: int = Field(foreign_key="indicators.id", primary_key=True)
    task_id: int = Field(foreign_key="tasks.id", primary_key=True, index=True)
    gives_percent: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    at: datetime
    by: str = Field(max_length=160)
