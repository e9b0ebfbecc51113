"""The collapse monitor: six alarms on a release, judged by how far releases of people's documents differ."""
