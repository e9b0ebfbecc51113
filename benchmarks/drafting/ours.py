"""Outcross from the plan to the warehouse: the one place that knows how drafting is called."""

import sys
from pathlib import Path

from home import drafted, stocked
from marks import measured, work

from outcross.serving.endpoint import connect
from outcross.serving.fleet import Fleet, Member
from outcross.settings import Settings
from outcross.tasks.drafting.engine import draft


def main() -> None:
    asked, folder = work(), Path(sys.argv[4])
    home, recipe = stocked(folder / "home")
    settings = Settings(base_url=asked.base_url, model_depth=0, concurrency=asked.limit)
    with connect(settings, home) as endpoint, measured() as held:
        draft(home, recipe, Fleet(members=(Member(endpoint=endpoint),)), asked.count)
        held.answers = drafted(home, recipe)


if __name__ == "__main__":
    main()
