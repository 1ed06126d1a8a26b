"""The public status page: what customers are shown of services, incidents and maintenance.

keeping    who says what the public sees, and when
reading    what the public sees, from rows of level 1
limiting   how often an address may ask
"""
