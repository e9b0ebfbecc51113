"""Prompts: a recipe's templates may use their fields and nothing else."""

import pytest

from outcross.errors import RecipeError
from outcross.serving.endpoint import Endpoint
from outcross.tasks.plan import Slot
from outcross.tasks.prompts import requests
from tests import make

ENDPOINT = Endpoint(base_url="http://127.0.0.1:1/v1", model="tiny", model_depth=0, concurrency=1)


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
        list(requests(recipe, ENDPOINT, [Slot("0", seed, (seed,))]))
