"""Lesions over time: livers laid over each other, lesions matched, response judged. No files, no framework.

``track.follow_up`` is the way in; ``timeline.FollowUp`` is what comes out.
"""
