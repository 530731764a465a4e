# SPDX-License-Identifier: BSD-2-Clause
"""make bench: bench.py has the sections, tools.py whatever is measured against, targets.py what is looked into."""
