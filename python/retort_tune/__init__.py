"""Multi-objective search for `retort tune`: Optuna chooses and keeps trials, the program trains, Ray reaches machines.

Read in this order: settings, program, space, space_file, given_flags, samplers, storage, study; job, pruning, remote, local
and cluster (a trial); objective, search (all of them); front, results, report, svg (what was found). Nothing here chooses
parameters or keeps the study itself: both are Optuna's.
"""
