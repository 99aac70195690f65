"""Culvert and its peers on the same work, in one run, in turns."""
