"""What clinical facts alone say about the size of a tumor: tables of patients, regressions, and how well they do."""
