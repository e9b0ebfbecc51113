"""Registry: the verifiers by name."""

from collections.abc import Mapping

from outcross.validators.signals import Validator
from outcross.verifiers.code import Code
from outcross.verifiers.constraints import Constraints
from outcross.verifiers.environments import Environments
from outcross.verifiers.mathematics import Mathematics
from outcross.verifiers.schema import Schema

# In the order that they run in: the cheap ones first.
VERIFIERS: Mapping[str, type[Validator]] = {
    made.name: made for made in (Constraints, Mathematics, Schema, Environments, Code)
}
