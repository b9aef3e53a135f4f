"""Users' own code as a level: ``package.module:Name(arguments)``.

What a level names is imported only when it is about to be used; its digest, which enters a run's
id, is read from the files of its modules without executing anything. The folder that holds the
module must be on ``sys.path``; commands put the working directory there.
"""

from .arguments import BY_NAME as BY_NAME
from .arguments import call_user_object as call_user_object
from .arguments import parameters_of as parameters_of
from .arguments import user_arguments as user_arguments
from .arguments import user_level as user_level
from .canonical import canonical_text as canonical_text
from .code import UserCode as UserCode
from .code import code_digest as code_digest
from .code import digest_of_modules as digest_of_modules
from .code import file_of_module as file_of_module
from .code import files_of as files_of
from .code import find_code as find_code
from .code import has_digest as has_digest
from .code import known_code as known_code
from .faults import describe_fault as describe_fault
from .faults import exception_line as exception_line
from .faults import message_of as message_of
from .finding import is_installed as is_installed
from .finding import search_path as search_path
from .loading import has_run_users_code as has_run_users_code
from .loading import import_module_of as import_module_of
from .loading import load_user_object as load_user_object
from .objects import in_levels as in_levels
from .objects import level_of as level_of
from .packages import PACKAGES as PACKAGES
from .packages import import_package as import_package
