"""`make soak`: both sandboxes, the daemon, people and faults for ten minutes; both sides agree at the end."""
