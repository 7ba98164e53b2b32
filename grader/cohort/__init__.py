"""The bridge to nbgrader: release, grading and feedback of a cohort stay nbgrader's own."""
