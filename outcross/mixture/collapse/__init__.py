"""The experiments of the papers on collapse, each under every policy: pure numerics with fixed seeds."""
