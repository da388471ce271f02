"""What only people have: signing in and out, the language, blank forms."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlmodel import Session

from app.accounts import callers, proof, sessions, sign_in, users
from app.accounts.models import LanguageIn, SignInIn, User, UserOut
from app.accounts.proof import Proof
from app.accounts.rules import PEOPLE, ROLE_RIGHTS, Role
from app.accounts.sign_in_page import Unsent, read_kept, sign_in_page
from app.core.access import Anyone, Caller, SignedIn, allow, public
from app.core.clock import Now, day_of, now_of
from app.core.coming import local_path
from app.core.db import Reading, Writing
from app.core.errors import Fault, Invalid
from app.core.forms import DoorRoute
from app.core.settings import Settings
from app.core.web import Render, form, see_other
from app.units import service as units

pages_router = APIRouter(route_class=DoorRoute)


@dataclass(frozen=True)
class UserForm:
    """An account to change (None: a new one), and what there is to choose from."""

    user: UserOut | None
    roles: tuple[Role, ...]
    units: list[tuple[str, str]]
    min_length: int


@dataclass(frozen=True)
class TokenForm:
    """What a token may be given."""

    scopes: list[str]
    manager: bool
    roles: tuple[Role, ...]
    units: list[tuple[str, str]]
    days: int


@dataclass(frozen=True)
class PasswordPage:
    """The rule for a new password, and whether it was just changed."""

    min_length: int
    changed: bool


def user_page(request: Request, session: Session) -> UserOut:
    """Return the account of the address, to draw its page again."""
    return users.show_user(session, users.get_user(session, int(request.path_params["user_id"])))


def user_form(request: Request, session: Session) -> UserForm:
    """Return the account form's choices, with the account where the address names one."""
    return UserForm(
        user=user_page(request, session) if "user_id" in request.path_params else None,
        roles=PEOPLE,
        units=_units(request, session),
        min_length=request.app.state.settings.password_min_length,
    )


def token_form(request: Request, session: Session) -> TokenForm:
    """Return the token form's choices: one's own rights, or all for who manages users."""
    caller: Caller = request.state.caller
    manager = caller.may("users:manage")
    offered = caller.rights | ROLE_RIGHTS[Role.machine] if manager else caller.rights
    return TokenForm(
        scopes=sorted(offered),
        manager=manager,
        roles=tuple(Role),
        units=_units(request, session) if manager else [],
        days=request.app.state.settings.api_token_days,
    )


def password_page(request: Request, session: Session | None = None) -> PasswordPage:
    """Return what the page of one's own password shows."""
    return PasswordPage(request.app.state.settings.password_min_length, "changed" in request.query_params)


def _units(request: Request, session: Session) -> list[tuple[str, str]]:
    return [(unit.code, unit.name) for unit in units.valid_units(session, day_of(now_of(request)))]


@pages_router.get("/sign-in", dependencies=[public()])
def show_sign_in(request: Request, caller: Anyone, render: Render) -> Response:
    """Show the sign-in form; who is signed in already goes on."""
    if caller is not None:
        return see_other(request, local_path(request.query_params.get("to")))
    return render.page("accounts/sign_in.html", data=sign_in_page(request))


@pages_router.post("/sign-in", dependencies=[public()])
@form("accounts/sign_in.html", sign_in_page)
async def enter(request: Request, caller: Anyone, body: SignInIn, now: Now, render: Render) -> Response:
    """Sign in: no transaction of the request's own, for hashing must not hold one.

    A form that was not sent because a session was over is offered to be sent again, by a button, never by itself.
    """
    if request.headers.get("idempotency-key"):
        raise Invalid([Fault("Idempotency-Key", "bad_idempotency_key")])
    kept = read_kept(body.kept_for, body.kept, body.kept_file)
    proved = await proof.prove(request, user_name=body.user_name, password=body.password, now=now)
    if proved is None:
        raise Invalid(code="sign_in_failed")
    opened = await proof.writing(request, lambda session: _open(session, request, caller, proved, body))
    if opened is None:
        raise Invalid(code="sign_in_failed")
    secret, remembered, locale, request.state.caller = opened
    if kept is None:
        response = see_other(request, local_path(body.to))
    else:
        request.state.locale = locale or request.state.locale
        response = await run_in_threadpool(
            render.page, "accounts/continue.html", data=Unsent(kept, local_path(body.to))
        )
    callers.put_cookie(request, response, secret, remembered=remembered)
    if locale:
        callers.put_language(request, response, locale)
    return response


def _open(
    session: Session, request: Request, caller: Caller | None, proved: Proof, body: SignInIn
) -> tuple[str, bool, str | None, Caller] | None:
    """Open the session that a proof earns, in place of the browser's old one; None if the account changed meanwhile."""
    settings: Settings = request.app.state.settings
    user: User = users.get_user(session, proved.user_id, lock=True)
    if user.password_hash != proved.hash or not sign_in.may_sign_in(user, demonstration=settings.demonstration):
        return None
    user.password_hash = proved.better_hash or proved.hash
    sign_in.succeed(session, proved.attempt)
    if caller is not None and caller.session_id is not None:
        sessions.end_sessions(session, caller.id, only=caller.session_id)
    row, secret = sessions.open_session(
        session,
        user,
        now=now_of(request),
        settings=settings,
        remember=body.remember,
        user_agent=request.headers.get("user-agent", ""),
        address=proof.address_of(request),
    )
    found = sessions.find_caller(session, secret, now=now_of(request), settings=settings)
    return (secret, row.remembered, user.locale, found[0]) if found else None


@pages_router.post("/sign-out")
def leave(request: Request, caller: SignedIn, session: Writing) -> Response:
    """Sign this browser out."""
    if caller.session_id is not None:
        sessions.end_session(session, caller, session_id=caller.session_id)
    response = see_other(request, "/sign-in")
    # What was typed and not sent lies in the browser until the session ends.
    response.headers["Clear-Site-Data"] = '"storage"'
    callers.drop_cookie(request, response)
    return response


@pages_router.post("/language", dependencies=[public()])
async def choose_language(request: Request, caller: Anyone, body: LanguageIn) -> Response:
    """Choose the language of the pages, remembered by browser and account."""
    if caller is not None:
        await proof.writing(request, lambda session: users.set_locale(session, caller.id, locale=body.locale))
    response = see_other(request, local_path(body.to))
    callers.put_language(request, response, body.locale)
    return response


@pages_router.get("/password")
def show_password(
    request: Request, caller: SignedIn, render: Render, changed: Annotated[str | None, Query(max_length=1)] = None
) -> Response:
    """Show the form for one's own password."""
    return render.page("accounts/password.html", data=password_page(request))


@pages_router.get("/users/new")
def show_new_user(
    request: Request, session: Reading, caller: Annotated[Caller, allow("users:manage")], render: Render
) -> Response:
    """Show the form for a new account."""
    return render.page("accounts/user_form.html", data=user_form(request, session))


@pages_router.get("/users/{user_id:int}/edit")
def show_user_form(
    request: Request,
    user_id: Annotated[int, Path(ge=1, le=2_147_483_647)],
    session: Reading,
    caller: Annotated[Caller, allow("users:manage")],
    render: Render,
) -> Response:
    """Show the form to change an account."""
    return render.page("accounts/user_form.html", data=user_form(request, session))


@pages_router.get("/tokens/new")
def show_new_token(
    request: Request, session: Reading, caller: Annotated[Caller, allow("tokens:manage")], render: Render
) -> Response:
    """Show the form for a new token."""
    return render.page("accounts/token_form.html", data=token_form(request, session))
