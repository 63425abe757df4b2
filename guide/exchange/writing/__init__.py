"""A pack as files for other programs: Anki, Moodle, Quizlet, Kahoot, tables."""
