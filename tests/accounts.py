"""What the tests of accounts share: accounts with a known password, and browsers that nobody has signed in."""

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import FastAPI
from sqlmodel import Session
from starlette.testclient import TestClient

from app.accounts import passwords
from app.accounts.models import User
from app.accounts.passwords import NewPassword
from app.accounts.users import create_user
from app.core import audit
from app.units.service import by_code
from tests.support.clients import Client

PASSWORD = "một câu dài, dễ nhớ"
HASH = passwords.hash_password(PASSWORD)
WARD = "19789"
Result = TypeVar("Result")


def write(app: FastAPI, work: Callable[[Session], Result]) -> Result:
    """Do work in a transaction of its own, as the command line does."""
    with app.state.database.write() as session:
        session.info["audit_context"] = audit.Context(
            at=app.state.clock.now(), user_id=None, user_name="test", door="command"
        )
        return work(session)


def read(app: FastAPI, work: Callable[[Session], Result]) -> Result:
    """Look something up in the database."""
    with app.state.database.read() as session:
        return work(session)


def make_user(
    app: FastAPI, user_name: str, role: str = "ward_officer", unit: str | None = WARD, *, demonstration: bool = False
) -> int:
    """Make an account with the known password and return its number."""

    def work(session: Session) -> int:
        user = create_user(
            session,
            user_name=user_name,
            label=f"Chức danh {user_name}",
            role=role,
            unit_id=by_code(session, unit).id if unit else None,
            now=app.state.clock.now(),
            password=NewPassword(HASH, None),
            demonstration=demonstration,
        )
        return user.id

    return write(app, work)


def change_user(app: FastAPI, user_id: int, **values: Any) -> None:
    """Change an account behind the application's back."""

    def work(session: Session) -> None:
        user = session.get_one(User, user_id)
        for name, value in values.items():
            setattr(user, name, value)

    write(app, work)


def browser(app: FastAPI, base_url: str = "https://testserver") -> TestClient:
    """Return a browser that nobody has signed in."""
    return Client(app, base_url=base_url, follow_redirects=False)


def sign_in(client: TestClient, user_name: str, password: str = PASSWORD, **fields: str) -> Any:
    """Send the sign-in form."""
    return client.post("/sign-in", data={"user_name": user_name, "password": password, **fields})


def signed_in(app: FastAPI, user_name: str, **fields: str) -> TestClient:
    """Return a browser signed in with the known password."""
    client = browser(app)
    answer = sign_in(client, user_name, **fields)
    assert answer.status_code == 303, answer.text
    return client


def is_signed_in(client: TestClient) -> bool:
    """Tell whether a browser's session is good."""
    answer = client.get("/sessions")
    assert answer.status_code in (200, 303), answer.text
    return answer.status_code == 200


def settings(app: FastAPI, **values: Any) -> None:
    """Change the installation's settings."""
    app.state.settings = app.state.settings.model_copy(update=values)
