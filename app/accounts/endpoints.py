"""Accounts, sessions, tokens and one's own password, at both doors."""

from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.accounts import callers, proof, sessions, sign_in, tokens, users
from app.accounts.models import (
    DisablementIn,
    NewPasswordIn,
    PasswordIn,
    SessionOut,
    SessionPage,
    TokenCreated,
    TokenIn,
    TokenOut,
    TokenPage,
    User,
    UserEdit,
    UserIn,
    UserOut,
    UserPage,
)
from app.accounts.pages import pages_router, password_page, token_form, user_form, user_page
from app.accounts.passwords import NewPassword
from app.accounts.rules import Role, fold_user_name
from app.core import tables
from app.core.access import Caller, allow
from app.core.clock import Now
from app.core.db import SAFE_METHODS, Reading, Writing
from app.core.errors import Fault, Forbidden, Invalid
from app.core.forms import DoorRoute
from app.core.paging import Paging
from app.core.schemas import BLANK_IS_NONE, problems
from app.core.versions import check_match
from app.core.web import Render, form, see_other

__all__ = ["pages_router", "router"]

router = APIRouter(route_class=DoorRoute, tags=["accounts"])

Manager = Annotated[Caller, allow("users:manage")]
Own = Annotated[Caller, allow("tokens:manage")]
RowId = Annotated[int, Path(ge=1, le=2_147_483_647)]


def find_user(request: Request, user_id: RowId, caller: Manager, session: Reading) -> User:
    """Supply the account of the address, held against others while it is changed."""
    return users.get_user(session, user_id, lock=request.method not in SAFE_METHODS)


async def read_new_user(request: Request, caller: Manager, body: UserIn) -> tuple[UserIn, NewPassword]:
    """Supply a new account with its password hashed before the transaction begins."""
    return body, await proof.hash_new(request, body.password, fold_user_name(body.user_name))


async def read_new_password(request: Request, user_id: RowId, caller: Manager, body: NewPasswordIn) -> NewPassword:
    """Supply another's new password hashed before the transaction begins."""
    user_name = await proof.reading(request, lambda session: users.get_user(session, user_id).user_name)
    return await proof.hash_new(request, body.password, user_name)


async def read_own_password(request: Request, caller: Own, body: PasswordIn, now: Now) -> NewPassword:
    """Supply one's own new password, after the present one was proved; guessing it is throttled like signing in."""
    if caller.id < 0:
        raise Forbidden
    proved = await proof.prove(request, user_name=caller.user_name, password=body.current_password, now=now)
    if proved is None:
        raise Invalid([Fault("/current_password", "wrong_password")])
    await proof.writing(request, lambda session: sign_in.succeed(session, proved.attempt))
    return await proof.hash_new(request, body.new_password, caller.user_name, "/new_password")


@router.get("/users", operation_id="list_users", response_model=UserPage, responses=problems(401, 403, 422))
def list_users(
    session: Reading,
    caller: Manager,
    render: Render,
    page: Paging,
    q: Annotated[str | None, Query(max_length=80, description="Words in user name or label"), BLANK_IS_NONE] = None,
    role: Annotated[Role | None, Query(description="Only this role")] = None,
) -> Response:
    """List accounts."""
    find = partial(users.list_users, session, q=q, role=role)
    table = partial(tables.of_models, "users", model=UserOut)
    return render(find(page), "accounts/users.html", table=lambda: table(render.every(find)), q=q, role=role)


@router.post(
    "/users", operation_id="create_user", status_code=201, response_model=UserOut, responses=problems(401, 403, 422)
)
@form("accounts/user_form.html", user_form)
def create_user(
    caller: Manager,
    given: Annotated[tuple[UserIn, NewPassword], Depends(read_new_user)],
    session: Writing,
    render: Render,
    now: Now,
) -> Response:
    """Make an account."""
    body, password = given
    user = users.create_user(
        session,
        caller,
        user_name=body.user_name,
        label=body.label,
        role=body.role,
        unit_id=users.unit_id_of(session, body.unit),
        password=password,
        now=now,
    )
    at = f"/users/{user.id}"
    return render.saved(users.show_user(session, user), to=at, created=True, version=user.version, location=at)


@router.get("/users/{user_id:int}", operation_id="get_user", response_model=UserOut, responses=problems(401, 403, 404))
def get_user(session: Reading, caller: Manager, user: Annotated[User, Depends(find_user)], render: Render) -> Response:
    """Show an account."""
    return render(users.show_user(session, user), "accounts/user.html", version=user.version)


@router.put(
    "/users/{user_id:int}",
    operation_id="put_user",
    response_model=UserOut,
    responses=problems(401, 403, 404, 409, 412, 422, 428),
)
@form("accounts/user_form.html", user_form)
def put_user(
    request: Request,
    caller: Manager,
    user: Annotated[User, Depends(find_user)],
    session: Writing,
    body: UserEdit,
    render: Render,
) -> Response:
    """Change an account's words, role and unit."""
    unit_id = users.unit_id_of(session, body.unit)
    if not users.is_as_given(user, body, unit_id):  # the same again has no effect, whatever it says to match
        check_match(request.headers.get("if-match"), None, user.version)
        users.edit_user(session, caller, user=user, given=body, unit_id=unit_id)
    return render.saved(users.show_user(session, user), to=f"/users/{user.id}", version=user.version)


@router.put(
    "/users/{user_id:int}/disablement",
    operation_id="disable_user",
    response_model=UserOut,
    responses=problems(401, 403, 404, 409, 412, 422, 428),
)
@form("accounts/user.html", user_page)
def disable_user(
    request: Request,
    caller: Manager,
    user: Annotated[User, Depends(find_user)],
    session: Writing,
    body: DisablementIn,
    render: Render,
    now: Now,
) -> Response:
    """Close an account: its sessions end at once and its own tokens no longer work."""
    check_match(request.headers.get("if-match"), None, user.version)
    users.disable_user(session, caller, user=user, reason=body.reason, now=now)
    return render.saved(users.show_user(session, user), to=f"/users/{user.id}", version=user.version)


@router.delete(
    "/users/{user_id:int}/disablement",
    operation_id="enable_user",
    response_model=UserOut,
    responses=problems(401, 403, 404, 412, 428),
)
@form("accounts/user.html", user_page)
def enable_user(
    request: Request, caller: Manager, user: Annotated[User, Depends(find_user)], session: Writing, render: Render
) -> Response:
    """Open a closed account again."""
    check_match(request.headers.get("if-match"), None, user.version)
    users.enable_user(session, caller, user=user)
    return render.saved(users.show_user(session, user), to=f"/users/{user.id}", version=user.version)


@router.put(
    "/users/{user_id:int}/password",
    operation_id="put_user_password",
    status_code=204,
    responses=problems(401, 403, 404, 422),
)
@form("accounts/user.html", user_page)
def put_user_password(
    caller: Manager,
    password: Annotated[NewPassword, Depends(read_new_password)],
    user: Annotated[User, Depends(find_user)],
    session: Writing,
    render: Render,
    now: Now,
) -> Response:
    """Give an account a new password; its sessions end and its own tokens are revoked at once."""
    users.set_password(session, caller, user=user, password=password)
    tokens.revoke_tokens_of(session, user.id, now=now)
    return render.gone(to=f"/users/{user.id}")


@router.put("/password", operation_id="put_own_password", status_code=204, responses=problems(401, 403, 422, 429))
@form("accounts/password.html", password_page)
def put_own_password(
    caller: Own, password: Annotated[NewPassword, Depends(read_own_password)], session: Writing, render: Render
) -> Response:
    """Change one's own password; one's other sessions end at once, one's tokens stay."""
    users.set_password(session, caller, user=users.get_user(session, caller.id, lock=True), password=password)
    return render.gone(to="/password?changed=1")


@router.get("/sessions", operation_id="list_sessions", response_model=SessionPage, responses=problems(401, 403))
def list_sessions(session: Reading, caller: Own, render: Render, now: Now) -> Response:
    """List one's own signed-in browsers."""
    found = sessions.list_sessions(session, caller, now=now)
    return render(found, "accounts/sessions.html", table=lambda: tables.of_models("sessions", found.items, SessionOut))


@router.delete("/sessions", operation_id="end_other_sessions", status_code=204, responses=problems(401, 403))
def end_other_sessions(caller: Own, session: Writing, render: Render) -> Response:
    """Sign out everywhere else."""
    sessions.end_sessions(session, caller.id, but=caller.session_id)
    return render.gone(to="/sessions")


@router.delete(
    "/sessions/{session_id:int}", operation_id="end_session", status_code=204, responses=problems(401, 403, 404)
)
def end_session(request: Request, caller: Own, session_id: RowId, session: Writing, render: Render) -> Response:
    """Sign one of one's own browsers out."""
    sessions.end_session(session, caller, session_id=session_id)
    response = render.gone(to="/sessions" if session_id != caller.session_id else "/sign-in")
    if session_id == caller.session_id:
        callers.drop_cookie(request, response)
    return response


@router.get("/tokens", operation_id="list_tokens", response_model=TokenPage, responses=problems(401, 403, 422))
def list_tokens(session: Reading, caller: Own, render: Render, page: Paging, now: Now) -> Response:
    """List one's own tokens; who manages users sees all."""
    find = partial(tokens.list_tokens, session, caller)
    table = partial(tables.of_models, "tokens", model=TokenOut)
    return render(find(page), "accounts/tokens.html", table=lambda: table(render.every(find)))


@router.post(
    "/tokens",
    operation_id="create_token",
    status_code=201,
    response_model=TokenCreated,
    responses=problems(401, 403, 422),
)
@form("accounts/token_form.html", token_form)
def create_token(request: Request, caller: Own, session: Writing, body: TokenIn, render: Render, now: Now) -> Response:
    """Make a token; the answer shows its secret, once. Made with a token, it ends no later than that one."""
    token, clear = tokens.request_token(
        session,
        caller,
        given=body,
        unit_id=users.unit_id_of(session, body.unit),
        now=now,
        expires=now + timedelta(days=body.days or request.app.state.settings.api_token_days),
    )
    shown = tokens.get_token(session, caller, token_id=token.id).model_dump()
    return _shown_once(request, render, TokenCreated(**shown, token=clear))


@router.get(
    "/tokens/{token_id:int}", operation_id="get_token", response_model=TokenOut, responses=problems(401, 403, 404)
)
def get_token(session: Reading, caller: Own, token_id: RowId, render: Render, now: Now) -> Response:
    """Show a token, without its secret."""
    return render(tokens.get_token(session, caller, token_id=token_id), "accounts/token.html")


@router.delete(
    "/tokens/{token_id:int}", operation_id="revoke_token", status_code=204, responses=problems(401, 403, 404)
)
def revoke_token(caller: Own, token_id: RowId, session: Writing, render: Render, now: Now) -> Response:
    """Revoke a token: it stops working at once."""
    tokens.revoke_token(session, caller, token_id=token_id, now=now)
    return render.gone(to="/tokens")


def _shown_once(request: Request, render: Render, created: TokenCreated) -> Response:
    """Answer with the secret, and leave for a repeated call an answer without it: it is stored nowhere."""
    at = f"/tokens/{created.id}"
    if render.door == "people":
        response = render.page("accounts/token.html", status=201, data=created)
        see_other(request, at)
    else:
        response = render.saved(created, to=at, created=True, location=at)
        render.saved(created.model_copy(update={"token": None}), to=at, created=True, location=at)
    response.headers["Cache-Control"] = "no-store"
    return response
