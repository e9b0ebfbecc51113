"""Models behind one OpenAI-compatible address: the client, and the embedded server."""
