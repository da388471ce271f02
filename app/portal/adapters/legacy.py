"""The legacy envelope: one address, a session, service names, `error_code`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from app.core.clock import HUE
from app.portal.adapters import maps
from app.portal.adapters.rules import (
    Endpoint,
    NotOffered,
    Outcome,
    PortalAgency,
    PortalDay,
    PortalDossier,
    PortalFault,
    PortalField,
    PortalMonth,
    PortalProcedure,
    PortalScore,
    Purpose,
    Receipt,
    once,
    receipt_of,
    rows_of,
    text_of,
)
from app.portal.adapters.transport import Line

Row = TypeVar("Row")


class LegacyAdapter:
    """The provincial adapter's envelope, as the city's integration platform offers it."""

    def __init__(self, line: Line, *, user: str, password: str, agency: str) -> None:
        self.line = line
        self.names = maps.of(Endpoint.legacy)
        self._login = {"username": user, "password": password}
        self._agency = agency
        self._session: str | None = None

    def agencies(self) -> list[PortalAgency]:
        """Return all agencies, by code."""
        return once(self._catalogue(Purpose.agencies, lambda v: PortalAgency(v("code"), v("name"))), "code")

    def fields(self) -> list[PortalField]:
        """Return all fields, by code."""
        return once(self._catalogue(Purpose.fields, lambda v: PortalField(v("code"), v("name"))), "code")

    def procedures(self) -> list[PortalProcedure]:
        """Return all procedures, by code."""
        found = self._catalogue(Purpose.procedures, lambda v: PortalProcedure(v("code"), v("name"), v("field")))
        return once(found, "code")

    def dossier(self, code: str) -> PortalDossier | None:
        """Return how one dossier stands, without a word of its applicant; None where there is none."""

        def read(row: Mapping[str, Any]) -> PortalDossier:
            keys, names = self.names.keys["dossier"], self.names
            return PortalDossier(
                procedure=text_of(row, keys["procedure"]),
                agency=text_of(row, keys["agency"]),
                status=names.meaning("status", text_of(row, keys["status"])),
                channel=names.meaning("channel", text_of(row, keys["channel"])),
                received_at=text_of(row, keys["received_at"], blank=True),
                due_at=text_of(row, keys["due_at"], blank=True),
            )

        found = self._ask(Purpose.dossier, {"mahoso": code}, read)
        return found[0] if found else None

    def months(self, *, year: int, month: int) -> list[PortalMonth]:
        """Raise NotOffered: this generation publishes no figures."""
        raise NotOffered

    def quarters(self, *, year: int, quarter: int) -> list[PortalMonth]:
        """Raise NotOffered: this generation publishes no figures."""
        raise NotOffered

    def years(self, *, year: int) -> list[PortalMonth]:
        """Raise NotOffered: this generation publishes no figures."""
        raise NotOffered

    def scores(self, *, year: int, month: int) -> list[PortalScore]:
        """Raise NotOffered: this generation publishes no scores."""
        raise NotOffered

    def push(self, told: PortalDay, *, within: float) -> Receipt:
        """Tell a day's approved counts. Assumed: no such service of the portal is known."""
        self.line.within(within)
        keys, names = self.names.keys["push"], self.names
        moment = told.decided_at.astimezone(HUE)
        head = {
            "message": told.message, "agency": told.agency, "system": told.system, "day": f"{told.day:%Y%m%d}",
            "revision": str(told.revision), "sequence": str(told.sequence), "decided_at": f"{moment:%Y%m%d%H%M%S}",
            "withdrawn": str(told.withdrawn), "partial": str(told.partial),
        }  # fmt: skip
        lines = [{keys[name]: "" if n is None else str(n) for name, n in line.items()} for line in told.lines]
        row = {**{keys[name]: value for name, value in head.items()}, keys["lines"]: lines}

        def read(answer: Mapping[str, Any]) -> Receipt:
            return receipt_of(answer, keys, names.codes["receipt"], told.message)

        found = self._ask(Purpose.push, {"data": [row]}, read)
        if len(found) != 1:
            raise PortalFault(Outcome.bad_answer, "receipt")
        return found[0]

    def _catalogue(self, purpose: Purpose, make: Callable[[Callable[[str], str]], Row]) -> list[Row]:
        keys = self.names.keys[purpose.value]
        return self._ask(purpose, {}, lambda row: make(lambda name: text_of(row, keys[name])))

    def _ask(
        self, purpose: Purpose, arguments: Mapping[str, Any], make: Callable[[Mapping[str, Any]], Row]
    ) -> list[Row]:
        def read(status: int, answer: dict[str, Any]) -> list[Row]:
            self._judge(status, answer)
            return [make(row) for row in rows_of(answer.get("result"))]

        def send() -> list[Row]:
            session = self._session or self._sign_in()
            body = {"session": session, "madonvi": self._agency, "service": self.names.services[purpose.value]}
            return self.line.post("", {**body, **arguments}, read, purpose=purpose)

        try:
            return send()
        except PortalFault as fault:
            if fault.outcome is not Outcome.expired:
                raise
        self._session = None  # a session ends when the other side says so; once more with a new one
        return send()

    def _sign_in(self) -> str:
        def read(status: int, answer: dict[str, Any]) -> str:
            self._judge(status, answer)
            return text_of(answer, "session")

        self._session = self.line.post("", self._login, read, purpose=Purpose.sign_in)
        return self._session

    def _judge(self, status: int, answer: dict[str, Any]) -> None:
        if status >= 400:
            raise PortalFault(Outcome.refused, str(status))
        code = text_of(answer, "error_code")
        if code in self.names.expired:
            raise PortalFault(Outcome.expired)
        if code not in self.names.success:
            raise PortalFault(Outcome.refused, code[:20])
