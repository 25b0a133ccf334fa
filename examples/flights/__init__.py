"""Every flight that left New York in 2013, with airlines, airports, planes and the weather."""
