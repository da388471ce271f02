"""Links of indicators and tasks: a table."""

from datetime import datetime

from sqlmodel import Field, SQLModel


class TaskLink(SQLModel, table=True):
    """That a task is to move an indicator."""

    __tablename__ = "indicator_tasks"

    indicator_id: int = Field(foreign_key="indicators.id", primary_key=True)
    task_id: int = Field(foreign_key="tasks.id", primary_key=True, index=True)
    at: datetime
    by: str = Field(max_length=160)
