"""Companies made with the project's own means, each in a folder of its own."""
