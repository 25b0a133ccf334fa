"""What the three stages share: errors, runs and their manifests, the lock, the log, the command line."""
