"""Results of pure jobs: their digest, where they are kept, who makes them."""
