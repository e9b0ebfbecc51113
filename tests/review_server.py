"""The review page on a real port, and other servers beside it, for tests with a browser."""

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import uvicorn

from outcross.data.review.queue import Queue
from outcross.review.app import create_app


@contextmanager
def served(queue: Queue) -> Iterator[str]:
    """The page on a real port; yields the address to open."""
    app = create_app(queue)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()


@dataclass(frozen=True)
class Apart:
    """A server in a process of its own."""

    address: str
    process: subprocess.Popen[str]

    def pause(self) -> None:
        """Let it take connections, and answer none."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def served_apart(queue: Queue) -> Iterator[Apart]:
    """The page from another process, which can be paused."""
    program = (
        "import sys; from pathlib import Path; from outcross.data.review.queue import Queue; "
        "from outcross.review.app import serve; "
        "serve(Queue(Path(sys.argv[1])), port=0, announce=lambda line: print(line, flush=True))"
    )
    command = [sys.executable, "-c", program, str(queue.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Apart(process.stdout.readline().strip(), process)
        finally:
            process.kill()


@contextmanager
def listening(answer: Callable[[str], str]) -> Iterator[int]:
    """Another server on this machine, which answers a GET of a path with a page; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(answer(self.path).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
