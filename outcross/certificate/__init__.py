"""Guarantees on what passes without a person: exact bounds, thresholds that keep them, calibrated probabilities."""
