"""Planning of a resection: what a lesion lies near to, what a cut removes, what remains. No files, no framework.

``plan.make_plan`` is the way in for a report, ``fields.PlanningFields`` and ``resection.resect`` for something live.
"""
