"""Judgement on what may leave: the question, the policy, the decision, and the one gate."""
