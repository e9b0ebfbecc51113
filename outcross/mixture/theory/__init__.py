"""The recursions behind the policy, each simulated beside its closed form, so that anyone can hold them to account."""
