"""What reviewers' answers are worth: who is right how often, and how well they agree. Pure numerics, no store."""
