"""Plans for emergencies: written, approved, run and drilled.

cacao        a plan as plain data: the subset of CACAO 2.0 that we run
cacao_read   from CACAO JSON, with everything that is wrong or would be lost
cacao_write  to CACAO JSON, canonical form and digest
cacao_check  what makes a plan one that can be run, all problems at once
flow         which steps are next, given what has become of the others
registry     automatic steps: each app registers what it can do
writing      drafts, review, approval
running      runs of plans, step by step
"""
