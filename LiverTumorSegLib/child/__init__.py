"""Work in child processes: started, listened to, stopped with all their children. No framework, no thread.

A front end polls: from a timer of its event loop, or in a loop of its own.
"""
