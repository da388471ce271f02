"""The REST style: a token, an envelope `{code, message, data}`, pages."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

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
    add,
    count_of,
    receipt_of,
    rows_of,
    score_of,
    text_of,
)
from app.portal.adapters.transport import Line

Row = TypeVar("Row")
Result = TypeVar("Result")
PAGE_SIZE = 200
MAX_ROWS = 100_000


class RestAdapter:
    """The newer style, in which the portal publishes its reporting figures."""

    def __init__(self, line: Line, *, client_id: str, client_secret: str) -> None:
        self.line = line
        self.names = maps.of(Endpoint.rest)
        self._client = {"client_id": client_id, "client_secret": client_secret}
        self._token: str | None = None

    def agencies(self) -> list[PortalAgency]:
        """Return all agencies, by code."""
        keys = self.names.keys["agencies"]
        return self._all(
            Purpose.agencies, {}, "code", lambda r: PortalAgency(text_of(r, keys["code"]), text_of(r, keys["name"]))
        )

    def fields(self) -> list[PortalField]:
        """Return all fields, by code."""
        keys = self.names.keys["fields"]
        return self._all(
            Purpose.fields, {}, "code", lambda r: PortalField(text_of(r, keys["code"]), text_of(r, keys["name"]))
        )

    def procedures(self) -> list[PortalProcedure]:
        """Return all procedures, by code."""
        keys = self.names.keys["procedures"]

        def make(row: Mapping[str, Any]) -> PortalProcedure:
            return PortalProcedure(*(text_of(row, keys[name]) for name in ("code", "name", "field")))

        return self._all(Purpose.procedures, {}, "code", make)

    def months(self, *, year: int, month: int) -> list[PortalMonth]:
        """Return what is published of a month, by agency."""
        return self._published({"timeType": "month", "year": year, "month": month})

    def quarters(self, *, year: int, quarter: int) -> list[PortalMonth]:
        """Return what is published of a quarter, by agency."""
        return self._published({"timeType": "quarter", "year": year, "quarter": quarter})

    def years(self, *, year: int) -> list[PortalMonth]:
        """Return what is published of a year, by agency."""
        return self._published({"timeType": "year", "year": year})

    def _published(self, asked: Mapping[str, Any]) -> list[PortalMonth]:
        keys = self.names.keys["months"]

        def make(row: Mapping[str, Any]) -> PortalMonth:
            counts = {name: count_of(row, key) for name, key in keys.items() if name != "agency"}
            return PortalMonth(agency=text_of(row, keys["agency"]), **counts)

        return self._all(Purpose.months, asked, "agency", make)

    def scores(self, *, year: int, month: int) -> list[PortalScore]:
        """Return the latest scores by QĐ 766, by agency."""
        keys = self.names.keys["scores"]

        def make(row: Mapping[str, Any]) -> PortalScore:
            return PortalScore(
                text_of(row, keys["agency"]), score_of(row, keys["total"]), text_of(row, keys["scored_at"])
            )

        asked = {"timeType": "month", "year": year, "month": month}
        return self._all(Purpose.scores, asked, "agency", make)

    def dossier(self, code: str) -> PortalDossier | None:
        """Raise NotOffered: no such call was described."""
        raise NotOffered

    def push(self, told: PortalDay, *, within: float) -> Receipt:
        """Tell a day's approved counts. Assumed: no such address of the portal is known."""
        self.line.within(within)
        keys, names = self.names.keys["push"], self.names
        head = {
            "message": told.message, "agency": told.agency, "system": told.system, "day": told.day.isoformat(),
            "revision": told.revision, "sequence": told.sequence, "decided_at": told.decided_at.isoformat(),
            "withdrawn": told.withdrawn, "partial": told.partial,
        }  # fmt: skip
        lines = [{keys[name]: value for name, value in line.items()} for line in told.lines]
        body = {**{keys[name]: value for name, value in head.items()}, keys["lines"]: lines}

        def read(status: int, answer: dict[str, Any]) -> Receipt:
            return receipt_of(self._data(status, answer), keys, names.codes["receipt"], told.message)

        return self._send(Purpose.push, body, read)

    def _all(
        self, purpose: Purpose, asked: Mapping[str, Any], key: str, make: Callable[[Mapping[str, Any]], Row]
    ) -> list[Row]:
        """Return the rows of all pages; fewer than the answer itself counts are a fault, never a shorter list."""
        found: dict[str, Row] = {}
        for number in range(1, MAX_ROWS // PAGE_SIZE + 1):
            rows, total = self._page(purpose, {**asked, "currentPage": number, "pageSize": PAGE_SIZE}, make)
            before = len(found)
            add(found, rows, key)
            if len(found) >= total:
                return [found[code] for code in sorted(found)]
            if len(found) == before:  # the same page for ever, or none
                break
        raise PortalFault(Outcome.bad_answer, "fewer rows than told")

    def _page(
        self, purpose: Purpose, asked: Mapping[str, Any], make: Callable[[Mapping[str, Any]], Row]
    ) -> tuple[list[Row], int]:
        def read(status: int, answer: dict[str, Any]) -> tuple[list[Row], int]:
            data = self._data(status, answer)
            total = count_of(data, "total")
            if total is None or total > MAX_ROWS:
                raise PortalFault(Outcome.bad_answer, "total")
            rows = rows_of(data.get("rows"))
            if len(rows) > PAGE_SIZE:  # more than was asked for: whatever counts there is not what we count
                raise PortalFault(Outcome.bad_answer, "rows")
            return [make(row) for row in rows], total

        return self._send(purpose, asked, read)

    def _send(
        self, purpose: Purpose, asked: Mapping[str, Any], read: Callable[[int, dict[str, Any]], Result]
    ) -> Result:  # fmt: skip
        def send() -> Result:
            headers = {"Authorization": f"Bearer {self._token or self._sign_in()}"}
            return self.line.post(self.names.services[purpose.value], asked, read, purpose=purpose, headers=headers)

        try:
            return send()
        except PortalFault as fault:
            if fault.outcome is not Outcome.expired:
                raise
        self._token = None
        return send()

    def _sign_in(self) -> str:
        def read(status: int, answer: dict[str, Any]) -> str:
            token = text_of(self._data(status, answer), "access_token")
            if not token.isascii():
                raise PortalFault(Outcome.bad_answer, "access_token")
            return token

        path = self.names.services["sign_in"]
        try:
            self._token = self.line.post(path, self._client, read, purpose=Purpose.sign_in)
        except PortalFault as fault:
            if fault.outcome is Outcome.expired:  # here it means: not these credentials
                raise PortalFault(Outcome.refused, fault.told) from None
            raise
        return self._token

    def _data(self, status: int, answer: dict[str, Any]) -> dict[str, Any]:
        code = text_of(answer, "code", blank=True)
        if status == 401 or code in self.names.expired:
            raise PortalFault(Outcome.expired, str(status))
        if status not in (200, 201) or code not in self.names.success:
            raise PortalFault(Outcome.refused, str(status))
        data = answer.get("data")
        if not isinstance(data, dict):
            raise PortalFault(Outcome.bad_answer, "data")
        return data
