"""Figures of many unit-days as a file: tried first, told by cell, all of it or nothing, through the figures door."""

import csv
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text

from app.accounts.rules import CITY_SENDER
from app.core.grids import letters
from app.throughput.figures.intake.rules import COLUMNS, heading
from app.throughput.figures.rules import MEASURES
from tests.support.clients import DAY, OTHER, WARD, PageClient, SetClock, line, report
from tests.support.figures import AT, BEFORE, REPORTS, SCOPES, Api, proposals
from tests.support.workbooks import workbook

HEADINGS = tuple(heading(name) for name in COLUMNS)


def row(unit: Any = WARD, day: Any = DAY, system: str = "Thành phố", field: str = "HT", **counts: Any) -> list[Any]:
    """Return a row of the template: all that a report needs, unless it is said otherwise."""
    about = {"unit": unit, "day": day, "system": system, "field": field, "resolved_on_time": 0}
    zeros = dict.fromkeys(("received_counter", "resolved_early", "resolved_overdue", "pending_overdue"), 0)
    values = about | zeros | {"received_online": 5} | counts
    return [values.get(name, "") for name in COLUMNS]


def at(name: str, number: int) -> str:
    return f"{letters(COLUMNS.index(name))}{number}"


def csv_of(*rows: Sequence[Any]) -> bytes:
    return "\n".join(";".join(str(cell) for cell in one) for one in (HEADINGS, *rows)).encode()


def bring(
    client: TestClient, content: bytes, *, dry_run: bool = False, source: str = "one-gate", **said: str
) -> Response:
    path = f"{AT}/import?dry_run={str(dry_run).lower()}"
    return client.post(path, files={"file": ("so lieu.xlsx", content)}, data={"source": source, **said})


@pytest.mark.parametrize("make", [csv_of, lambda *rows: workbook(HEADINGS, *rows)], ids=["csv", "xlsx"])
def test_a_file_of_many_unit_days_is_tried_then_stored_and_kept(api: Api, make: Callable[..., bytes]) -> None:
    analyst = api("city_analyst")
    content = make(
        row(received_online="1.234"), row(field="CT", received_online=2), row(unit=OTHER, day="19/11/2026"),
        row(**dict.fromkeys(MEASURES, "")),  # left blank
        row("Thuận Hóa", system="Bộ, ngành", received_online=7),
    )  # fmt: skip
    dry = bring(analyst, content, dry_run=True).json()
    assert (dry["errors"], dry["stored"], dry["rows"], dry["accepted"]) == ([], False, 4, 3)
    assert [(d["day"], d["system"], d["units"]) for d in dry["days"]] == [
        (BEFORE, "city", 1), (DAY, "city", 1), (DAY, "ministry", 1),
    ]  # fmt: skip
    assert proposals(api()) == {}
    stored = analyst.post(f"{AT}/import", json={"source": "one-gate", "file": dry["file"]["id"]})
    assert (stored.status_code, stored.json()["stored"]) == (200, True), stored.text
    said = proposals(api())
    assert (said["HT.received_online"], said["CT.received_online"]) == (1234, 2)
    found = analyst.get(AT, params={"from": BEFORE, "to": DAY}).json()["items"]
    assert {(i["unit"], i["day"], i["system"]) for i in found} == {
        (OTHER, BEFORE, "city"), (WARD, DAY, "city"), (WARD, DAY, "ministry"),
    }  # fmt: skip
    assert analyst.get(f"/api/v1/files/{dry['file']['id']}").content == content
    again = bring(analyst, content).json()
    assert (again["accepted"], again["unchanged"]) == (0, 3)


WRONG: dict[str, tuple[list[Any], str, str | None]] = {
    "no such unit": (row(unit="99999"), "unknown_unit", at("unit", 3)),
    "no such field": (row(field="G09"), "unknown_field", at("field", 3)),
    "a field that does not apply": (row(field="LN"), "field_not_applicable", at("field", 3)),
    "a day to come": (row(day="2026-11-21"), "day_in_future", at("day", 3)),
    "no day": (row(day="hôm qua"), "bad_date", at("day", 3)),
    "no system": (row(system="tỉnh"), "unknown_system", at("system", 3)),
    "nobody's row": (row(unit=""), "required", at("unit", 3)),
    "negative": (row(received_online=-1), "number_negative", at("received_online", 3)),
    "a fraction": (row(received_online="1,5"), "number_fractional", at("received_online", 3)),
    "too much": (row(received_online=10**7), "number_too_large", at("received_online", 3)),
    "words": (row(received_online="năm"), "number_text", at("received_online", 3)),
    "more withdrawn": (row(field="CT", withdrawn=2), "withdrawn_over", at("withdrawn", 3)),
    "a field twice": (row(), "duplicate_line", at("field", 3)),
    "does not add up": (row(OTHER, carried_over=1, pending_in_time=1), "unbalanced", "3"),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_wrong_row_is_told_by_its_cell_and_nothing_is_stored(app: FastAPI, api: Api, why: str) -> None:
    wrong, code, place = WRONG[why]
    analyst = api("city_analyst")
    dry = bring(analyst, csv_of(row(), wrong), dry_run=True).json()
    assert [(e["code"], e["place"]) for e in dry["errors"]] == [(code, place)]
    refused = bring(analyst, csv_of(row(), wrong))
    assert refused.status_code == 422
    assert [e["pointer"] for e in refused.json()["errors"]] == [e["pointer"] for e in dry["errors"]]
    with app.state.database.engine.connect() as connection:
        for table in ("figure_days", "external_figures", "figure_sources", "figure_senders"):
            assert connection.execute(text(f"select count(*) from {table}")).scalar_one() == 0


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_rows(api: Api) -> None:
    rows = row(unit="99999"), row(received_online="x"), row(field="G09", day=BEFORE)
    found = bring(api("city_analyst"), csv_of(*rows), dry_run=True).json()["errors"]
    assert [e["place"] for e in found] == [at("unit", 2), at("received_online", 3), at("field", 4)]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"a;b\n1;2", "figures_not_understood"), (csv_of(), "file_without_figures"), (b"", "file_empty")],
)
def test_a_file_of_something_else_is_refused(api: Api, content: bytes, code: str) -> None:
    refused = bring(api("city_analyst"), content)
    assert (refused.status_code, code in refused.text) == (422, True), refused.text


def test_a_column_that_may_be_figures_is_not_left_out_in_silence(api: Api) -> None:
    content = workbook((*HEADINGS, "Hồ sơ quá hạn"), [*row(), 4])
    found = bring(api("city_analyst"), content, dry_run=True).json()["errors"]
    assert [(e["code"], e["place"]) for e in found] == [("column_unclear", f"{letters(len(COLUMNS))}1")]


def test_totals_come_as_a_file_too(api: Api) -> None:
    analyst = api("city_analyst")
    content = csv_of(row(day=BEFORE, received_online=10), row(received_online=13))
    assert bring(analyst, content, basis="cumulative", since=BEFORE).json()["accepted"] == 2
    assert proposals(api())["HT.received_online"] == 3
    shrunk = bring(analyst, csv_of(row(received_online=9)), basis="cumulative", since=BEFORE)
    assert shrunk.json()["errors"][0]["code"] == "total_shrank"
    assert bring(analyst, content, basis="cumulative").json()["code"] == "since_missing"


def test_a_files_figures_become_reports_where_the_unit_says_so(api: Api) -> None:
    analyst = api("city_analyst")
    setting = {"unit": WARD, "system": "city", "source": "one-gate", "confirms": True}
    assert analyst.put(f"{AT}/sources", json=setting).status_code == 200
    (of_day,) = bring(analyst, csv_of(row(received_online=8))).json()["days"]
    assert (of_day["confirmed"], of_day["not_confirmed"]) == (1, 0)
    assert api().get(f"{REPORTS}/{WARD}/{DAY}/city").json()["totals"]["received"] == 8
    theirs = {"source": "one-gate", "kind": "unit", "code": "PTH", "target": WARD}
    assert analyst.put("/api/v1/external-codes", json=theirs).is_success
    rows = row("PTH", received_online=9), row("Thuận Hóa", day=BEFORE), row(unit=OTHER)
    dry = bring(analyst, csv_of(*rows), dry_run=True).json()
    assert [(one["unit"], one["day"], one["status"]) for one in dry["confirming"]] == [
        (WARD, BEFORE, "confirmed"), (WARD, DAY, "confirmed"),
    ]  # fmt: skip


def test_who_brings_a_file_gives_the_reason_of_a_late_correction_and_none_is_invented(
    api: Api, clock: SetClock
) -> None:
    analyst = api("city_analyst")
    setting = {"unit": WARD, "system": "city", "source": "one-gate", "confirms": True}
    analyst.put(f"{AT}/sources", json=setting)
    bring(analyst, csv_of(row(received_online=8)))
    clock.set("2026-11-23T10:00:00+07:00")
    content = csv_of(row(received_online=9))

    def became(**said: Any) -> tuple[str, str | None]:
        (one,) = bring(analyst, content, **said).json()["results"]
        return one["confirmation"]["status"], one["confirmation"]["code"]

    def stands() -> list[Any]:
        found = api().get(f"{REPORTS}/{WARD}/{DAY}/city").json()
        return [found["totals"]["received"], *((r["warning"], r["reason"], r["note"]) for r in found["reasons"])]

    assert (became(), stands()) == (("refused", "reason_required"), [8]), "its figures are kept beside"
    assert proposals(api())["HT.received_online"] == 9
    unsaid = bring(analyst, content, reason="other")
    assert (unsaid.status_code, unsaid.json()["code"]) == (422, "note_required")
    assert became(reason="wrong_field", note="Hai hồ sơ ghi nhầm") == ("confirmed", None)
    assert stands() == [9, ("correction", "wrong_field", "Hai hồ sơ ghi nhầm")]


def test_a_machine_brings_files_of_its_unit_and_the_city_speaks_in_no_machines_name(api: Api) -> None:
    machine, analyst = api("machine", WARD, [*SCOPES, "figures:import"], name="one-gate"), api("city_analyst")
    kept = bring(machine, csv_of(row())).json()["file"]["id"]
    assert bring(machine, csv_of(row(unit=OTHER))).json()["errors"][0]["code"] == "unit_not_allowed"
    refused = bring(analyst, csv_of(row()))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "source_of_another")
    assert bring(analyst, csv_of(row()), source="tep").status_code == 200
    # Whoever of the city brings it: one name for all of them.
    other = api("city_analyst", name="another")
    assert bring(other, csv_of(row(received_online=6)), source="tep").json()["accepted"] == 1
    assert (
        other.post(f"{AT}/import", json={"source": "tep", "file": kept}).json()["errors"][0]["code"] == "unknown_file"
    )
    assert bring(api(), csv_of(row())).status_code == 403
    given = analyst.put(f"{AT}/senders/one-gate", json={"unit": WARD, "sender": CITY_SENDER})
    assert given.status_code == 200, given.text
    assert bring(analyst, csv_of(row(received_online=7))).json()["accepted"] == 1
    assert bring(machine, csv_of(row())).json()["code"] == "source_of_another"
    taken = {"role": "machine", "scopes": ["figures:import"], "name": CITY_SENDER}
    refused = api("administrator").post("/api/v1/tokens", json=taken)
    assert (refused.status_code, refused.json()["code"]) == (422, "token_name_taken")


@pytest.mark.parametrize("shape", ["csv", "xlsx"])
def test_the_template_has_a_row_for_each_field_and_comes_back(api: Api, shape: str) -> None:
    analyst = api("city_analyst")
    content = analyst.get(f"{AT}/template.{shape}", params={"day": DAY, "unit": WARD, "system": "city"}).content
    assert bring(analyst, content, dry_run=True).json()["errors"][0]["code"] == "file_without_figures"
    if shape == "csv":
        lines = content.decode("utf-8-sig").splitlines()
        assert next(csv.reader(lines)) == list(HEADINGS)
        assert lines[1].startswith(f"{WARD},Thuận Hóa,{DAY},Thành phố,")
        lines[1] = lines[1].rstrip(",") + ",,5"
        dry = bring(analyst, "\n".join(lines).encode(), dry_run=True).json()
        assert (dry["errors"], dry["accepted"]) == ([], 1)


def test_the_template_is_of_the_last_working_day(api: Api, clock: SetClock) -> None:
    analyst = api("city_analyst")
    assert analyst.get(f"{AT}/template").json()["day"] == DAY
    clock.set("2026-11-22T09:00:00+07:00")
    assert analyst.get(f"{AT}/template").json()["day"] == DAY, "of Friday, on a Sunday"
    assert analyst.get(f"{AT}/template", params={"day": "2026-11-22"}).json()["day"] == "2026-11-22"


def test_the_page_shows_what_is_wrong_then_stores_what_was_tried(people: Callable[..., PageClient]) -> None:
    page = people("city_analyst")
    assert 'name="source"' in page.get("/throughput/figures/template").text

    def tried(content: bytes) -> str:
        return page.post(
            "/throughput/figures/import?dry_run=true", data={"source": "tep", "basis": "daily", "since": ""},
            files={"file": ("so.csv", content)},
        ).text  # fmt: skip

    wrong = tried(csv_of(row(unit="99999")))
    assert f"<strong>{at('unit', 2)}</strong>" in wrong
    right = tried(csv_of(row()))
    number = right.split('name="file" value="')[1].split('"')[0]
    said = {"file": number, "source": "tep", "basis": "daily"}
    stored = page.post("/throughput/figures/import?dry_run=false", data=said, follow_redirects=False)
    assert (stored.status_code, stored.headers["location"]) == (
        303,
        f"/throughput/figures?from={DAY}&to={DAY}&source=tep&imported=1",
    )
    assert "notice--success" in page.get(stored.headers["location"]).text


def test_the_page_says_which_figures_become_reports_and_which_did_not(
    api: Api, people: Callable[..., PageClient], clock: SetClock
) -> None:
    for unit in (WARD, OTHER):
        setting = {"unit": unit, "system": "city", "source": "tep", "confirms": True}
        assert api("city_analyst").put(f"{AT}/sources", json=setting).status_code == 200
    assert api(unit=OTHER).put(f"{REPORTS}/{OTHER}/{DAY}/city", json=report(line(received_online=3))).is_success
    page = people("city_analyst")
    template = page.get("/throughput/figures/template").text
    assert "trừ đơn vị đã chọn tự xác nhận" in template
    assert "trừ đơn vị đã chọn tự xác nhận" in page.get("/throughput/figures").text
    content = csv_of(row(), row(unit=OTHER), row(system="Bộ, ngành", field="LT"))

    def tried() -> tuple[str, str]:
        data, files = {"source": "tep", "basis": "daily", "since": ""}, {"file": ("so.csv", content)}
        text = page.post("/throughput/figures/import?dry_run=true", data=data, files=files).text
        return text, text.split('name="file" value="')[1].split('"')[0]

    def stored(number: str, **more: str) -> str:
        said = {"file": number, "source": "tep", "basis": "daily"} | more
        answer = page.post("/throughput/figures/import?dry_run=false", data=said, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return page.get(answer.headers["location"]).text

    preview, number = tried()
    named = preview.split("Sẽ thành báo cáo của đơn vị")[1].split("</ul>")[0]
    assert [words in named for words in ("Thuận Hóa", "thuộc đơn vị đã chọn tự xác nhận")] == [True, True]
    assert named.count("<li>") == 1, "not the ministry's, nor where a person has reported"
    (kept,) = preview.split("Chưa thành báo cáo")[1].split("</ul>")[0].split("<li>")[1:]
    assert "phường Phú Xuân" in kept
    assert "báo cáo không do nguồn này lập" in kept
    told = stored(number, reason="")
    assert "Đã lập thành báo cáo: 1 phần." in told
    assert "1 phần: đã có báo cáo không do nguồn này lập" in told
    # The same file again has something to do while reports wait for a reason.
    clock.set("2026-11-23T10:00:00+07:00")
    page = people("city_analyst")  # after a week-end one signs in again
    content = csv_of(row(received_online=7))
    told = stored(tried()[1], reason="")
    assert "1 phần: đã qua thời gian được sửa tự do" in told
    again, number = tried()
    assert '<option value="source_error">' in again
    assert "Đã lập thành báo cáo: 1 phần." in stored(number, reason="source_error")


def test_a_table_that_is_too_large_is_no_photo(
    app: FastAPI, people: Callable[..., PageClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.settings, "max_file_bytes", 1024)
    page = people("city_analyst")
    form = page.get("/throughput/figures/template").text
    assert 'data-limit="1024"' in form
    refused = page.post(
        "/throughput/figures/import?dry_run=true", data={"source": "tep", "basis": "daily"},
        files={"file": ("so.csv", b"0" * 2000)},
    )  # fmt: skip
    assert refused.status_code == 413
    for shown in (form, refused.text):
        assert "Tệp quá lớn, chỉ nhận đến 1 KB. Chọn tệp khác." in shown
        assert "ảnh" not in shown.split("Tệp quá lớn")[1][:100]
