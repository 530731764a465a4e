# SPDX-License-Identifier: BSD-2-Clause
"""make bench: tools/bench has the sections, tools.py and others.py whatever is measured against, targets.py and
redis.py what is looked into, rounds.py how it is compared, report.py how it is shown; placement.py, starting.py and
events.py are sections that compare no arms."""
