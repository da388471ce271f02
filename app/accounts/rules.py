"""Roles, the rights each has, what a good password is, how long a session lasts: pure."""

import ipaddress
import math
import re
import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum

from app.units.rules import UnitKind


class Role(StrEnum):
    """What somebody is in the city's work; `machine` is for tokens only."""

    ward_officer = "ward_officer"
    ward_leader = "ward_leader"
    department_officer = "department_officer"
    city_analyst = "city_analyst"
    leader = "leader"
    administrator = "administrator"
    machine = "machine"


class Scope(StrEnum):
    """A right by name, `thing:act`; a token is given some of them."""

    units_read = "units:read"
    units_edit = "units:edit"
    calendar_read = "calendar:read"
    calendar_edit = "calendar:edit"
    catalogue_read = "catalogue:read"
    catalogue_edit = "catalogue:edit"
    reports_read = "reports:read"
    reports_send = "reports:send"
    reopenings_ask = "reopenings:ask"
    reopenings_decide = "reopenings:decide"
    approvals_ward = "approvals:ward"
    approvals_city = "approvals:city"
    obligations_read = "obligations:read"
    obligations_waive = "obligations:waive"
    summary_read = "summary:read"
    ranking_read = "ranking:read"
    forms_freeze = "forms:freeze"
    tasks_read = "tasks:read"
    tasks_update = "tasks:update"
    tasks_keep = "tasks:keep"
    tasks_accept = "tasks:accept"
    tasks_ask = "tasks:ask"
    indicators_read = "indicators:read"
    indicators_cite = "indicators:cite"
    indicators_enter = "indicators:enter"
    indicators_keep = "indicators:keep"
    findings_read = "findings:read"
    findings_explain = "findings:explain"
    findings_reopen = "findings:reopen"
    figures_send = "figures:send"
    figures_import = "figures:import"
    reminders_read = "reminders:read"
    reminders_send = "reminders:send"
    reminders_set = "reminders:set"
    gaps_read = "gaps:read"
    gaps_explain = "gaps:explain"
    portal_read = "portal:read"
    portal_keep = "portal:keep"
    portal_events = "portal:events"
    users_manage = "users:manage"
    tokens_manage = "tokens:manage"
    audit_read = "audit:read"


# What is done for one's own unit, and what for the whole city.
OF_A_UNIT = frozenset({"reports:send", "reopenings:ask", "approvals:ward"})
OF_THE_CITY = frozenset(
    {"reopenings:decide", "approvals:city", "tasks:keep", "tasks:accept", "tasks:ask", "obligations:waive"}
    | {"indicators:keep", "portal:read", "portal:keep"}
    | {"findings:reopen", "reminders:send", "catalogue:edit", "calendar:edit"}
)
PEOPLE = tuple(role for role in Role if role is not Role.machine)
# By these a token speaks for a source, which knows it by its name.
SENDING = frozenset({"figures:send", "figures:import", "portal:events"})
# The city's own people as a sender of figures, whoever of them it is: no token may be named so.
CITY_SENDER = "Tổ tổng hợp thành phố"
UNIT_ROLES = (Role.ward_officer, Role.ward_leader, Role.department_officer)
SENDERS = (Role.ward_officer, Role.ward_leader, Role.machine)
REMEMBERING = (Role.ward_officer,)
WARD_KINDS = (UnitKind.WARD, UnitKind.COMMUNE, UnitKind.SPECIAL_ZONE)
DEPARTMENT_KINDS = (UnitKind.DEPARTMENT, UnitKind.PARTY_BODY, UnitKind.CITY_CENTRE)

_READS = frozenset(scope.value for scope in Scope if scope.value.endswith(":read"))
# One's own sessions, tokens and password: everybody's, but no machine's.
_OWN = frozenset({"tokens:manage"})
_WARD = (
    frozenset(
        {"units:read", "calendar:read", "catalogue:read", "reports:read", "reports:send", "reopenings:ask"}
        | {"obligations:read", "summary:read", "findings:read", "findings:explain", "tasks:read", "tasks:update"}
        | {"reminders:read", "reminders:set", "indicators:read", "indicators:cite", "gaps:read", "gaps:explain"}
    )
    | _OWN
)

ROLE_RIGHTS: dict[Role, frozenset[str]] = {
    Role.ward_officer: _WARD,
    Role.ward_leader: _WARD | {"ranking:read", "forms:freeze", "approvals:ward"},
    Role.department_officer: frozenset(
        {"units:read", "calendar:read", "catalogue:read", "summary:read", "tasks:read", "tasks:update"}
        | {"indicators:read", "indicators:cite", "indicators:enter"}
    )
    | _OWN,
    Role.city_analyst: _READS
    | {"obligations:waive", "catalogue:edit", "calendar:edit", "forms:freeze", "findings:explain", "findings:reopen"}
    | {"tasks:update", "tasks:keep", "tasks:accept", "tasks:ask", "indicators:cite", "indicators:enter"}
    | OF_THE_CITY
    | {"reminders:send", "reminders:set", "figures:import", "gaps:explain"}
    | _OWN,
    Role.leader: _READS | {"findings:reopen", "tasks:ask", "indicators:cite"} | _OWN,
    Role.administrator: frozenset(
        {"units:read", "units:edit", "calendar:read", "calendar:edit", "catalogue:read", "users:manage", "audit:read"}
    )
    | _OWN,
    Role.machine: frozenset(scope.value for scope in Scope) - {"users:manage", "tokens:manage"},
}


def rights_of(role: Role, unit_id: int | None, scopes: frozenset[str] | None = None) -> frozenset[str]:
    """Return what a role may do, narrowed by a token's scopes (None: not a token).

    Only who has a unit of its own sends reports, asks for a reopening and approves for the ward; no machine of one
    unit speaks for the city.
    """
    rights = ROLE_RIGHTS[role]
    if scopes is not None:
        rights &= scopes
    if unit_id is None or role not in SENDERS:
        rights -= OF_A_UNIT
    if role is Role.machine and unit_id is not None:
        rights -= OF_THE_CITY | {"portal:events"}
    return rights


def units_of(role: Role, unit_id: int | None) -> frozenset[int] | None:
    """Return the units whose rows a role may see; None means every one."""
    if role in UNIT_ROLES or (role is Role.machine and unit_id is not None):
        return frozenset() if unit_id is None else frozenset({unit_id})
    return None


USER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,38}[a-z0-9]")


def fold_user_name(text: str) -> str:
    """Return a user name as it is stored and compared."""
    return unicodedata.normalize("NFC", text).strip().casefold()


def password_fault(password: str, user_name: str, min_length: int) -> str | None:
    """Return the code of what is wrong with a new password, or None."""
    if len(password) < min_length:
        return "password_short"
    if len(set(password)) < 5 or user_name in password.casefold() or "tiendo57" in password.casefold():
        return "password_guessable"
    return None


def session_ends(
    now: datetime, *, remembered: bool, idle: timedelta, absolute: timedelta, remember_days: int
) -> tuple[datetime, datetime]:
    """Return when a session begun now ends without use and in any case; a remembered device has no idle limit."""
    last = now + (timedelta(days=remember_days) if remembered else absolute)
    return (last if remembered else min(now + idle, last)), last


def address_key(address: str | None) -> str:
    """Return the address that attempts are counted by: an IPv6 network of 64 bits is one household."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return (address or "")[:45]
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False).network_address)
    return str(ip)


def seconds_until(moment: datetime, now: datetime) -> int:
    """Return whole seconds to wait, at least one."""
    return max(1, math.ceil((moment - now).total_seconds()))


_BROWSERS = (("Edg", "Edge"), ("coc_coc_browser", "Cốc Cốc"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"),
             ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
            ("Linux", "Linux"))  # fmt: skip


def device(user_agent: str | None) -> str:
    """Return the words by which a person knows a device again: `Chrome, Windows`; no version, no fingerprint."""
    text = user_agent or ""
    found = [next((name for sign, name in signs if sign in text), None) for signs in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in found if name)
