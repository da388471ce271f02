"""A form whose file is far too large, read past: its words arrive, and of the file enough to refuse it."""

from python_multipart.multipart import parse_options_header
from starlette.types import Message, Receive


def reading_past(content_type: str, receive: Receive, most: int) -> Receive:
    """Return what receives a form with the file cut after `most` bytes; nothing of the rest is held anywhere.

    A browser that is answered in the middle of a form shows a torn connection, and no word of why.
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    mark = b"\r\n--" + boundary
    rest, of_part = b"", 0

    def cut(piece: bytes) -> bytes:
        nonlocal of_part
        room = max(0, most - of_part)
        of_part += len(piece)
        return piece[:room]

    async def receive_cut() -> Message:
        nonlocal rest, of_part
        message = await receive()
        if message["type"] != "http.request" or not boundary:
            return message
        *parts, last = (rest + message.get("body", b"")).split(mark)
        out = b""
        for part in parts:
            out, of_part = out + cut(part) + mark, 0
        # The next mark may have begun in what came last.
        end = max(0, len(last) - len(mark) + 1) if message.get("more_body") else len(last)
        rest = last[end:]
        return {**message, "body": out + cut(last[:end])}

    return receive_cut
