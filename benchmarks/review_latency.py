"""How soon the next item is to be seen after a key: a real Chromium, a real server, decisions written to SQLite.

Each decision is one press of a key by chromedriver on an item of 3 KB whose successor was fetched ahead. The page notes
the time from the key event's own time stamp to the first frame after the next item is in the document, and, as a check,
the browser's own account of the same press: the event's duration until the next paint. It gives that in steps of 8 ms
and only from 16 on, so that a press of which it says nothing counts as 8.

    PYTHONPATH=. python benchmarks/review_latency.py [runs]
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from selenium.webdriver import ActionChains, Chrome

from outcross.data.review.accounts import Accounts
from outcross.data.review.items import Item
from outcross.data.review.queue import Queue
from outcross.data.samples import Generation, Instruction, Origin, Provenance, Sample
from tests.browser import chromium

WARM, COUNT = 5, 200
PROBE = """
const [done] = arguments;
window.shown = [];
window.painted = [];
let pressed = 0;
addEventListener("keydown", (event) => { pressed = event.timeStamp; }, { capture: true });
new MutationObserver(() => {
    const since = pressed;
    requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();  // its message comes once the frame has been made
        port2.onmessage = () => shown.push(performance.now() - since);
        port1.postMessage(0);
    });
}).observe(document.getElementById("main"), { childList: true });
new PerformanceObserver((list) => {
    painted.push(...list.getEntries().filter(({ name }) => name === "keydown").map(({ duration }) => duration));
}).observe({ type: "event", durationThreshold: 16 });
done();
"""
AWAKE = """
const [count, done] = arguments;
const look = () => (shown.length > count && document.body.dataset.mode === "reading" && sending.hidden
    ? setTimeout(done, 270) : setTimeout(look, 5));
look();
"""
SERVE = (
    "import sys; from pathlib import Path; from outcross.data.review.queue import Queue; "
    "from outcross.review.app import serve; "
    "serve(Queue(Path(sys.argv[1])), port=0, announce=lambda line: print(line, flush=True))"
)


def item(number: int) -> Item:
    """An item of 3 KB; its sentences stand for a model's answer."""
    text = "\n\n".join(f"Paragraph {at} of answer {number}: " + "some words of it. " * 26 for at in range(6))
    sample = Sample(
        content=Instruction(instruction=f"Question {number}: what is there to say?", response=text),
        provenance=Provenance(
            origin=Origin.SYNTHETIC,
            depth=1,
            stratum="benchmark",
            source="benchmark",
            licence="CC0-1.0",
            generation=Generation(model="stand-in", weights_digest=None),
        ),
    )
    return Item.of(sample, recipe="benchmark", source="border", incl_prob=1.0)


@contextmanager
def server(path: Path) -> Iterator[str]:
    """The page from a process of its own; yields its address."""
    with subprocess.Popen([sys.executable, "-c", SERVE, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout  # it was asked for
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def measure(driver: Chrome) -> tuple[list[float], list[float]]:
    """Decide one item after another; the milliseconds of each, by the page and by the browser."""
    driver.execute_async_script("setTimeout(arguments[0], 1000)")
    driver.execute_async_script(PROBE)
    for done in range(WARM + COUNT):
        if done == WARM:
            driver.execute_script("painted.length = 0")
        ActionChains(driver).send_keys("1").perform()
        driver.execute_async_script(AWAKE, done)
    shown, painted = driver.execute_script("return [shown, painted]")
    return shown[WARM:], [8.0] * (COUNT - len(painted)) + painted


def run() -> tuple[list[float], list[float]]:
    """One server, one browser, `COUNT` decisions."""
    with tempfile.TemporaryDirectory() as folder, chromium(Path(folder) / "profile") as driver:
        queue = Queue(Path(folder) / "review.sqlite")
        queue.add_reviewer("ada")
        queue.enqueue(map(item, range(WARM + COUNT + 5)))
        with server(queue.path) as address:
            driver.get(f"{address}enter?token={Accounts.beside(queue).sign_in_by_link('ada')}")
            driver.find_element("css selector", "form button").click()
            return measure(driver)


def main() -> None:
    """Run as often as asked, and print a line for each run and the medians."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"{os.cpu_count()} cores, {COUNT} decisions after {WARM}; milliseconds\n")
    print("| run | shown p50 | shown p95 | painted p50 | painted p95 |\n|---|--:|--:|--:|--:|")
    rows = []
    for number in range(1, runs + 1):
        figures = [float(value) for times in run() for value in np.percentile(times, [50, 95])]
        rows.append(figures)
        print(f"| {number} | {' | '.join(f'{value:.1f}' for value in figures)} |", flush=True)
    medians = [statistics.median(column) for column in zip(*rows, strict=True)]
    print(f"| median | {' | '.join(f'{value:.1f}' for value in medians)} |")


if __name__ == "__main__":
    main()
