"""What happens once something is found: alerts, cases, incidents, plans, restrictions, clocks.

Every app raises its alerts here; what an app above this one can do (stop an entity, run a step)
it registers here while it starts.
"""
