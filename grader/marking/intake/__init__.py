"""The door a submission comes in by: a folder, an archive or a repository becomes names and bytes, a notebook cells.

Nothing of a learner's is run, imported, unpacked to a disk or believed here; what is damaged is repaired, what is
refused is told in a sentence, and nothing raises for what a stranger can cause.
"""
