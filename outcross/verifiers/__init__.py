"""Verifiers: validators that know, compute or try out whether an answer is right."""
