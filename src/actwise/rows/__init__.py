"""Tables as others write them: CSV files and rows at hand, in our words, each with its place."""

from .columns import TEST_ACCURACY as TEST_ACCURACY
from .columns import Taken as Taken
from .columns import renamed as renamed
from .csv_file import PlacedRow as PlacedRow
from .csv_file import placed as placed
from .csv_file import read_rows as read_rows
from .csv_file import refuse_twins as refuse_twins
from .programs import PROGRAMS as PROGRAMS
from .units import in_percent as in_percent
from .units import is_rate as is_rate
from .units import refuse_impossible as refuse_impossible
from .units import refuse_mixed_units as refuse_mixed_units
from .units import says_direction as says_direction
from .units import says_lower_is_better as says_lower_is_better
from .values import before as before
from .values import check_columns as check_columns
from .values import is_not_finite as is_not_finite
from .values import number_in as number_in
from .values import number_key as number_key
from .values import seed_text as seed_text
from .values import text_of as text_of
from .wording import ENDED as ENDED
from .wording import alike as alike
from .wording import in_our_words as in_our_words
from .wording import our_name as our_name
from .wording import unfinished as unfinished
