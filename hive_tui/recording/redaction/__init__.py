"""Copies of recordings without some of their texts."""
