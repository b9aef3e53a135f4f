"""The database of a store: its file, where it lies, its tables, and their versions."""

from .artifacts import OWNER_FILE as OWNER_FILE
from .artifacts import own_folder as own_folder
from .artifacts import refuse_folder_of_another as refuse_folder_of_another
from .artifacts import run_files as run_files
from .artifacts import run_folders as run_folders
from .artifacts import run_of as run_of
from .in_place import HeldFolders as HeldFolders
from .location import DATABASE_NAME as DATABASE_NAME
from .location import Location as Location
from .location import file_system_of as file_system_of
from .location import is_network_file_system as is_network_file_system
from .location import locate as locate
from .location import refuse_network_file_system as refuse_network_file_system
from .migrations import migrate as migrate
from .migrations import read_version as read_version
from .opening import APPLICATION_ID as APPLICATION_ID
from .place import open_place as open_place
from .place import take_folders as take_folders
from .schema import SCHEMA_VERSION as SCHEMA_VERSION
from .sqlite import Database as Database
from .sqlite import StoreUnavailableError as StoreUnavailableError
from .sqlite import chunks as chunks
