"""The risk committee: meetings, agendas that the platform proposes, and what comes of them."""
