"""One module a page: it builds one frozen value of exactly what its template shows."""
