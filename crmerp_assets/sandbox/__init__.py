"""Servers that behave like the vendors. They import nothing else of this project, so that a test against one is not two
halves of the same bug.
"""
