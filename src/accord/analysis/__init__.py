"""What records say together, as graph, timeline, places and cooperation, computed from what the reader may already see."""
