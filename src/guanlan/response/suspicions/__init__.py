"""Reports of suspicious transactions: filled from a case, approved by a second person, sent."""
