"""Streams of news over a real server: they tell, and they do not hold it up."""

from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

from tests.api.asking import PARCEL
from tests.serving import Server, serving


def listen(server: Server) -> tuple[HTTPConnection, HTTPResponse]:
    """Open a stream."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/console/live", headers={"accept": "text/event-stream"})
    return connection, connection.getresponse()


def line(response: HTTPResponse, start: bytes) -> bytes:
    """Read on to a line that begins so; empty at the end of the stream."""
    while found := response.readline():
        if found.startswith(start):
            return found
    return b""


def test_streams_tell_what_is_new_and_let_the_server_stop(checkout: Path, tmp_path: Path) -> None:
    """A decision is told within seconds; with streams open the process ends in time, with 0."""
    with serving(checkout, tmp_path, drain_pause_s=0) as server:
        opened = [listen(server) for _ in range(20)]
        for _, response in opened:
            assert response.status == 200
            assert response.getheader("content-type", "").startswith("text/event-stream")
            assert line(response, b"retry:")
        with server.ask() as asker:
            asker.post("/v1/classify", text="warm up")
            asker.get("/readyz")
            asker.post("/v1/classify", text=PARCEL)
        told = [line(response, b"event:") for _, response in opened]
        code, seconds = server.end()
        for connection, _ in opened:
            connection.close()

        assert set(told) == {b"event: news\n"}
        assert code == 0
        assert seconds < 8
