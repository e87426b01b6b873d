"""The least that pushes an event to everybody: `python sse_raw.py PORT`; each line on standard input is one event."""

import asyncio
import sys

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


async def main(port: int) -> None:
    writers: set[asyncio.StreamWriter] = set()

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        writers.add(writer)
        await reader.read()
        writers.discard(writer)

    server = await asyncio.start_server(welcome, "127.0.0.1", port, backlog=512)
    lines = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print("ready", flush=True)  # noqa: T201
    async with server:
        while line := await lines.readline():
            rev, _, data = line.partition(b" ")
            event = b"event: state\nid: %s\ndata: %s\n\n" % (rev, data.rstrip(b"\n"))
            chunk = b"%x\r\n%s\r\n" % (len(event), event)
            for writer in writers:
                writer.write(chunk)


asyncio.run(main(int(sys.argv[1])))
