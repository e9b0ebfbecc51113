"""The experts' page: one item at a time, keyboard first, nothing from outside."""
