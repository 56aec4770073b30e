"""Proof that it happened: log entries, Merkle trees and signed checkpoints."""
