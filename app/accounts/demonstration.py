"""The fixed accounts of the demonstration, whose password everybody is shown."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from app.accounts import passwords
from app.accounts.models import User
from app.accounts.passwords import NewPassword
from app.accounts.rules import Role
from app.accounts.users import create_user
from app.units import service as units

PASSWORD = "tiendo57-demo"  # shown on the sign-in page; good only in demonstration mode


@dataclass(frozen=True)
class DemoAccount:
    """One account a role."""

    user_name: str
    label: str
    role: Role
    unit_code: str | None


ACCOUNTS = (
    DemoAccount("canbo", "Chuyên viên Một cửa phường Thuận Hóa", Role.ward_officer, "19789"),
    DemoAccount("lanhdao.phuong", "Lãnh đạo UBND phường Thuận Hóa", Role.ward_leader, "19789"),
    DemoAccount("chuyenvien.so", "Chuyên viên Sở Khoa học và Công nghệ", Role.department_officer, "SO-KHCN"),
    DemoAccount("tonghop", "Chuyên viên tổng hợp thành phố", Role.city_analyst, None),
    DemoAccount("lanhdao", "Lãnh đạo UBND thành phố", Role.leader, None),
    DemoAccount("quantri", "Quản trị hệ thống", Role.administrator, None),
)


def demo_accounts(session: Session, now: datetime) -> list[DemoAccount]:
    """Make the accounts that are not there yet and return all of them; called in demonstration mode only."""
    there = set(session.scalars(select(col(User.user_name)).where(col(User.demonstration))))
    for account in ACCOUNTS:
        if account.user_name not in there:
            create_user(
                session,
                user_name=account.user_name,
                label=account.label,
                role=account.role,
                unit_id=units.by_code(session, account.unit_code).id if account.unit_code else None,
                now=now,
                password=NewPassword(passwords.hash_password(PASSWORD), None),
                demonstration=True,
            )
    return list(ACCOUNTS)
