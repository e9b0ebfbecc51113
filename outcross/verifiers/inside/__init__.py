"""What runs behind the walls, in processes of its own; nothing here imports the project."""
