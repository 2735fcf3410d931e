"""Multi-objective search for `retort tune`: Optuna chooses and stores trials, the program trains them, Ray reaches other machines.

Read in this order: settings, program, space, samplers, storage, study, job, pruning, objective, local and cluster, search, front,
report. Nothing here chooses parameters or keeps the study itself: both are Optuna's.
"""
