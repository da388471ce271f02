"""The contract: committed, true, and kept by every answer to good and to broken calls."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from jsonschema_rs import validator_for
from schemathesis.checks import content_type_conformance, not_a_server_error, status_code_conformance
from schemathesis.checks import response_schema_conformance as schema_conformance

from app.core.settings import project_root
from app.core.web import API
from tests.conftest import KIND
from tests.support.clients import DAY, WARD, line, report

Api = Callable[..., TestClient]
METHODS = ("get", "put", "post", "delete", "patch")
CHECKS = [not_a_server_error, status_code_conformance, schema_conformance, content_type_conformance]
KNOWN = {"unit": WARD, "day": DAY, "system": "city", "user_id": 1, "session_id": 1, "token_id": 1, "number": 1}
CODES = {"/units/": WARD, "/fields/": "HT", "/procedures/": "1.001193"}


def _operations(contract: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield method, path, operation


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    """The contract as the application gives it."""
    from app.core.settings import Settings
    from app.main import create_app

    document: dict[str, Any] = create_app(Settings()).openapi()
    return document


@pytest.mark.once
def test_the_committed_contract_is_the_applications(contract: dict[str, Any]) -> None:
    committed = (project_root() / "docs" / "openapi.json").read_text(encoding="utf-8")
    now = json.dumps(contract, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    assert committed == now, "run `make openapi` and look at what changed for clients"


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from _references(one)


@pytest.mark.once
def test_every_reference_leads_to_a_schema_of_a_plain_name(contract: dict[str, Any]) -> None:
    schemas = contract["components"]["schemas"]
    # A clash of two classes' names would bring the path of their modules into the contract.
    assert not [name for name in schemas if "__" in name]
    assert set(_references(contract)) <= {f"#/components/schemas/{name}" for name in schemas}


@pytest.mark.once
def test_every_operation_is_named_once_and_says_what_it_does(contract: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in _operations(contract)]
    assert len(names) == len(set(names)) > 40
    for method, path, operation in _operations(contract):
        assert path.startswith(API), path
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"]), operation["operationId"]
        assert operation["tags"], path
        assert operation["description"], f"{method} {path} has no docstring"


@pytest.mark.once
def test_a_form_with_a_file_names_all_that_its_schema_takes(contract: dict[str, Any]) -> None:
    content = contract["paths"]["/api/v1/tasks/{code}/updates"]["post"]["requestBody"]["content"]
    in_json = content["application/json"]["schema"]["properties"]
    in_form = content["multipart/form-data"]["schema"]["properties"]
    assert {name.removesuffix("[]") for name in in_form} == {"file", *in_json}
    assert {name for name, field in in_form.items() if field["type"] == "array"} == {"milestones[]", "evidence[]"}


@pytest.mark.once
def test_every_operation_declares_its_refusals(contract: dict[str, Any]) -> None:
    for method, path, operation in _operations(contract):
        declared = set(operation["responses"])
        assert {"401", "403"} <= declared, (method, path)
        if "requestBody" in operation or any(p["in"] != "header" for p in operation.get("parameters", [])):
            assert "422" in declared or "404" in declared, (method, path)
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (method, path, status)


@pytest.mark.once
def test_a_property_of_the_contract_has_limits(contract: dict[str, Any]) -> None:
    """What a client may send is bounded: texts, lists and numbers."""
    for name, schema in contract["components"]["schemas"].items():
        if not re.search(r"(In|New|Edit)$", name):
            continue
        assert schema.get("additionalProperties") is False, name
        for key, value in schema["properties"].items():
            for one in value.get("anyOf", [value]):
                where = f"{name}.{key}"
                if one.get("type") == "string" and "enum" not in one and "const" not in one and "format" not in one:
                    assert "maxLength" in one or "pattern" in one, where
                if one.get("type") == "array":
                    assert "maxItems" in one, where
                if one.get("type") == "integer":
                    assert "maximum" in one, where


@pytest.mark.once
def test_every_example_is_valid(contract: dict[str, Any]) -> None:
    checked = 0
    for where, schema, example in _examples(contract, contract):
        whole = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": contract["components"],
            **schema,
        }
        validator_for(whole).validate(example)
        assert where
        checked += 1
    assert checked > 0


def _examples(node: Any, contract: dict[str, Any], where: str = "") -> Iterator[tuple[str, dict[str, Any], Any]]:
    if isinstance(node, list):
        for number, one in enumerate(node):
            yield from _examples(one, contract, f"{where}/{number}")
    if not isinstance(node, dict):
        return
    schema = node["schema"] if isinstance(node.get("schema"), dict) else node
    plain = {k: v for k, v in schema.items() if k not in ("examples", "example")}
    if not where.endswith("/properties"):
        found = node.get("examples")
        if isinstance(found, list):
            yield from ((where, plain, one) for one in found)
        elif isinstance(found, dict):
            yield from ((where, plain, one["value"]) for one in found.values() if "value" in one)
        if "example" in node:
            yield where, plain, node["example"]
    for key, value in node.items():
        if key not in ("examples", "example"):
            yield from _examples(value, contract, f"{where}/{key}")


@pytest.mark.once
def test_the_contract_is_served_as_committed(client: TestClient, contract: dict[str, Any]) -> None:
    answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["paths"].keys() == contract["paths"].keys()
    assert answer.json()["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def _fuzz(app: FastAPI, api: Api, examples: int) -> None:
    officer, analyst, manager = api(), api("city_analyst"), api("administrator")
    first = officer.put(f"{API}/throughput/reports/{WARD}/{DAY}/city", json=report(line(received_online=3)))
    assert first.status_code == 201
    contract = schemathesis.openapi.from_dict(app.openapi())
    statuses: dict[str, set[int]] = {}
    broken: list[str] = []
    for result in contract.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]
        caller = officer if operation.method == "put" and "/reports/" in operation.path else analyst
        if "/users" in operation.path or (operation.path.startswith(f"{API}/units") and operation.method != "get"):
            caller = manager
        seen = statuses.setdefault(operation.label, set())
        for mode in schemathesis.GenerationMode:
            try:
                _try(operation, mode, caller, examples, seen)
            except (Exception, BaseExceptionGroup) as error:  # all that break the contract are told at once
                broken.append(f"{operation.label} ({mode.value}): {error!s:.1500}")
    assert not broken, "\n\n".join(broken)
    assert all(statuses.values())
    reached = {status for seen in statuses.values() for status in seen}
    assert {200, 201, 404, 422, 428} <= reached, reached


def _try(operation: Any, mode: Any, caller: TestClient, examples: int, seen: set[int]) -> None:
    """Send cases as they were made up, and again to what there is."""

    @seed(57)
    @settings(
        max_examples=examples, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def act(case: Any) -> None:
        seen.add(_send(case, caller))
        if case.path_parameters:
            code = next((c for start, c in CODES.items() if start in operation.path), "HT")
            case.path_parameters = {k: {**KNOWN, "code": code}.get(k, v) for k, v in case.path_parameters.items()}
            seen.add(_send(case, caller))

    try:
        act()
    except Exception as error:
        if type(error).__name__ == "Unsatisfiable":
            return  # an operation that takes nothing cannot be called wrongly
        raise


def _send(case: Any, caller: TestClient) -> int:
    sent = case.as_transport_kwargs(base_url="https://testserver")
    headers = {k: v for k, v in sent["headers"].items() if k.lower() != "authorization"}
    if "json" in sent:
        body = {"json": sent["json"]}
    else:
        body = {"content": sent["data"]} if isinstance(sent.get("data"), str | bytes) else {}
    answer = caller.request(sent["method"], sent["url"], params=sent.get("params"), headers=headers, **body)
    case.validate_response(answer, checks=CHECKS)
    return answer.status_code


def test_answers_keep_the_contract_whatever_is_sent(app: FastAPI, api: Api) -> None:
    _fuzz(app, api, 3 if KIND == "sqlite" else 1)


@pytest.mark.fuzz
def test_answers_keep_the_contract_for_long(app: FastAPI, api: Api) -> None:
    _fuzz(app, api, 300)
