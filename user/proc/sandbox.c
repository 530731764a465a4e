/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The filter lists what is allowed (man 2 seccomp); everything else fails with EPERM. Each entry has
 * a reason: what glibc needs to allocate, wait, make a thread and end; reading, writing and mapping
 * what is open; the socket to the keeper; pidfd_open, which tells that a process ended and can do
 * nothing more without the calls that aren't here. Of some only one form:
 *
 *	mmap, mprotect		without PROT_EXEC: no new code
 *	clone			a thread, not a process; clone3, whose flags a filter can't see, is
 *				"not there", upon which glibc takes clone
 *	ioctl			is it a terminal, and how wide
 *	newfstatat		glibc's fstat(); a path in it leads nowhere, as the root is empty, where
 *				we may set one
 *	fcntl			duplicates and flags; not who gets a signal when there is input
 *	tgkill, prlimit64	of this process
 */
#include "proc/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#endif

/* A build for finding mistakes, not for use. */
#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

enum { NOBODY = 65534, MAX_FILTER = 256 };
enum { FCNTL_LAST = 7 }; /* F_SETLKW; from F_SETOWN on it is about signals */

static const int allowed[] = {
	/* memory */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	/* what is open */
	SYS_read,
	SYS_readv,
	SYS_pread64,
	SYS_write,
	SYS_writev,
	SYS_lseek,
	SYS_close,
	SYS_fstat,
	SYS_dup,
	SYS_ftruncate,
	/* waiting */
	SYS_ppoll,
	SYS_pselect6,
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_epoll_pwait,
	SYS_pidfd_open,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_futex,
	SYS_sched_yield,
	/* the keeper; the child that waits to become the command */
	SYS_sendmsg,
	SYS_recvmsg,
	SYS_sendto,
	/* threads, signals, the end */
	SYS_set_robust_list,
	SYS_rseq,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_restart_syscall,
	SYS_exit,
	SYS_exit_group,
	/* who and when */
	SYS_getpid,
	SYS_gettid,
	SYS_getppid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_gettimeofday,
	SYS_getrandom,
	SYS_sysinfo,
	SYS_uname,
	SYS_sched_getaffinity,
	SYS_getcpu,
#if defined(__x86_64__)
	SYS_poll,
	SYS_select,
	SYS_epoll_wait,
	SYS_time,
	SYS_dup2,
#endif
};

struct filter {
	struct sock_filter insns[MAX_FILTER];
	u16 n;
};

static void add(struct filter *filter, struct sock_filter insn)
{
	if (filter->n < MAX_FILTER)
		filter->insns[filter->n++] = insn;
}

static void load_field(struct filter *filter, u32 offset)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static void answer(struct filter *filter, u32 action)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void refuse(struct filter *filter, int code)
{
	answer(filter, SECCOMP_RET_ERRNO | (u32)code);
}

static void allow(struct filter *filter, int number)
{
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (u32)number, 0, 1));
	answer(filter, SECCOMP_RET_ALLOW);
}

/* The low half, little-endian; what is asked here fits in it. */
static u32 argument(unsigned i)
{
	return (u32)(offsetof(struct seccomp_data, args) + i * sizeof(u64));
}

/* Allowed if (argument & mask) == value, or, !equal, if it is not. */
static void allow_if(struct filter *filter, int number, unsigned i, u32 mask, u32 value, bool equal)
{
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (u32)number, 0, 5));
	load_field(filter, argument(i));
	add(filter, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, equal ? 0 : 1,
						 equal ? 1 : 0));
	answer(filter, SECCOMP_RET_ALLOW);
	refuse(filter, EPERM);
}

/* Two values of one argument. */
static void allow_either(struct filter *filter, int number, unsigned i, u32 first, u32 second)
{
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (u32)number, 0, 5));
	load_field(filter, argument(i));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 1, 0));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 0, 1));
	answer(filter, SECCOMP_RET_ALLOW);
	refuse(filter, EPERM);
}

static void build(struct filter *filter)
{
	load_field(filter, offsetof(struct seccomp_data, arch));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0));
	answer(filter, SECCOMP_RET_KILL_PROCESS);
	load_field(filter, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		allow(filter, allowed[i]);
	allow_if(filter, SYS_mmap, 2, PROT_EXEC, 0, true);
	allow_if(filter, SYS_mprotect, 2, PROT_EXEC, 0, true);
	allow_if(filter, SYS_clone, 0, CLONE_THREAD, CLONE_THREAD, true);
	allow_if(filter, SYS_newfstatat, 3, AT_EMPTY_PATH, AT_EMPTY_PATH, true);
	allow_if(filter, SYS_fcntl, 1, ~(u32)FCNTL_LAST, 0, true);
	allow_if(filter, SYS_tgkill, 0, UINT32_MAX, (u32)getpid(), true);
	allow_either(filter, SYS_prlimit64, 0, 0, (u32)getpid());
	allow_either(filter, SYS_ioctl, 1, TCGETS, TIOCGWINSZ);
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1));
	refuse(filter, ENOSYS);
	refuse(filter, EPERM);
}

static struct error *cannot(const char *what)
{
	return error_errno(ERROR_PRIVILEGE, "the process that reads files can't be confined: %s",
			   what);
}

/* The user stays where there is no other (a user namespace that maps one alone). */
static void become_nobody(void)
{
	if (geteuid() != 0 || setgroups(0, NULL) != 0)
		return;
	if (setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0)
		return;
}

bool sandbox_has_rights(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct held[2] = {};

	return geteuid() == 0 || syscall(SYS_capget, &head, held) != 0 || held[0].effective ||
	       held[1].effective;
}

static struct error *drop_rights(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {};

	become_nobody();
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &head, none) != 0)
		return cannot("dropping capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return cannot("setting no_new_privs");
	return NULL;
}

static struct error *limit_memory(u64 bytes)
{
	enum { AT_LEAST_GIB = 2 };
	u64 machine = (u64)sysconf(_SC_PHYS_PAGES) * (u64)sysconf(_SC_PAGESIZE);
	u64 most = bytes ? bytes : max_u64(machine / 4 * 3, (u64)AT_LEAST_GIB << 30);
	struct rlimit limit;

	if (SANITIZED)
		return NULL; /* its shadow alone takes terabytes of address space */
	if (getrlimit(RLIMIT_AS, &limit) == 0)
		most = min_u64(most, limit.rlim_max); /* ulimit -v */
	limit = (struct rlimit){most, most};
	return setrlimit(RLIMIT_AS, &limit) == 0 ? NULL : cannot("limiting its memory");
}

/* The new root holds the numbers of our descriptors, and nobody can make anything there. */
static void leave_files(void)
{
	if (!SANITIZED && chroot("/proc/self/fdinfo") == 0 && chdir("/") != 0)
		_exit(1);
}

/* Where memory ends in spite of the limit it is this process that goes, not the target. */
static void be_first_to_go(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	ssize_t done = fd < 0 ? 0 : write(fd, "1000", 4);

	(void)done;
	if (fd >= 0)
		close(fd);
}

static struct error *filter_calls(void)
{
	struct filter filter = {};
	struct sock_fprog program = {.filter = filter.insns};

	if (SANITIZED)
		return NULL; /* reports and leaks are looked up in files */
	build(&filter);
	program.len = filter.n;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
		return cannot("installing its seccomp filter");
	return NULL;
}

struct error *sandbox_enter(const struct sandbox_limits *limits)
{
	struct error *err;

	be_first_to_go();
	err = limit_memory(limits->memory_bytes);
	leave_files();
	if (!err)
		err = drop_rights();
	if (err)
		return err;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* only now: a change of user undoes it */
	return filter_calls();
}
