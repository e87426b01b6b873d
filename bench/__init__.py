"""How fast the hot paths are: ratios against the least code that does the same work. The product never imports this."""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported anywhere: a sum on two cores is no faster path
