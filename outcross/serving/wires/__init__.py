"""What can be asked of a server: how a question travels, and how what comes back is read."""
