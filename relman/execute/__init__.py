"""Carrying out a plan: the scheduler, the steps, the way back. Every effect is journalled before and after."""
