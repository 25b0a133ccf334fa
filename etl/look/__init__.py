"""A look at what nights did, from the data folder alone: `status`, `why TABLE`, `rejects TABLE`."""
