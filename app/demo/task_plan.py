"""What the demonstration's tasks are called and when things happen to them: made up, and marked so.

Only the sums are real: 139 tasks with 113 completed (102 on time) at the end of September 2025; 168 with 105 completed,
35 regular and 23 under way at the end of December; 72 research tasks with 54 completed, 29 of them put to use.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from app.demo.plan import draws

MADE_UP = "(minh họa)"
BEGIN = date(2025, 6, 23)
RECLASSIFIED_ON, ADDED_ON = date(2025, 11, 5), date(2025, 11, 12)
WORKS = (
    "Rà soát, hoàn thiện quy định về", "Xây dựng kế hoạch phát triển", "Chuẩn hóa, làm sạch dữ liệu về",
    "Tổ chức tập huấn cho cán bộ cấp xã về", "Nâng cấp hạ tầng phục vụ", "Thí điểm mô hình mới về",
    "Kết nối, chia sẻ dữ liệu về", "Bố trí kinh phí và nhân lực cho", "Đánh giá, công bố mức độ sẵn sàng về",
    "Đưa vào vận hành nền tảng dùng chung về", "Tuyên truyền, hướng dẫn người dân sử dụng", "Kiểm tra việc thực hiện",
)  # fmt: skip
FIELDS = (
    "dịch vụ công trực tuyến", "dữ liệu đất đai", "định danh và chữ ký số", "hồ sơ sức khỏe điện tử",
    "học bạ số", "thanh toán không dùng tiền mặt", "an toàn thông tin", "đô thị thông minh", "di sản số",
    "nông nghiệp số", "doanh nghiệp khởi nghiệp sáng tạo", "nhân lực khoa học, công nghệ", "du lịch thông minh",
    "trung tâm dữ liệu",
)  # fmt: skip
DEPARTMENTS = (
    "SO-KHCN", "VP-UBND", "SO-NV", "SO-TC", "SO-XD", "SO-NNMT", "SO-GDDT", "SO-YT", "SO-TP", "SO-CT", "SO-VHTT",
    "SO-DL", "CA", "TTPVHCC",
)  # fmt: skip
RESEARCH = (
    "Nghiên cứu công nghệ bảo quản", "Nghiên cứu mô hình dự báo", "Hoàn thiện quy trình sản xuất",
    "Xây dựng bộ dữ liệu về", "Ứng dụng trí tuệ nhân tạo trong", "Chế tạo thiết bị phục vụ",
)  # fmt: skip
TOPICS = (
    "di tích gỗ", "lũ trên lưu vực sông Hương", "cây thanh trà", "nghề thủ công truyền thống", "đầm phá Tam Giang",
    "dược liệu bản địa", "giao thông đô thị", "du lịch cộng đồng", "nuôi trồng thủy sản", "bản đồ số di sản",
    "chẩn đoán hình ảnh", "quan trắc môi trường",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planned:
    """A task of the demonstration: what it is, and the days on which something happens to it (None: does not)."""

    code: str
    title: str
    lead: str
    deadline: str | None
    added: date
    kind: str = "dated"
    rhythm: str | None = None
    unclassified: bool = False
    started: date | None = None
    done: date | None = None
    accepted: date | None = None
    reclassified: date | None = None
    extended: tuple[date, str] | None = None
    tags: tuple[str, ...] = ()


def centre(seed: int) -> Iterator[Planned]:
    """Yield the tasks of the centre's plan: 139 from the beginning, 29 added in November 2025."""
    random = draws("tasks", "centre", seed)
    for number in range(1, 169):
        yield _centre_task(number, random)


def _centre_task(number: int, random: Random) -> Planned:
    index = number - 1
    title = f"{WORKS[index % 12]} {FIELDS[index // 12]} {MADE_UP}"
    code, lead = f"KH02-{number:03}", DEPARTMENTS[index % len(DEPARTMENTS)]
    rhythm = ("month", "quarter")[number % 2]
    if number <= 113:
        period, last = random.choice((("2025-06-30", 630), ("2025-07", 731), ("2025-08", 831), ("2025-Q3", 925)))
        if number > 102 and last == 925:
            period, last = "2025-07", 731
        limit = date(2025, last // 100, last % 100)
        first = max(BEGIN + timedelta(days=2), limit - timedelta(days=25))
        done = first + timedelta(days=random.randint(0, (limit - first).days))
        if number > 102:
            done = limit + timedelta(days=random.randint(3, 20))
        # Every eighth of the punctual ones goes on as a regular task by the marked, invented document.
        moved = RECLASSIFIED_ON if number <= 96 and number % 8 == 0 else None
        return Planned(
            code, title, lead, period, BEGIN, started=BEGIN + timedelta(days=1), done=done,
            accepted=done + timedelta(days=random.randint(1, 4)), reclassified=moved, rhythm=rhythm if moved else None,
        )  # fmt: skip
    if number <= 117:
        done = date(2025, 10, 6) + timedelta(days=17 * (number - 113))
        return Planned(
            code, title, lead, "2025-Q4", BEGIN, started=date(2025, 8, 4), done=done, accepted=done + timedelta(days=3)
        )
    if number <= 130:
        return Planned(
            code, title, lead, "2025-12", BEGIN, started=date(2025, 8, number - 110), reclassified=RECLASSIFIED_ON,
            rhythm=rhythm,
        )  # fmt: skip
    if number <= 139:
        return _open_task(code, title, lead, BEGIN, number - 131)
    if number <= 149:
        return Planned(code, title, lead, None, ADDED_ON, kind="regular", rhythm=rhythm)
    if number <= 163:
        return _open_task(code, title, lead, ADDED_ON, number - 141)
    return Planned(code, title, lead, None, ADDED_ON, unclassified=True)


# Of those under way at the end of 2025: deadline, and what becomes of them in 2026 (begun, done, extended).
_OPEN: tuple[tuple[str, date | None, date | None, tuple[date, str] | None], ...] = (
    ("2025-08", date(2025, 7, 7), date(2026, 2, 12), None),
    ("2025-09", date(2025, 7, 9), date(2026, 1, 20), None),
    ("2025-Q4", date(2025, 9, 8), date(2026, 1, 8), (date(2025, 12, 26), "2026-Q1")),
    ("2025-12", date(2025, 10, 2), date(2026, 3, 5), None),
    ("2026-Q1", date(2025, 9, 15), date(2026, 3, 20), None),
    ("2026-Q2", date(2025, 11, 3), date(2026, 6, 11), None),
    ("2026-Q3", date(2026, 3, 2), date(2026, 9, 17), None),
    ("2026-Q4", date(2026, 1, 12), None, None),
    ("2026", date(2026, 2, 9), None, None),
    ("2025-12", date(2025, 12, 1), date(2026, 1, 5), None),
    ("2026-Q1", date(2025, 12, 3), date(2026, 3, 30), None),
    ("2026-06", date(2026, 1, 5), date(2026, 7, 14), None),
    ("2026-09", date(2026, 2, 2), None, (date(2026, 9, 25), "2026-12-15")),
    ("2026-10", date(2026, 4, 6), None, None),
    ("2026-11-25", date(2026, 5, 11), None, None),
    ("2026-11-23", date(2026, 6, 1), None, None),
    ("2026-11", date(2026, 3, 9), date(2026, 11, 17), None),
    ("2026-12", date(2026, 7, 6), None, None),
    ("2026-12-10", None, None, None),
    ("2026-Q4", None, None, None),
    ("2027-Q1", None, None, None),
    ("2026-10-15", date(2026, 6, 8), None, None),
    ("2027", date(2026, 8, 10), None, None),
)


def _open_task(code: str, title: str, lead: str, added: date, number: int) -> Planned:
    deadline, started, done, extended = _OPEN[number]
    # The newest proposal still waits to be accepted.
    accepted = done + timedelta(days=4) if done and done < date(2026, 11, 1) else None
    return Planned(code, title, lead, deadline, added, started=started, done=done, accepted=accepted, extended=extended)


def research(seed: int) -> Iterator[Planned]:
    """Yield the 72 research tasks: 54 completed by 14 August 2025, 29 of those put to use."""
    random = draws("tasks", "research", seed)
    added = date(2025, 7, 1)
    for index in range(72):
        title = f"{RESEARCH[index % 6]} {TOPICS[index // 6]} {MADE_UP}"
        done = date(2025, 7, 2) + timedelta(days=random.randint(0, 38)) if index < 54 else None
        yield Planned(
            f"NC-{index + 1:02}", title, ("SO-KHCN", "SO-NNMT", "SO-YT", "SO-VHTT")[index % 4],
            f"{2025 + index // 40}", added, started=added + timedelta(days=1) if index % 5 else None, done=done,
            accepted=done + timedelta(days=2) if done else None, tags=("dua_vao_ung_dung",) if index < 29 else (),
        )  # fmt: skip


WARD = "19789"
FIRST_ACT, SECOND_ACT = "KH98-01", "KH98-02"
# Tasks of the city's own plan, some of them a ward's: code, title, lead, deadline, begun, done.
CITY: tuple[tuple[str, str, str, str | None, date | None, date | None], ...] = (
    ("KH98-11", "Lập danh mục dữ liệu dùng chung của phường", WARD, "2026-10-31", date(2026, 9, 7), None),
    ("KH98-12", "Bố trí máy tính cho người dân tại bộ phận Một cửa", WARD, "2026-11-24", date(2026, 10, 5), None),
    ("KH98-13", "Mở điểm hỗ trợ định danh điện tử tại tổ dân phố", WARD, "2026-12-31", None, None),
    ("KH98-14", "Bàn giao thiết bị số hóa hồ sơ", WARD, "2026-11-30", date(2026, 9, 21), date(2026, 11, 18)),
    ("KH98-15", "Tuyên truyền dịch vụ công trên loa phường", WARD, None, None, None),
    ("KH98-16", "Xây dựng kho dữ liệu mở của thành phố", "SO-KHCN", "2026-11-26", date(2026, 8, 3), None),
    (
        "KH98-17",
        "Tích hợp thanh toán học phí trực tuyến",
        "SO-GDDT",
        "2026-10-31",
        date(2026, 7, 6),
        date(2026, 10, 22),
    ),
    ("KH98-18", "Số hóa sổ hộ tịch còn lại", "SO-TP", "2026-09-30", date(2026, 4, 6), None),
    ("KH98-19", "Phủ sóng 5G khu vực trung tâm", "SO-KHCN", "2026-Q4", date(2026, 5, 4), None),
    ("KH98-20", "Báo cáo an toàn thông tin hệ thống Một cửa", "CA", None, None, None),
)
