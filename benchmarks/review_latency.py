"""How long a reviewer waits from the press of a key to the paint of the next item, in a real Chromium.

The real server runs in a process of its own; the page holds the next item ready, and every decision is written to the
queue meanwhile. A decision is made only once the next item is there, and `PACE` seconds after the last one at the
earliest, as a person would. The page's own clock is read: from the time stamp of the key's event to the first task
after the frame that shows the new item.

    python benchmarks/review_latency.py
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from selenium.webdriver import Chrome

from outcross.data.review.items import Item
from outcross.data.review.queue import Queue
from outcross.data.samples import Generation, Instruction, Origin, Provenance, Sample
from tests.browser import chromium, until

RUNS = 3
WARMING = 5
DECISIONS = int(os.environ.get("DECISIONS", "200"))
PACE = 0.3
TEXT = 3_000
"""Characters of an item, in thirds of prose, code and prose."""

WATCH = """
window.waits = [];
let pressed = 0;
addEventListener("keydown", (event) => { pressed = event.timeStamp; }, { capture: true });
new MutationObserver(() => {
  const since = pressed;
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => window.waits.push(performance.now() - since);
    port2.postMessage(null);
  });
}).observe(document.getElementById("main"), { childList: true });
"""
READY = """
const [pace, done] = arguments;
const look = () => (document.getElementById("sending").hidden ? setTimeout(done, 1000 * pace) : setTimeout(look, 10));
look();
"""


def item(number: int) -> Item:
    """A model's draft."""
    prose = f"The answer to question {number} is this, and there is more to be said of it. "
    code = "```python\n" + f"value = compute({number}) + compute({number + 1})\n" * (TEXT // 3 // 36) + "```\n"
    part = prose * (TEXT // 3 // len(prose))
    sample = Sample(
        content=Instruction(instruction=f"Explain number {number}.", response=f"{part}\n\n{code}\n{part}"),
        provenance=Provenance(
            origin=Origin.SYNTHETIC,
            depth=1,
            stratum="explanations",
            source="numbers.md",
            licence="CC0-1.0",
            generation=Generation(model="stand-in", weights_digest=None),
        ),
    )
    return Item.of(sample, recipe="numbers", source="border", incl_prob=1.0)


def run(home: Path) -> list[float]:
    """Milliseconds of each decision of one run."""
    queue = Queue(home / "review.sqlite")
    queue.enqueue(item(number) for number in range(WARMING + DECISIONS + 2))
    code = "from outcross.cli import main; main()"
    command = [sys.executable, "-c", code, "review", "--home", str(home), "--port", "0", "--as", "ada"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, chromium(home / "profile") as driver:
        assert server.stdout
        try:
            driver.get(next(line.split()[-1] for line in server.stdout if "/enter?token=" in line))
            driver.find_element("css selector", "form button").click()
            return decide(driver)[WARMING:]
        finally:
            server.terminate()


def decide(driver: Chrome) -> list[float]:
    """Approve one item after the other."""
    until(lambda: driver.execute_script("return document.body.dataset.mode === 'reading'"))
    driver.execute_script(WATCH)
    key = {"key": "1", "code": "Digit1", "text": "1", "windowsVirtualKeyCode": 49}
    for count in range(1, WARMING + DECISIONS + 1):
        driver.execute_async_script(READY, PACE)
        driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyDown", **key})
        driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyUp", **key})
        until(lambda count=count: driver.execute_script("return window.waits.length") == count)
    waits: list[float] = driver.execute_script("return window.waits")
    return waits


def main() -> None:
    rows = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            waits = sorted(run(Path(folder)))
        rows.append([waits[int(len(waits) * share)] for share in (0.5, 0.95)])
        print(f"p50 {rows[-1][0]:.1f} ms, p95 {rows[-1][1]:.1f} ms", file=sys.stderr, flush=True)
    p50, p95 = (statistics.median(one) for one in zip(*rows, strict=True))
    print("| from key to next item | decisions | p50 ms | p95 ms | cores |\n|---|--:|--:|--:|--:|")
    what = f"prefetched, {TEXT / 1000:.0f} KB, median of {RUNS} runs"
    print(f"| {what} | {DECISIONS} | {p50:.1f} | {p95:.1f} | {os.cpu_count()} |")


if __name__ == "__main__":
    main()
