"""The door for other nodes and tools: TAXII 2.1, checkpoints and receipts, and the client and sync that use them."""
