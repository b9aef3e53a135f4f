"""What a level of `dataset` names, and where that lies."""

from .locate import data_folder as data_folder
from .locate import find as find
from .locate import locate as locate
from .locate import source_key as source_key
from .locate import unreadable as unreadable
from .request import Request as Request
from .request import UserRequest as UserRequest
from .request import is_users_dataset as is_users_dataset
from .request import parse_dataset as parse_dataset
