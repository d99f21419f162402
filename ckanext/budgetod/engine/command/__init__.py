"""Parts of the ``budgetod`` command; nothing heavy is imported before a file is read."""
