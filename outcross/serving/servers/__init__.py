"""Servers of this machine: the embedded model, vLLM, and who keeps them up."""
