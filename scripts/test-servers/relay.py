#!/usr/bin/env python3
"""Forwards connections: relay.py FROM TO, each `unix:PATH` or `tcp:HOST:PORT`.

With port 0 the system chooses; the address that it listens on is printed.
"""
import asyncio
import sys


async def open_to(address):
    kind, _, rest = address.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(rest)
    host, _, port = rest.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def copy(reader, writer):
    try:
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(source, target):
    async def serve(reader, writer):
        try:
            there, back = await open_to(target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, back), copy(there, writer))

    kind, _, rest = source.partition(":")
    if kind == "unix":
        server = await asyncio.start_unix_server(serve, rest)
    else:
        host, _, port = rest.rpartition(":")
        server = await asyncio.start_server(serve, host, int(port))
        print("%s:%d" % server.sockets[0].getsockname()[:2], flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:3]))
