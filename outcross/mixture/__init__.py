"""How much of what: the policy that weighs a release. Pure numerics, no store and no clock."""
