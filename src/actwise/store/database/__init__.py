"""The database of a store: its file, where it lies, its tables, and their versions."""

from .location import DATABASE_NAME as DATABASE_NAME
from .location import Location as Location
from .location import file_system_of as file_system_of
from .location import is_network_file_system as is_network_file_system
from .location import locate as locate
from .location import make_folders as make_folders
from .location import refuse_network_file_system as refuse_network_file_system
from .migrations import migrate as migrate
from .migrations import read_version as read_version
from .opening import open_database as open_database
from .schema import SCHEMA_VERSION as SCHEMA_VERSION
from .sqlite import Database as Database
from .sqlite import StoreUnavailableError as StoreUnavailableError
from .sqlite import chunks as chunks
