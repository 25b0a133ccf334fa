"""TPC-H as a company: another's data and another's questions, beside the sample company of our own."""
