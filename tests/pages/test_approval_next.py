"""A leader goes from one waiting report to the next until none is left."""

import re
from typing import Any

from tests.support.clients import WARD, line, report

DAYS = ("2026-11-19", "2026-11-20")
API = "/api/v1/throughput/reports"
NEXT = re.compile(r'<a class="button" href="(/throughput/reports/[^"]+/approvals)">Báo cáo tiếp theo')


def test_one_tap_leads_to_the_next_report_until_there_is_none(api: Any, people: Any) -> None:
    officer, leader = api(), people("ward_leader")
    for day in DAYS:
        for system, field in (("city", "HT"), ("ministry", "LT")):
            body = report(line(field, received_online=3), reasons=[{"warning": "late", "reason": "late_sync"}])
            assert officer.put(f"{API}/{WARD}/{day}/{system}", json=body).status_code == 201
    at, seen = f"/throughput/reports/{WARD}/{DAYS[0]}/city/approvals", []
    while at:
        assert "Báo cáo tiếp theo" not in leader.get(at).text, "this one comes first"
        sent = leader.post(f"{at}/ward", data={"_method": "PUT", "version": "1"})
        assert sent.status_code == 303, sent.text
        page = leader.get(sent.headers["location"]).text
        seen.append(at)
        found = NEXT.search(page)
        assert (found is None) is ("Không còn báo cáo nào chờ duyệt." in page)
        at = found[1] if found else ""
    assert len(set(seen)) == len(seen) == 4
    assert "Báo cáo tiếp theo" not in people().get(seen[0]).text, "an officer approves nothing"
