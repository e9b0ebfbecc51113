"""All scripts, by the name that a recipe's `[draft] script` has."""

from collections.abc import Mapping

from outcross.tasks.drafting.scripts.pair import pair
from outcross.tasks.drafting.scripts.script import Writer
from outcross.tasks.drafting.scripts.talk import talk
from outcross.tasks.drafting.scripts.trajectory import trajectory
from outcross.tasks.drafting.scripts.write import write

SCRIPTS: Mapping[str, Writer] = {
    "write": write,
    "pair": pair,
    "talk": talk,
    "trajectory": trajectory,
}
