"""What a company declares: its queries, its tables, their corrections and its report; read and checked here."""
