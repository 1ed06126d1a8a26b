"""Business calendars, clocks of regulators, reports to them, statements, and what was told whom.

arithmetic  when a clock is due: pure, without database
calendars   business calendars as data
rules       what regulators ask for, as versioned data
facts       which rules apply to what happened, and why
running     clocks that run; `watching` rings their alarms
reports     reports to regulators; `letters` is what stands in them
statements  what customers and media are told
disclosures the register of what was told to whom
"""
