"""How fast the product is, beside what the database can take and what others do; see __main__."""
