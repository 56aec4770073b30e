"""Meetings, invitations and decisions by consensus or silence, judged from positions and dates; it invites and stores nobody."""
