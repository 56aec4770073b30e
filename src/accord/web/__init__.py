"""The door for people: pages, thin and safe. What they show comes from `desk`; what they hold of the node is `desk.means`."""
