"""The client: who asks a server, how many at once, and what happens when it goes away."""
