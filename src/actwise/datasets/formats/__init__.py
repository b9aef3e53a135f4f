"""Readers of every layout: archives, image folders, IDX, Parquet, arrays, pickled batches."""

from .arrays import arrays_form as arrays_form
from .builtin import digits_form as digits_form
from .cifar import CifarLayout as CifarLayout
from .cifar import Packing as Packing
from .cifar import cifar_forms as cifar_forms
from .files import refuse_special as refuse_special
from .folder import image_folder_form as image_folder_form
from .idx import TEST as TEST
from .idx import IdxLayout as IdxLayout
from .idx import idx_form as idx_form
from .parquet import any_parquet_form as any_parquet_form
from .parquet import parquet_form as parquet_form
