"""The star built of what changed since the published one.

Of every table the rows are found that something touches: rows of the source that changed, came or went, those that
refer to a member that did, those that pass the edge of the published window, and what is summarized of them. They are
built twice, as they were (the published star's members, its night) and as they are. The table is what it was, less the
former, and the latter: rows, counts, receipts. What does not fit raises `UnfitError`, and all is built in full.

    stand      what a star stands on, and what it differs in from that
    stream     rows of a query
    summaries  what partials make of them
    sums       tables that summarize
    table      the manifest's entry
    whole      by what a table differs that was built as a whole
    work       what a worker does of it
    stage      all of a night
"""
