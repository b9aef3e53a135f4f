"""Trainings of the user's own: what their function is given, and what it may give back."""

from .argument import TaskActivation as TaskActivation
from .describe import check_call as check_call
from .describe import describe_task as describe_task
from .returned import Returned as Returned
from .returned import ReturnedError as ReturnedError
from .training import train_task as train_task
