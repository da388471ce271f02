"""A form is read past its file, however its bytes are cut on the way."""

import asyncio

import pytest
from starlette.types import Message

from app.core.past import reading_past

KIND = "multipart/form-data; boundary=dau"


def form(file: bytes, *, end: bytes = b"") -> bytes:
    parts = [b'name="done"\r\n\r\nwords', b'name="file"\r\n\r\n' + file, b'name="note"\r\n\r\nafter']
    return b"".join(b"--dau\r\n" + part + b"\r\n" for part in parts) + b"--dau--\r\n" + end


def passed(body: bytes, size: int, most: int, kind: str = KIND) -> bytes:
    """Return what arrives of a body that comes in pieces of a size."""
    pieces = [body[n : n + size] for n in range(0, len(body), size)]

    async def receive() -> Message:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def whole() -> bytes:
        receives, out, more = reading_past(kind, receive, most), b"", True
        while more:
            message = await receives()
            out, more = out + message["body"], message["more_body"]
        return out

    return asyncio.run(whole())


@pytest.mark.parametrize("size", [*range(1, 16), 64, 1000, 10_000])
def test_a_large_file_is_cut_and_all_else_arrives(size: int) -> None:
    head = len(b'\r\nname="file"\r\n\r\n')
    assert passed(form(b"0" * 5000), size, 100) == form(b"0" * (100 - head))
    # What looks like the beginning of a mark is a part of the file.
    tricky = b"\r\n--da\r\n--d" * 3
    assert passed(form(tricky), size, 100) == form(tricky)


def test_what_fits_or_names_no_boundary_is_left_alone() -> None:
    assert passed(form(b"0" * 50, end=b"x"), 7, 100) == form(b"0" * 50, end=b"x")
    assert passed(form(b"0" * 5000), 7, 100, "multipart/form-data") == form(b"0" * 5000)
