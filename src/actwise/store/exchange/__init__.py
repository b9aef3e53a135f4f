"""A store and the world: exports and their formats, imports, and copies."""

from .answers import add_answers as add_answers
from .answers import missing_answers as missing_answers
from .backup import Copied as Copied
from .backup import copy_store as copy_store
from .export import TABLES as TABLES
from .export import WHAT as WHAT
from .export import export_all as export_all
from .export import export_table as export_table
from .exported import Exported as Exported
from .exported import read_exported as read_exported
from .finished import Runs as Runs
from .finished import runs as runs
from .formats import FORMATS as FORMATS
from .formats import render_table as render_table
from .formats import write_table as write_table
from .importing import Imported as Imported
from .importing import import_exports as import_exports
from .importing import import_folders as import_folders
from .importing import store_to_fill as store_to_fill
from .output import refuse_output as refuse_output
from .output import refuse_output_folder as refuse_output_folder
from .output import require_folder_of as require_folder_of
from .output import write_file as write_file
from .output import write_files as write_files
from .tensorboard import export_tensorboard as export_tensorboard
