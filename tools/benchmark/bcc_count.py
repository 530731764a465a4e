# SPDX-License-Identifier: BSD-2-Clause
"""Counts hits of an instruction with bcc until standard input ends, or it is interrupted.
usage: bcc_count.py FILE ADDRESS PID"""
import sys

from bcc import BPF

bpf = BPF(text="BPF_ARRAY(n, u64, 1); int hit(void *ctx) { n.atomic_increment(0); return 0; }")
bpf.attach_uprobe(name=sys.argv[1], addr=int(sys.argv[2], 0), fn_name="hit", pid=int(sys.argv[3]))
print("attached", flush=True)
try:
    sys.stdin.read()
except KeyboardInterrupt:
    pass
print("counted %d" % bpf["n"][0].value)
