"""Whether a release trains a better model than people's rows alone, and than the release before."""
