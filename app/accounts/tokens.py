"""API tokens: made, found by their secret, revoked."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, or_, select, true, update
from sqlmodel import Session, col

from app.accounts.models import ApiToken, TokenIn, TokenOut, TokenPage, User
from app.accounts.rules import CITY_SENDER, ROLE_RIGHTS, SENDING, UNIT_ROLES, Role, rights_of, units_of
from app.accounts.sessions import TOUCH_EVERY, hash_secret
from app.accounts.users import as_role
from app.core import audit, hot
from app.core.access import Caller
from app.core.db import take_turns
from app.core.errors import Fault, Forbidden, Invalid, NotFound
from app.core.paging import Page, cut
from app.core.settings import Settings
from app.units.models import Unit

PREFIX = "t57_"  # secret scanners find it by this


def create_token(
    session: Session,
    *,
    role: Role | str | None,
    unit_id: int | None,
    scopes: Iterable[str] | None,
    name: str,
    now: datetime,
    expires: datetime,
    user_id: int | None = None,
    created_by: int | None = None,
    demonstration: bool = False,
) -> tuple[ApiToken, str]:
    """Make a token and return it with its secret, which is not kept.

    With `user_id` it is that person's own and acts as them; else it has `role` and `unit_id`. Without scopes it gets
    all that the role has now. Raises Invalid for a scope that is unknown or beyond the role, a missing unit, or the
    name of a live token that sends figures or events of the same unit: by it a source knows its sender.
    """
    owner = session.get(User, user_id) if user_id is not None else None
    acting = as_role((owner.role if owner else role) or "")
    faults = []
    if acting is Role.machine and scopes is None:
        faults.append(Fault("/scopes", "required"))
    allowed = ROLE_RIGHTS[acting]
    wanted = sorted(allowed if scopes is None else {str(s) for s in scopes})
    faults += [Fault("/scopes", "scope_not_allowed", {"scope": s}) for s in wanted if s not in allowed]
    if owner is None and acting in UNIT_ROLES and unit_id is None:
        faults.append(Fault("/unit", "unit_required"))
    if acting is Role.machine and SENDING.intersection(wanted):
        take_turns(session, [0])  # of two who make one at once the second sees the first
        if name == CITY_SENDER or sender_of_figures(session, name, unit_id, now=now) is not None:
            faults.append(Fault("/name", "token_name_taken", {"name": name}))
    if faults:
        raise Invalid(faults)
    clear = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        token_hash=hash_secret(clear),
        name=name,
        user_id=user_id,
        role=None if owner else acting.value,
        unit_id=None if owner else unit_id,
        scopes=" ".join(wanted),
        created_by=created_by,
        created_at=now,
        expires_at=expires,
        demonstration=demonstration,
    )
    session.add(token)
    session.flush()
    audit.record(session, "token.created", f"tokens/{token.id}", after=_told(session, token))
    return token, clear


def request_token(
    session: Session, caller: Caller, *, given: TokenIn, unit_id: int | None, now: datetime, expires: datetime
) -> tuple[ApiToken, str]:
    """Make the token that a caller asks for.

    Its own by default, with no right the caller lacks; another role, or a machine's, only for who manages users.
    A token that is nobody's own makes none of its own, and what a token makes ends with it at the latest.
    """
    scopes = None if given.scopes is None else [scope.value for scope in given.scopes]
    creator = caller.id if caller.id > 0 else None
    if caller.token_id is not None:
        expires = min(expires, session.get_one(ApiToken, caller.token_id).expires_at)
    chosen = given.role is not None or given.unit is not None
    if (chosen or creator is None) and not caller.may("users:manage"):
        raise Forbidden(values={"right": "users:manage"})
    if given.unit is not None and given.role is None:
        raise Invalid([Fault("/role", "required")])
    if chosen:
        return create_token(session, role=given.role, unit_id=unit_id, scopes=scopes, name=given.name,
                            now=now, expires=expires, created_by=creator,
                            demonstration=caller.demonstration)  # fmt: skip
    beyond = [Fault("/scopes", "scope_not_allowed", {"scope": s}) for s in scopes or () if s not in caller.rights]
    if beyond:
        raise Invalid(beyond)
    own = sorted(caller.rights) if scopes is None else scopes
    return create_token(session, role=caller.role, unit_id=caller.unit_id, scopes=own, name=given.name, now=now,
                        expires=expires, user_id=creator, created_by=creator,
                        demonstration=caller.demonstration)  # fmt: skip


def sender_of_figures(session: Session, name: str, unit_id: int | None, *, now: datetime) -> ApiToken | None:
    """Return the live machine's token of a name that sends for a unit, one at most, or (None) of any."""
    query = select(ApiToken).where(
        col(ApiToken.name) == name,
        col(ApiToken.role) == Role.machine.value,
        col(ApiToken.revoked_at).is_(None),
        col(ApiToken.expires_at) > now,
    )
    if unit_id is not None:
        query = query.where(or_(col(ApiToken.unit_id).is_(None), col(ApiToken.unit_id) == unit_id))
    found = session.scalars(query.order_by(col(ApiToken.unit_id).is_not(None), col(ApiToken.id)))
    return next((token for token in found if SENDING.intersection(token.scopes.split())), None)


_token, _user, _unit = ApiToken.__table__.c, User.__table__.c, Unit.__table__.c  # type: ignore[attr-defined]
# Built once: every call through the API begins with it.
_find = (
    select(
        _token.id, _token.name, _token.role, _token.unit_id, _token.scopes, _token.last_used_at, _token.user_id,
        _user.user_name, _user.label, _user.role.label("owner_role"), _user.unit_id.label("owner_unit_id"),
        or_(_user.demonstration, _token.demonstration).label("demonstration"), _token.expires_at, _unit.code,
    )
    .select_from(ApiToken.__table__)  # type: ignore[attr-defined]
    .outerjoin(User.__table__, _user.id == _token.user_id)  # type: ignore[attr-defined]
    .outerjoin(Unit.__table__, _unit.id == func.coalesce(_token.unit_id, _user.unit_id))  # type: ignore[attr-defined]
    .where(
        _token.token_hash == bindparam("hash"),
        _token.revoked_at.is_(None),
        _token.expires_at > bindparam("now", type_=_token.expires_at.type),
        or_(_token.user_id.is_(None), _user.disabled_at.is_(None)),
    )
)  # fmt: skip


class _Found(NamedTuple):
    """What a call begins with: a token, its owner, the unit it acts for."""

    id: int
    name: str
    role: str
    unit_id: int | None
    scopes: str
    last_used_at: datetime | None
    user_id: int | None
    user_name: str | None
    label: str | None
    owner_role: str | None
    owner_unit_id: int | None
    demonstration: bool | None
    expires_at: datetime
    unit_code: str | None


def find_caller(source: hot.Source, clear: str, *, now: datetime, settings: Settings) -> tuple[Caller, bool] | None:
    """Return whom a token stands for, and whether its last use is to be noted; None when it is over.

    A token of nobody's own has the negative of its number as `id`: no user has that.
    """
    rows = [_Found(*row) for row in hot.run(source, _find, {"hash": hash_secret(clear), "now": now})]
    if not rows or (rows[0].demonstration and not settings.demonstration):
        return None
    row = rows[0]
    owned = row.user_id is not None
    role = Role(row.owner_role or row.role)
    unit_id = row.owner_unit_id if owned else row.unit_id
    caller = Caller(
        id=-row.id if row.user_id is None else row.user_id,
        user_name=row.user_name or f"token:{row.name}",
        label=row.label or row.name,
        role=role.value,
        unit_id=unit_id,
        unit_code=row.unit_code,
        rights=rights_of(role, unit_id, frozenset(row.scopes.split())),
        units=units_of(role, unit_id),
        token_id=row.id,
        demonstration=bool(row.demonstration),
        ends_at=row.expires_at,
    )
    return caller, row.last_used_at is None or now - row.last_used_at >= TOUCH_EVERY


def touch(session: Session, token_id: int, *, now: datetime) -> None:
    """Note that a token was used."""
    session.execute(update(ApiToken).where(col(ApiToken.id) == token_id).values(last_used_at=now))


def list_tokens(session: Session, caller: Caller, page: Page) -> TokenPage:
    """Return the tokens that a caller may see, the newest first."""
    query = _with_owner(_shown()).where(_visible(caller)).order_by(col(ApiToken.id).desc())
    if page.after is not None:
        if len(page.after) != 1 or not isinstance(page.after[0], int) or not 0 <= page.after[0] < 2**31:
            raise Invalid([Fault("?cursor", "bad_cursor")])
        query = query.where(col(ApiToken.id) < page.after[0])
    rows, following = cut(list(session.execute(query.limit(page.limit + 1))), page, lambda row: [row.ApiToken.id])
    return TokenPage(items=[_out(row) for row in rows], next=following)


def get_token(session: Session, caller: Caller, *, token_id: int) -> TokenOut:
    """Return one token; raises NotFound for one that is not the caller's to see."""
    row = session.execute(_with_owner(_shown()).where(_visible(caller), col(ApiToken.id) == token_id)).one_or_none()
    if row is None:
        raise NotFound
    return _out(row)


def revoke_token(session: Session, caller: Caller, *, token_id: int, now: datetime) -> None:
    """End a token at once; one already ended stays as it was."""
    get_token(session, caller, token_id=token_id)
    _revoke(session, session.get_one(ApiToken, token_id), now)


def revoke_tokens_of(session: Session, user_id: int, *, now: datetime) -> None:
    """End all of a person's own tokens at once."""
    for token in session.scalars(select(ApiToken).where(col(ApiToken.user_id) == user_id)).all():
        _revoke(session, token, now)


def _revoke(session: Session, token: ApiToken, now: datetime) -> None:
    if token.revoked_at is None:
        token.revoked_at = now
        session.flush()
        audit.record(session, "token.revoked", f"tokens/{token.id}", before=_told(session, token))


def _visible(caller: Caller) -> ColumnElement[bool]:
    if caller.may("users:manage"):
        return true()
    return col(ApiToken.user_id) == caller.id if caller.id > 0 else col(ApiToken.id) == caller.token_id


def _shown() -> Any:
    role = func.coalesce(col(User.role), col(ApiToken.role)).label("acting_role")
    return select(ApiToken, col(User.user_name), role, col(Unit.code))


def _with_owner(query: Any) -> Any:
    unit_id = func.coalesce(col(ApiToken.unit_id), col(User.unit_id))
    return query.outerjoin(User, col(User.id) == col(ApiToken.user_id)).outerjoin(Unit, col(Unit.id) == unit_id)


def _out(row: Any) -> TokenOut:
    token: ApiToken = row.ApiToken
    return TokenOut(
        **token.model_dump(include={"id", "name", "created_at", "expires_at", "last_used_at", "revoked_at"}),
        owner=row.user_name,
        role=row.acting_role,
        unit=row.code,
        scopes=token.scopes.split(),
    )


def _told(session: Session, token: ApiToken) -> dict[str, Any]:
    return {
        "name": token.name,
        "user": token.user_id,
        "role": token.role,
        "unit": session.get_one(Unit, token.unit_id).code if token.unit_id else None,
        "scopes": token.scopes.split(),
        "expires_at": token.expires_at.isoformat(),
    }
