"""The pages of tasks without script: each kind is audited, and the common journeys are gone through."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.core.web import API
from app.tasks.pages import ActPage
from tests.accounts import PASSWORD, make_user
from tests.pages.test_throughput_pages import form_of
from tests.support.clients import WARD, PageClient, SetClock
from tests.support.page import read as read_page
from tests.support.tasks import DOCUMENT, PDF, with_directive, with_task

Api = Callable[..., TestClient]
People = Callable[..., PageClient]
SOME = (
    "/tasks", "/tasks?bucket=due_soon&q=thu&programme=city", "/tasks?as_of=2026-11-01", "/tasks/summary",
    "/tasks/summary?programme=city", "/tasks/compare", "/tasks/compare?from=2026-11-01&to=2026-11-20", "/tasks/scope",
    "/tasks/gaps", "/tasks/programmes", "/tasks/programmes/centre", "/tasks/new", "/tasks/T1", "/tasks/T1/form",
    "/tasks/G.19789", "/tasks/G/matrix", "/tasks/T1/matrix", "/directives", "/directives/new", "/directives/1",
    "/directives/1/edit", "/directives/1/hand-out", "/tasks/mine?unit=19789",
    *(f"/tasks/T1/acts/{act}" for act in ActPage),
)  # fmt: skip


@pytest.fixture
def given(api: Api, clock: SetClock) -> None:
    """A directive, a task in the middle of its life, and one handed to two units."""
    analyst, officer = api("city_analyst"), api()
    clock.set("2026-11-02T09:00:00+07:00")
    number = with_directive(analyst)
    with_task(analyst, "T1", number, deadline="2026-11-25", coordinating_units=["SO-KHCN"], clause="II.1")
    with_task(analyst, "T2", number, kind="regular", rhythm="week", deadline=None)
    milestones = {"items": [{"title": "Bước một", "weight": 2}, {"title": "Bước hai", "weight": 1}]}
    assert analyst.put(f"{API}/tasks/T1/milestones", json=milestones, headers={"if-match": '"1"'}).is_success
    assert officer.post(f"{API}/tasks/T1/updates", json={"done": "Đã khảo sát", "milestones": [1]}).is_success
    assert officer.post(f"{API}/tasks/T1/evidence", files={"file": ("bien-ban.pdf", PDF)}).is_success
    extended = {"deadline": "2026-11-27", "document": DOCUMENT, "reason": "Mưa lũ"}
    assert analyst.post(f"{API}/tasks/T1/extensions", json=extended).is_success
    act = {
        "code": "G", "title": "Giao đồng loạt", "programme": "city", "lead_unit": "SO-KHCN",
        "units": ["19789", "19753"], "deadline": "2026-11",
    }  # fmt: skip
    assert analyst.post(f"{API}/directives/{number}/hand-outs", json=act).is_success
    clock.set("2026-11-20T16:45:00+07:00")


@pytest.mark.parametrize("locale", ["vi", "en", "fr"])
def test_every_page_of_tasks(people: People, given: None, locale: str) -> None:
    browser = people("city_analyst")
    browser.post("/language", data={"locale": locale, "to": "/"})
    browser.locale = locale
    for path in SOME:
        answer = browser.get(path)
        assert answer.status_code == 200, (path, answer.text)
    ward = people()
    for path in ("/tasks/mine", "/tasks", "/tasks/T1", "/tasks/T1/acts/updates", "/directives/1"):
        assert ward.get(path).status_code == 200, path


def test_a_past_page_keeps_its_moment(people: People, given: None) -> None:
    analyst = people("city_analyst")
    moment = "2026-11-05T02:00:00%2B07:00"  # the day before, by UTC
    for path in ("/tasks/G?q_as_of=2020-01-01&", "/tasks?", "/tasks/summary?"):
        assert 'name="as_of" type="date" value="2026-11-05"' in analyst.get(f"{path}as_of={moment}").text, path
    assert "/tasks/G.19789?as_of=2026-11-05T02%3A00" in analyst.get(f"/tasks/G?as_of={moment}").text
    assert "/tasks/G?as_of=2026-11-05T02%3A00" in analyst.get(f"/tasks/G.19789?as_of={moment}").text


def test_only_the_lead_is_asked_how_far_a_task_is(api: Api, people: People) -> None:
    analyst = api("city_analyst")
    with_task(analyst, "T1", with_directive(analyst), coordinating_units=["SO-KHCN"])
    asked = [
        'name="percent"' in people(*role).get("/tasks/T1/acts/updates").text
        for role in ((), ("city_analyst",), ("department_officer",))
    ]
    assert asked == [True, True, False]


def test_an_officer_updates_with_one_tap_and_proposes_with_evidence(people: People, given: None) -> None:
    officer, analyst = people(), people("city_analyst")
    desk = officer.get("/tasks/mine").text
    assert desk.index('id="due"') < desk.index('id="running"')
    key = re.search(r'action="/tasks/T1/updates".*?name="_idempotency_key" value="([^"]+)"', desk, re.DOTALL)
    assert key
    tap = {"on_track": "true", "_idempotency_key": key[1]}
    for _ in range(2):
        assert officer.post("/tasks/T1/updates", data=tap).status_code == 303
    assert officer.get("/tasks/T1").text.count(": Vẫn đúng tiến độ") == 1, "a double tap is one update"
    form = officer.get("/tasks/T1/acts/proposal").text
    number = re.search(r'name="evidence\[\]" type="checkbox" value="(\d+)"', form)
    assert number
    refused = officer.post("/tasks/T1/proposal", data={"result": "Đã xong phần mềm"})
    assert refused.status_code == 422
    assert "Đã xong phần mềm" in refused.text, "nothing typed is lost"
    assert "minh chứng" in refused.text
    sent = officer.post("/tasks/T1/proposal", data={"result": "Đã xong", "evidence[]": number[1]})
    assert (sent.status_code, sent.headers["location"]) == (303, "/tasks/T1")
    returned = analyst.post("/tasks/T1/return", data={"reason": "Thiếu biên bản"})
    assert returned.status_code == 303
    assert "Thiếu biên bản" in officer.get("/tasks/T1").text
    again = officer.post("/tasks/T1/proposal", data={"result": "Đã bổ sung", "document": "12/BC-UBND"})
    assert again.status_code == 303
    assert analyst.post("/tasks/T1/acceptance", data={"note": ""}).status_code == 303
    assert "Hoàn thành đúng hạn" in officer.get("/tasks/T1").text


def test_words_and_a_photo_go_in_one_form(people: People, api: Api, given: None) -> None:
    officer, photo = people(), ("anh.jpg", b"\xff\xd8\xff" + b"0" * 30)
    form = officer.get("/tasks/T1/acts/updates").text
    assert 'enctype="multipart/form-data"' in form
    refused = officer.post("/tasks/T1/updates", data={"done": "Đã lắp"}, files={"file": ("a.exe", b"MZ")})
    assert refused.status_code == 422
    assert "Đã lắp</textarea>" in refused.text, "what was typed stays"
    sent = {"done": "Đã lắp ba máy", "milestones[]": ["2"], "causes": "", "_idempotency_key": "mot-lan"}
    for _ in range(2):  # a slow line, tapped twice
        assert officer.post("/tasks/T1/updates", data=sent, files={"file": photo}).status_code == 303
    nobody_chose = officer.post("/tasks/T1/updates", data={"done": "Không có ảnh"}, files={"file": ("", b"")})
    assert nobody_chose.status_code == 303, nobody_chose.text
    told = api().get(f"{API}/tasks/T1").json()
    assert [update["done"] for update in told["updates"]] == ["Không có ảnh", "Đã lắp ba máy", "Đã khảo sát"]
    assert [proof["title"] for proof in told["updates"][1]["evidence"]] == ["anh.jpg"]
    assert told["percent"]["value"] == 100, "the milestone counted too"


def test_a_refused_form_says_that_its_photo_has_to_be_chosen_again(people: People, given: None) -> None:
    officer, photo = people(), ("anh.jpg", b"\xff\xd8\xff" + b"0" * 30)
    wrong = {"done": "Đã lắp", "link": "khong phai lien ket"}
    told = [officer.post("/tasks/T1/updates", data=wrong, files={"file": f}) for f in (photo, ("", b""))]
    assert [one.status_code for one in told] == [422, 422]
    assert ["Tệp “anh.jpg” chưa được lưu" in one.text for one in told] == [True, False]
    assert 'aria-describedby="file-hint file-error"' in told[0].text


@pytest.mark.parametrize("form", ["updates", "evidence"])
def test_a_photo_over_the_limit_is_told_beside_it_and_the_words_stay(people: People, given: None, form: str) -> None:
    officer, photo = people(), ("anh.jpg", b"\xff\xd8\xff" + b"0" * 6_000_000)
    page = officer.get(f"/tasks/T1/acts/{form}").text
    assert 'data-limit="5242880" data-too-large="Tệp quá lớn, chỉ nhận đến 5 MB.' in page
    refused = officer.post(f"/tasks/T1/{form}", data={"done": "Đã lắp ba máy"}, files={"file": photo})
    assert refused.status_code == 413
    assert '<a href="#file">Tệp quá lớn, chỉ nhận đến 5 MB.' in refused.text
    assert 'id="file-error">Tệp quá lớn' in refused.text
    assert ("Đã lắp ba máy</textarea>" in refused.text) is (form == "updates")
    # A photo of today's phones, and a browser that names the words after it.
    many: Any = [("file", ("anh.jpg", b"\xff\xd8\xff" + b"0" * 22_000_000)), ("done", (None, "Đã lắp ba máy"))]
    beyond = officer.post(f"/tasks/T1/{form}", files=many)
    assert (beyond.status_code, 'id="file-error">Tệp quá lớn' in beyond.text) == (413, True)
    assert ("Đã lắp ba máy</textarea>" in beyond.text) is (form == "updates")


def test_what_is_too_large_to_be_read_past_leads_back_to_the_form(people: People, given: None) -> None:
    officer = people()
    headers = {"content-length": "400000000", "content-type": "multipart/form-data; boundary=x"}
    headers["referer"] = "http://testserver/tasks/T1/acts/updates"
    told = officer.post("/tasks/T1/updates", content=b"--x--", headers=headers)
    assert told.status_code == 413
    assert "Tệp quá lớn, chỉ nhận đến 5 MB." in told.text
    assert "những gì đã nhập vẫn còn ở đó" in told.text
    assert '<a class="button" href="/tasks/T1/acts/updates">' in told.text
    elsewhere = officer.post("/tasks/T1/updates", content=b"", headers=headers | {"referer": "https://other.vn/a"})
    assert "other.vn" not in elsewhere.text


def test_what_was_sent_is_said_where_the_answer_leads(people: People, given: None) -> None:
    officer = people()
    sent = officer.post("/tasks/T1/updates", data={"done": "Đã lắp ba máy"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/tasks/T1")
    assert 'id="said"' not in people("city_analyst").get("/tasks/T1").text, "it was another's act"
    assert 'id="said"' not in officer.get("/tasks/T1/asking").text
    said = officer.get("/tasks/T1").text.split('id="said"')[1].split("</div>")[0]
    assert "Đã gửi, hệ thống đã lưu." in said
    assert 'href="/tasks/mine"' in said
    assert 'id="said"' not in officer.get("/tasks/T1").text, "it is said once"


def test_the_same_photo_again_without_a_word_is_no_update(people: People, api: Api, given: None) -> None:
    officer, photo = people(), ("anh.jpg", b"\xff\xd8\xff" + b"0" * 30)
    assert officer.post("/tasks/T1/updates", data={"done": ""}, files={"file": photo}).status_code == 303
    again = officer.post("/tasks/T1/updates", data={"done": ""}, files={"file": photo})
    assert again.status_code == 422
    assert "Tệp này đã được gửi" in again.text
    told = officer.post("/tasks/T1/updates", data={"done": "Vẫn ảnh ấy"}, files={"file": photo})
    assert told.status_code == 303, "words are an update, whatever the photo"
    updates = api().get(f"{API}/tasks/T1").json()["updates"]
    said = [(u["done"], [e["title"] for e in u["evidence"]]) for u in updates]
    assert said == [("Vẫn ảnh ấy", []), (None, ["anh.jpg"]), ("Đã khảo sát", [])]


def test_a_file_is_attached_by_a_plain_form(people: People, given: None) -> None:
    officer = people()
    sent = officer.post("/tasks/T1/evidence", files={"file": ("anh.png", b"\x89PNG\r\n\x1a\n" + b"0" * 20)})
    assert sent.status_code == 303
    link = re.search(r'href="(/tasks/T1/files/\d+)">anh.png', officer.get("/tasks/T1").text)
    assert link
    given_back = officer.get(link[1])
    assert given_back.headers["content-disposition"].startswith("attachment")
    assert given_back.headers["x-content-type-options"] == "nosniff"
    refused = officer.post("/tasks/T1/evidence", files={"file": ("virus.exe", b"MZ")})
    assert refused.status_code == 422
    assert "Không nhận loại tệp này" in refused.text


def test_an_analyst_adds_hands_out_and_changes_the_base(people: People, given: None) -> None:
    analyst = people("city_analyst")
    new = {
        "code": "T9", "title": "Nhiệm vụ mới", "programme": "city", "directive": "1", "lead_unit": "SO-KHCN",
        "coordinating_units[]": ["19789", "19753"], "deadline": "2026-Q4", "kind": "dated", "tags[0]": "moi",
        "tags[1]": "", "weight": "2", "roll_up": "own", "clause": "", "parent": "",
    }  # fmt: skip
    sent = analyst.post("/tasks", data=new)
    assert (sent.status_code, sent.headers["location"]) == (303, "/tasks/T9"), sent.text
    assert "quý 4/2026" in analyst.get("/tasks/T9").text
    bad = analyst.post("/tasks", data=new | {"code": "T10", "deadline": "2025-12"})
    assert bad.status_code == 422
    assert 'value="2025-12"' in bad.text
    assert "trước ngày ban hành" in bad.text
    edit = {k: v for k, v in new.items() if k not in ("code", "programme", "kind")} | {"title": "Nhiệm vụ đã sửa"}
    changed = analyst.post("/tasks/T9", data=edit | {"_method": "PUT", "_if_match": "1"})
    assert changed.status_code == 303, changed.text
    mine = edit | {"title": "Khác", "coordinating_units[]": ["19753"], "tags[0]": "cua_toi"}
    stale = analyst.post("/tasks/T9", data=mine | {"_method": "PUT", "_if_match": "1"})
    assert stale.status_code == 412
    rows = re.findall(r"<tr role=\"row\">.*?</tr>", stale.text.split('id="clash"')[1].split("</table>")[0], re.DOTALL)
    both = [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)).strip() for row in rows]
    assert both[0] == "Nội dung Nhiệm vụ đã sửa Khác", "what is kept stands beside what was typed"
    assert both[1] == "Đơn vị phối hợp Phú Xuân, Thuận Hóa Phú Xuân", both
    assert len(both) == 3, "what does not differ is not listed"
    assert 'value="cua_toi"' in stale.text, "nothing typed is lost"
    assert "\nKhác</textarea>" in stale.text
    again = re.search(r'name="_if_match" value="([^"]+)"', stale.text)
    assert again is not None
    assert analyst.post("/tasks/T9", data=mine | {"_method": "PUT", "_if_match": again[1]}).status_code == 303
    assert "Khác" in analyst.get("/tasks/T9").text
    handed = analyst.post(
        "/directives/1/hand-outs",
        data={"code": "H", "title": "Ban hành kế hoạch", "programme": "city", "lead_unit": "SO-KHCN",
              "kinds[]": ["ward", "commune"], "deadline": "2026-12"},
    )  # fmt: skip
    assert handed.headers["location"] == "/tasks/H/matrix"
    assert "0/40 đơn vị" in analyst.get("/tasks/H/matrix").text
    blank = analyst.post("/tasks/T9/cancellation", data={"note": "Trùng"})
    assert blank.status_code == 422
    assert "văn bản" in blank.text
    paper = {"document[number]": "9/TB", "document[day]": "2026-11-19"}
    assert analyst.post("/tasks/T9/cancellation", data=paper).status_code == 303
    ledger = analyst.get("/tasks/scope").text
    assert "9/TB" in ledger
    assert 'data-label="Đơn vị chủ trì"><span lang="vi">Thuận Hóa</span>' in ledger
    offered = re.compile(
        r'<select id="parts-0-lead_unit"[^>]*><option value="">–</option>.*<option value="19789">Thuận Hóa<'
    )
    assert offered.search(analyst.get("/tasks/T1/acts/split").text), "a unit is chosen by its name"
    refused = analyst.post("/tasks/T1/split", data={"parts[0][code]": "T1a"})
    assert refused.status_code == 422
    assert offered.search(refused.text)
    split = {"parts[0][code]": "T1a", "parts[0][title]": "Một", "parts[1][code]": "T1b", "parts[1][title]": "Hai",
             "parts[2][code]": "", "parts[2][title]": ""}  # fmt: skip
    assert analyst.post("/tasks/T1/split", data=split | paper).status_code == 303
    assert "T1a" in analyst.get("/tasks/T1").text


@pytest.mark.parametrize("brought", ["photo", "no photo", "plain form"])
def test_words_survive_the_end_of_the_session_and_the_file_is_asked_for_again(
    app: FastAPI, stranger: PageClient, api: Api, given: None, brought: str
) -> None:
    make_user(app, "canbo.mot")
    photo, with_photo = ("anh.jpg", b"\xff\xd8\xff" + b"0" * 30), brought == "photo"
    files: Any = {"photo": {"file": photo}, "no photo": {"file": ("", b"")}, "plain form": None}[brought]
    said = {"done": "Đã lắp ba máy", "help": "Cần thêm một máy in", "_idempotency_key": "mot-lan"}
    refused = stranger.post("/tasks/T1/updates", data=said, files=files)
    assert refused.status_code == 401
    fields = hidden_fields(refused.text)
    assert (fields["kept_for"], fields.get("kept_file")) == ("/tasks/T1/updates", "anh.jpg" if with_photo else None)
    wrong = stranger.post("/sign-in", data=fields | {"user_name": "canbo.mot", "password": "sai"})
    fields = hidden_fields(wrong.text)
    entered = stranger.post("/sign-in", data=fields | {"user_name": "canbo.mot", "password": PASSWORD})
    fields = hidden_fields(entered.text)
    assert fields.pop("file", "") == ""
    assert fields == said
    assert ('enctype="multipart/form-data"' in entered.text) is with_photo
    assert ("Tệp “anh.jpg” chưa được gửi" in entered.text) is with_photo
    chosen_again = {"file": photo} if with_photo else None
    assert stranger.post("/tasks/T1/updates", data=fields, files=chosen_again).status_code == 303
    told = api().get(f"{API}/tasks/T1").json()["updates"][0]
    assert (told["done"], told["help"]) == (said["done"], said["help"])
    assert [proof["title"] for proof in told["evidence"]] == (["anh.jpg"] if with_photo else [])


def test_more_words_than_a_form_has_are_not_carried(stranger: PageClient, app: FastAPI, given: None) -> None:
    much = {f"field{n}": "x" * 60_000 for n in range(20)}
    refused = stranger.post("/tasks/T1/updates", data=much, files={"file": ("a.jpg", b"x")})
    assert refused.status_code == 401
    assert "kept_for" not in hidden_fields(refused.text)


def test_what_a_colleague_set_meanwhile_survives_a_stale_edit(people: People, api: Api, given: None) -> None:
    analyst, colleague, at = people("city_analyst"), api("city_analyst"), f"{API}/tasks/T1"
    mine = edit_form(analyst.get("/tasks/T1/form").text) | {"title": "Nhiệm vụ đổi tên", "authority": "Phòng A"}
    stands = colleague.get(f"{at}/form")
    theirs = stands.json() | {"product": "Báo cáo khảo sát", "tags": ["gap"], "authority": "Phòng B"}
    assert colleague.put(at, json=theirs, headers={"if-match": stands.headers["etag"]}).is_success
    stale = analyst.post("/tasks/T1", data=mine)
    assert stale.status_code == 412
    listed = stale.text.split('id="clash"')[1].split("</table>")[0]
    assert re.findall(r'<th scope="row"><a href="#(\w+)"', listed) == ["authority"], "only what both changed"
    assert ("Phòng A" in listed, "Phòng B" in listed) == (True, True)
    assert '<a href="#product">' in stale.text
    drawn = edit_form(stale.text)
    assert (drawn["title"], drawn["product"], drawn["tags[0]"]) == ("Nhiệm vụ đổi tên", "Báo cáo khảo sát", "gap")
    assert (drawn["authority"], drawn["coordinating_units[]"]) == ("Phòng A", "SO-KHCN")
    assert analyst.post("/tasks/T1", data=drawn).status_code == 303
    now = colleague.get(f"{at}/form").json()
    assert now == theirs | {"title": "Nhiệm vụ đổi tên", "authority": "Phòng A"}


def test_a_form_refused_for_something_else_passes_over_nobody(people: People, api: Api, given: None) -> None:
    analyst, colleague, at = people("city_analyst"), api("city_analyst"), f"{API}/tasks/T1"
    mine = edit_form(analyst.get("/tasks/T1/form").text) | {"title": ""}
    stands = colleague.get(f"{at}/form")
    changed = stands.json() | {"product": "Báo cáo khảo sát"}
    assert colleague.put(at, json=changed, headers={"if-match": stands.headers["etag"]}).is_success
    refused = analyst.post("/tasks/T1", data=mine)
    assert refused.status_code == 422
    assert '<a href="#title">' in refused.text
    again = edit_form(refused.text) | {"title": "Có tên"}
    assert analyst.post("/tasks/T1", data=again).status_code == 303
    assert colleague.get(f"{at}/form").json() == changed | {"title": "Có tên"}


def test_progress_meanwhile_is_no_clash_of_fields(people: People, api: Api, given: None) -> None:
    analyst = people("city_analyst")
    mine = edit_form(analyst.get("/tasks/T1/form").text) | {"title": "Có tên"}
    assert api().post(f"{API}/tasks/T1/updates", json={"done": "Xong bước hai"}).is_success
    stale = analyst.post("/tasks/T1", data=mine)
    assert stale.status_code == 412
    assert 'id="clash"' not in stale.text
    assert "như cập nhật tiến độ" in stale.text
    assert analyst.post("/tasks/T1", data=edit_form(stale.text)).status_code == 303


def edit_form(page: str) -> dict[str, str]:
    """Return what a browser would send of a task's form, nothing changed."""
    fields = form_of(page, "/tasks/T1")
    radios = [node for node in read_page(page).all("input") if node.attrs.get("type") == "radio"]
    return fields | {node.attrs["name"]: node.attrs["value"] for node in radios if "checked" in node.attrs}


def hidden_fields(page: str) -> dict[str, Any]:
    """Return the hidden fields of a page's own form, those that come several times as a list."""
    fields: dict[str, Any] = {}
    for node in read_page(page).all("input"):
        if "main" in node.parents and node.attrs.get("type") == "hidden":
            name, value = node.attrs["name"], node.attrs["value"]
            fields[name] = [*fields.get(name, []), value] if name.endswith("[]") else value
    return fields


def test_a_units_tasks_are_counted_by_one_rule(people: People, api: Api, given: None) -> None:
    assert people().post("/tasks/T1/proposal", data={"result": "Đã xong", "document": "1/BC"}).status_code == 303
    assert people("city_analyst").post("/tasks/T1/acceptance", data={"note": ""}).status_code == 303
    for role, unit, done in ((), WARD, (1, 0)), (("department_officer",), "SO-KHCN", (0, 1)):
        desk = api(*role).get(f"{API}/tasks/mine").json()
        assert (desk["done"], desk["helped"]) == done
        open_ones = sum(len(part["items"]) for part in desk["parts"])
        assert open_ones + sum(done) == desk["total"] == len(api(*role).get(f"{API}/tasks").json()["items"])
        assert (
            f'/tasks?unit={unit}">Tất cả nhiệm vụ của đơn vị ({desk["total"]})' in people(*role).get("/tasks/mine").text
        )
