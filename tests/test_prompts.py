"""Prompts: a recipe's templates may use their fields and nothing else."""

import pytest

from outcross.errors import RecipeError
from outcross.tasks.drafting.plan import Slot
from tests import make
from tests.drafting import first_chat


@pytest.mark.parametrize(
    "template",
    [
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ instruction.__class__.__mro__ }}",
        "{{ instruction.format(1).__class__ }}",
        "{{ 'x' * 10 ** 12 }}",
        "{% for",
        "{{ nothing }}",
    ],
)
def test_a_template_that_reaches_outside_its_fields_is_refused(home, tmp_path, template):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    recipe = recipe.model_copy(update={"draft": recipe.draft.model_copy(update={"ask": template})})
    seed = make.human()
    with pytest.raises(RecipeError, match="doesn't render"):
        first_chat(recipe, Slot("0", seed, (seed,)))
