"""How fast feeds are served: requests a second for a feed whole, gzipped, and unchanged (304).

    .venv/bin/python bench/bench_serving.py [--items 16] [--seconds 1] [--rounds 5] [--json]

Three servers give out one feed, a process each: `syndicator run` with all its work, nginx with the file and its .gz
beside it (where nginx is installed), and a FastAPI route on the same server as ours. They take turns; what counts
are the ratios within a round, and of those the median. The load comes over raw sockets from this process, on kept
connections. Beside that stands what each request costs the server in processor time, which other work on the machine
moves less.
"""

import argparse
import gzip
import json
import os
import re
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

CONNECTIONS = 16
PARAGRAPH = 'Officials said on Monday that plan {0}, which "moves" people & files, costs < {1} million in all. ' * 6
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
FASTAPI = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from fastapi import FastAPI, Request, Response
from syndicator.httptimes import http_date
from syndicator.web import Serving
from syndicator.web.conditional import entity_tag, is_current
plain, packed = Path(sys.argv[2]).read_bytes(), Path(sys.argv[2] + ".gz").read_bytes()
at = datetime.fromtimestamp(Path(sys.argv[2]).stat().st_mtime, UTC)
tag = entity_tag(plain)
common = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Encoding", "Last-Modified": http_date(at)}
app = FastAPI()
@app.get("/feeds/{name}")
async def feed(name: str, request: Request):
    asked = request.headers
    zipped = "gzip" in asked.get("accept-encoding", "")
    headers = {**common, "ETag": f'{tag[:-1]}-gzip"' if zipped else tag}
    if is_current(asked.getlist("if-none-match"), asked.getlist("if-modified-since"), tag, at):
        return Response(status_code=304, headers=headers)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(packed if zipped else plain, media_type="application/atom+xml", headers=headers)
async def main():
    async with Serving(app, "127.0.0.1", int(sys.argv[1]), print):
        await asyncio.sleep(3600)
asyncio.run(main())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        ports = {"ours": free_port()}
        pids = {"ours": stack.enter_context(ours(root, ports["ours"], options.items))}
        feed = root / "feeds/all.atom"
        served = root / "served/feeds"
        served.mkdir(parents=True)
        shutil.copy(feed, served)
        (served / "all.atom.gz").write_bytes(gzip.compress(feed.read_bytes(), 9, mtime=0))
        os.utime(served / "all.atom.gz", (feed.stat().st_mtime,) * 2)
        ports["FastAPI"] = free_port()
        command = [sys.executable, "-c", FASTAPI, str(ports["FastAPI"]), str(served / "all.atom")]
        pids["FastAPI"] = stack.enter_context(process(command, ports["FastAPI"]))
        if NGINX is not None:
            ports["nginx"] = free_port()
            pids["nginx"] = stack.enter_context(nginx(root, ports["nginx"]))
        size = feed.stat().st_size
        tasks = {name: requests(port) for name, port in ports.items()}
        rates: dict[str, dict[str, list[float]]] = {name: {} for name in ports}
        costs: dict[str, dict[str, list[float]]] = {name: {} for name in ports}
        for number in range(options.rounds):
            order = list(ports) if number % 2 else list(reversed(ports))
            for what in ("full", "gzip", "304"):
                for name in order:
                    before = processor_s(pids[name])
                    found = rate(ports[name], tasks[name][what], options.seconds)
                    taken = processor_s(pids[name]) - before
                    rates[name].setdefault(what, []).append(found)
                    costs[name].setdefault(what, []).append(taken / (found * options.seconds))
    report(rates, costs, size, as_json=options.json)


def report(
    rates: dict[str, dict[str, list[float]]], costs: dict[str, dict[str, list[float]]], size: int, *, as_json: bool
) -> None:
    base = "nginx" if "nginx" in rates else "FastAPI"
    table = {
        name: {
            what: {
                "requests/s": round(statistics.median(found)),
                "µs of processor": round(statistics.median(costs[name][what]) * 1e6),
                f"of {base}": round(statistics.median(a / b for a, b in zip(found, rates[base][what], strict=True)), 2),
            }
            for what, found in kinds.items()
        }
        for name, kinds in rates.items()
    }
    if as_json:
        print(json.dumps({"feed_bytes": size, "servers": table}))
        return
    print(f"a feed of {size:,} bytes, {CONNECTIONS} connections; requests/s (ratio to {base}), processor time of each")
    for name, kinds in table.items():
        cells = [
            f"{what} {cell['requests/s']:>7,} ({cell[f'of {base}']:.2f}) {cell['µs of processor']:>4} µs"
            for what, cell in kinds.items()
        ]
        print(f"  {name:<10}" + "   ".join(cells))


def processor_s(pid: int) -> float:
    """What a process and its children have used of the processor, in seconds."""
    ticks = 0
    for path in (Path(f"/proc/{pid}"), *(Path(f"/proc/{child}") for child in children(pid))):
        fields = (path / "stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@contextmanager
def ours(root: Path, port: int, items: int) -> Iterator[int]:
    """`syndicator run` on a newsroom with one feed of `items` articles."""
    (root / "inbox").mkdir()
    for number in range(items):
        text = "\n\n".join(PARAGRAPH.format(number, part) for part in range(4))
        (root / f"inbox/{number}.txt").write_text(f"Story number {number}\n\n{text}", "utf-8")
        os.utime(root / f"inbox/{number}.txt", (0, 0))
    config = f"""
        site = {{ title = "Bench", url = "http://127.0.0.1:{port}", contact = "bench@news.example" }}
        server = {{ port = {port} }}
        sources = [{{ name = "inbox", kind = "folder", path = "inbox" }}]
    """
    (root / "config.toml").write_text("\n".join(line.strip() for line in config.splitlines()), "utf-8")
    command = [sys.executable, "-m", "syndicator", "run", "--config", str(root / "config.toml")]
    with process(command, port) as pid:
        until = time.monotonic() + 60
        while b" 200 " not in exchange(port, request()).partition(b"\r\n")[0] or not whole(root, items):
            if time.monotonic() > until:
                raise SystemExit("the service has published nothing")
            time.sleep(0.2)
        time.sleep(1.5)  # until the date of the file has come
        yield pid


def whole(root: Path, items: int) -> bool:
    feed = root / "feeds/all.atom"
    return feed.exists() and feed.read_bytes().count(b"<entry") == items


@contextmanager
def nginx(root: Path, port: int) -> Iterator[int]:
    temporary = "".join(
        f"{kind}_temp_path {root}/nginx/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (root / "nginx").mkdir()
    (root / "nginx/conf").write_text(
        f"daemon off; worker_processes 1; pid {root}/nginx/pid; error_log stderr; events {{}} http {{ access_log off;"
        f" {temporary} types {{ application/atom+xml atom; }} sendfile on; tcp_nopush on; keepalive_requests 100000000;"
        f" gzip_static on; open_file_cache max=100;"
        f" server {{ listen 127.0.0.1:{port}; root {root}/served; add_header Cache-Control 'public, max-age=60';"
        f" add_header Vary Accept-Encoding; }} }}"
    )
    # Its worker reads as another user than the one whose folder this is.
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    with process([str(NGINX), "-p", str(root), "-c", str(root / "nginx/conf"), *user], port) as pid:
        yield pid


@contextmanager
def process(command: list[str], port: int) -> Iterator[int]:
    """A server, from when it listens; its process id."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > until:
                    raise SystemExit(f"{command[:3]} does not listen") from None
                time.sleep(0.05)
        yield server.pid
    finally:
        server.terminate()
        server.wait(20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def request(**headers: str) -> bytes:
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET /feeds/all.atom HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n{fields}\r\n".encode()


def requests(port: int) -> dict[str, tuple[bytes, int]]:
    """What is asked, and how long each answer is."""
    tags = re.search(rb"(?i)\r\netag: ([^\r]+)", exchange(port, request()))
    assert tags, "no ETag"
    asked = {
        "full": (request(), b" 200 "),
        "gzip": (request(Accept_Encoding="gzip"), b" 200 "),
        "304": (request(If_None_Match=tags[1].decode()), b" 304 "),
    }
    found = {}
    for what, (text, status) in asked.items():
        answer = exchange(port, text)
        assert status in answer[:20], (what, answer[:200])
        assert (b"gzip" in answer.partition(b"\r\n\r\n")[0]) == (what == "gzip"), what
        found[what] = text, len(answer)
    return found


def exchange(port: int, text: bytes) -> bytes:
    """One answer, whole."""
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(text)
        data = b""
        while b"\r\n\r\n" not in data:
            data += line.recv(65536) or b"\r\n\r\n"
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        while length and b" 304 " not in head[:20] and len(body) < int(length[1]):
            body += line.recv(65536)
        return head + b"\r\n\r\n" + body


def rate(port: int, task: tuple[bytes, int], seconds: float) -> float:
    """Requests a second over CONNECTIONS connections, each asking as soon as it was answered."""
    text, size = task
    lines = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(CONNECTIONS)]
    missing = dict.fromkeys(lines, size)
    done = 0
    buffer = bytearray(1 << 17)
    with selectors.DefaultSelector() as ready:
        for line in lines:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.register(line, selectors.EVENT_READ)
            line.sendall(text)
        began = time.perf_counter()
        until = began + seconds
        while (now := time.perf_counter()) < until:
            for key, _ in ready.select(1):
                line = key.fileobj
                assert isinstance(line, socket.socket)
                got = line.recv_into(buffer)
                assert got, "the server hung up"
                missing[line] -= got
                if missing[line] == 0:
                    done += 1
                    missing[line] = size
                    line.sendall(text)
                assert missing[line] > 0, "an answer is longer than the first"
    for line in lines:
        line.close()
    return done / (now - began)


if __name__ == "__main__":
    main()
