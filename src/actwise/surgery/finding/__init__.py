"""What a model computes while it runs, and where."""

from .elementwise import FAR as FAR
from .elementwise import goes_to_a_limit as goes_to_a_limit
from .flow import Descent as Descent
from .found import FoundSite as FoundSite
from .found import SiteKey as SiteKey
from .functions import operation as operation
from .nested import tensors as tensors
from .nested import with_tensors as with_tensors
from .places import End as End
from .places import Place as Place
from .places import calls_of as calls_of
from .places import source_of as source_of
from .recorder import Recorder as Recorder
from .site import Audit as Audit
from .site import Site as Site
from .site import Unseen as Unseen
from .state import left_as_it_was as left_as_it_was
