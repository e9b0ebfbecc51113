"""The commands of `outcross`, a file for each room that they are about."""
