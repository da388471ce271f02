"""Accounts: made, changed, disabled, given a password."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.accounts import passwords
from app.accounts.models import User, UserEdit, UserOut, UserPage
from app.accounts.passwords import NewPassword
from app.accounts.rules import DEPARTMENT_KINDS, PEOPLE, UNIT_ROLES, USER_NAME, WARD_KINDS, Role, fold_user_name
from app.accounts.sessions import end_sessions
from app.core import audit
from app.core.access import Caller
from app.core.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from app.core.paging import Page, cut
from app.core.search import column_has_words
from app.core.text import search_key
from app.units import service as units
from app.units.models import Unit


def create_user(
    session: Session,
    caller: Caller | None = None,
    *,
    user_name: str,
    label: str,
    role: Role | str,
    unit_id: int | None,
    now: datetime,
    password: str | NewPassword | None = None,
    min_length: int = 12,
    demonstration: bool = False,
) -> User:
    """Make an account; without a password nobody signs in with it.

    Raises Invalid for a name that is taken or not a name, a unit that does not fit the role, a bad password.
    """
    name, role = fold_user_name(user_name), as_role(role)
    if isinstance(password, str):
        password = passwords.prepare(password, user_name=name, min_length=min_length)
    faults = _unit_faults(session, role, unit_id)
    if not USER_NAME.fullmatch(name):
        faults.append(Fault("/user_name", "bad_user_name"))
    elif session.execute(select(col(User.id)).where(col(User.user_name) == name)).first():
        faults.append(Fault("/user_name", "user_name_taken"))
    if password and password.fault:
        faults.append(password.fault)
    if faults:
        raise Invalid(faults)
    user = User(
        user_name=name,
        label=label,
        search=_search(name, label),
        role=role.value,
        unit_id=unit_id,
        password_hash=password.hash if password else None,
        demonstration=demonstration or (caller is not None and caller.demonstration),
        created_at=now,
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError:  # somebody else took the name in the same moment
        raise Invalid([Fault("/user_name", "user_name_taken")]) from None
    audit.record(session, "user.created", f"users/{user.id}", after=told(session, user))
    return user


def is_as_given(user: User, given: UserEdit, unit_id: int | None) -> bool:
    """Tell whether an account is already what it is asked to become."""
    return (user.label, user.role, user.unit_id) == (given.label, given.role.value, unit_id)


def edit_user(session: Session, caller: Caller, *, user: User, given: UserEdit, unit_id: int | None) -> None:
    """Change an account's words, role and unit."""
    faults = _unit_faults(session, given.role, unit_id)
    if faults:
        raise Invalid(faults)
    before = told(session, user)
    if user.id == caller.id and given.role != user.role:
        raise Conflict("own_account")
    user.label, user.role, user.unit_id = given.label, given.role.value, unit_id
    user.search = _search(user.user_name, user.label)
    user.version += 1
    session.flush()
    audit.record(session, "user.updated", f"users/{user.id}", before=before, after=told(session, user))


def disable_user(session: Session, caller: Caller, *, user: User, reason: str, now: datetime) -> None:
    """Close an account at once: its sessions end, its own tokens stand for nobody."""
    if user.id == caller.id:
        raise Conflict("own_account")
    if user.disabled_at is None:
        user.disabled_at = now
        user.version += 1
        session.flush()
        audit.record(session, "user.disabled", f"users/{user.id}", before={"user_name": user.user_name}, reason=reason)
    end_sessions(session, user.id)


def enable_user(session: Session, caller: Caller, *, user: User) -> None:
    """Open a closed account again; who signed in before signs in anew."""
    if user.disabled_at is not None:
        user.disabled_at = None
        user.version += 1
        session.flush()
        audit.record(session, "user.enabled", f"users/{user.id}", after={"user_name": user.user_name})


def set_password(session: Session, caller: Caller, *, user: User, password: NewPassword) -> None:
    """Give an account a new password and end its sessions, but for the one that asks for its own."""
    if caller.demonstration and not user.demonstration:
        raise Forbidden  # or whoever reads the demonstration's password could keep the account after it
    if password.fault:
        raise Invalid([password.fault])
    user.password_hash = password.hash
    session.flush()
    audit.record(session, "user.password_changed", f"users/{user.id}", after={"user_name": user.user_name})
    end_sessions(session, user.id, but=caller.session_id)


def set_locale(session: Session, user_id: int, *, locale: str) -> None:
    """Remember the language that a person chose; no new version, for nobody edits it beside."""
    user = session.get_one(User, user_id)
    if user.locale != locale:
        audit.record(session, "user.language_chosen", f"users/{user.id}", before=user.locale, after=locale)
        user.locale = locale
        session.flush()


def get_user(session: Session, user_id: int, *, lock: bool = False) -> User:
    """Return an account, held against other writers with `lock`; raises NotFound."""
    user = session.get(User, user_id, with_for_update=lock)
    if user is None:
        raise NotFound
    return user


def list_users(session: Session, page: Page, *, q: str | None = None, role: Role | None = None) -> UserPage:
    """Return accounts by user name, those with every word of `q` in name or label."""
    query = select(User, Unit).outerjoin(Unit, col(Unit.id) == col(User.unit_id)).order_by(col(User.user_name))
    if q is not None:
        query = query.where(column_has_words(User.search, q))
    if role:
        query = query.where(col(User.role) == role.value)
    if page.after is not None:
        if len(page.after) != 1 or not isinstance(page.after[0], str) or not page.after[0].isprintable():
            raise Invalid([Fault("?cursor", "bad_cursor")])
        query = query.where(col(User.user_name) > page.after[0])
    rows, following = cut(list(session.execute(query.limit(page.limit + 1))), page, lambda row: [row.User.user_name])
    return UserPage(items=[_out(user, unit) for user, unit in rows], next=following)


def show_user(session: Session, user: User) -> UserOut:
    """Return an account as it is shown."""
    return _out(user, session.get_one(Unit, user.unit_id) if user.unit_id is not None else None)


def unit_id_of(session: Session, code: str | None) -> int | None:
    """Return the number of the unit that a body names; raises Invalid for an unknown code."""
    return None if code is None else units.named(session, code, "/unit").id


def told(session: Session, user: User) -> dict[str, Any]:
    """Return what the audit log says of an account: never its password."""
    return {
        "user_name": user.user_name,
        "label": user.label,
        "role": user.role,
        "unit": _code(session, user.unit_id),
    }


def as_role(role: Role | str) -> Role:
    """Return a role by its name; raises Invalid for one that is none."""
    try:
        return Role(role)
    except ValueError:
        raise Invalid([Fault("/role", "not_a_choice", {"choices": ", ".join(Role)})]) from None


def _unit_faults(session: Session, role: Role, unit_id: int | None) -> list[Fault]:
    if role is Role.machine:
        return [Fault("/role", "not_a_choice", {"choices": ", ".join(PEOPLE)})]
    if unit_id is None:
        return [Fault("/unit", "unit_required")] if role in UNIT_ROLES else []
    kind = session.get_one(Unit, unit_id).kind
    fitting = {
        Role.ward_officer: WARD_KINDS,
        Role.ward_leader: WARD_KINDS,
        Role.department_officer: DEPARTMENT_KINDS,
    }.get(role)
    return [Fault("/unit", "unit_kind_of_role")] if fitting and kind not in fitting else []


def _out(user: User, unit: Unit | None) -> UserOut:
    return UserOut(
        **user.model_dump(include=set(UserOut.model_fields)),
        unit=unit.code if unit else None,
        unit_name=unit.name if unit else None,
    )


def _code(session: Session, unit_id: int | None) -> str | None:
    return session.get_one(Unit, unit_id).code if unit_id is not None else None


def _search(user_name: str, label: str) -> str:
    return search_key(f"{user_name} {label}")[:200]
