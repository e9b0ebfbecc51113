"""The search for the best mixture: rules as a matrix, programmes over them, prices, and refusals in words."""
