"""A stand-in for a Python that has vLLM: its server has an engine that ignores being asked to end.

Arguments after the command's own decide what goes wrong: `--fail` at the start; `--ill FILE` once that file is there.
"""

import argparse
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ENGINE = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


class Desk(BaseHTTPRequestHandler):
    ill: Path | None = None

    def do_GET(self):
        ill = self.ill is not None and self.ill.exists()
        unknown = (
            self.path.startswith("/v1") and self.headers["Authorization"] != f"Bearer {os.environ['VLLM_API_KEY']}"
        )
        self.send_response(401 if unknown else 503 if ill else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--port", type=int)
    asked.add_argument("--fail", action="store_true")
    asked.add_argument("--ill", type=Path)
    args, _ = asked.parse_known_args()
    if args.fail:
        print("(EngineCore pid=7) ERROR 11-26 07:08:35 [core.py:1512] ValueError: no room for the weights")
        print("(APIServer pid=6) RuntimeError: Engine core initialization failed. See root cause above.")
        sys.exit(1)
    Desk.ill = args.ill
    subprocess.Popen([sys.executable, "-c", ENGINE])
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    ThreadingHTTPServer(("127.0.0.1", args.port), Desk).serve_forever()


if __name__ == "__main__":
    main()
