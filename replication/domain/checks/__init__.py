"""What is looked at before the first write: pure rules over what a worker has read for them (portal-behaviour.md §4 to §7, §9).

`findings` says what a check may say, `asks` what may be asked of Azure and how the answers look, `batch` what the plan wants; then one
module a subject, and `catalogue` with all of them in order. A check names its questions as data and judges the answers, so that the
questions can be asked once for all checks, counted, and asked again: their number follows subscriptions, groups, networks and accounts,
never machines.
"""
