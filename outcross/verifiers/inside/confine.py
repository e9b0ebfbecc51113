"""Confine: shut this process in, for good, before it does what a model wrote.

Three walls, none of which needs a privilege. Landlock (https://docs.kernel.org/userspace-api/landlock.html) leaves only
some folders readable and one writable. A seccomp filter (https://docs.kernel.org/userspace-api/seccomp_filter.html)
leaves only the system calls that an interpreter needs: none that makes a process or a socket to elsewhere, sends a
signal, or changes another process or a file's mode. Resource limits bound the rest.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import sys
import sysconfig
from collections.abc import Iterable, Iterator

_LIBC = ctypes.CDLL(None, use_errno=True)

# By machine: its number in audit.h, and that of each call, in the order of the names; None where it has none.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_FREE: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63), "write": (1, 64), "open": (2, None), "openat": (257, 56), "close": (3, 57),
    "stat": (4, None), "fstat": (5, 80), "lstat": (6, None), "newfstatat": (262, 79), "statx": (332, 291),
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72), "lseek": (8, 62),
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "mremap": (25, 216),
    "madvise": (28, 233), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132), "pread64": (17, 67), "pwrite64": (18, 68), "readv": (19, 65), "writev": (20, 66),
    "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439), "pipe": (22, None), "pipe2": (293, 59),
    "sched_yield": (24, 124), "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24), "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "gettimeofday": (96, 169), "time": (201, None), "setitimer": (38, 103), "getitimer": (36, 102),
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "sendto": (44, 206), "recvfrom": (45, 207), "shutdown": (48, 210),
    "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, None), "epoll_pwait": (281, 22),
    "eventfd2": (290, 19), "flock": (73, 32), "ftruncate": (77, 46), "fsync": (74, 82), "getdents64": (217, 61),
    "getcwd": (79, 17), "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276), "unlink": (87, None),
    "unlinkat": (263, 35), "readlink": (89, None), "readlinkat": (267, 78), "umask": (95, 166), "uname": (63, 160),
    "sysinfo": (99, 179), "getrusage": (98, 165), "times": (100, 153), "arch_prctl": (158, None),
    "futex": (202, 98), "set_tid_address": (218, 96), "set_robust_list": (273, 99), "rseq": (334, 293),
    "sched_getaffinity": (204, 123), "exit": (60, 93), "exit_group": (231, 94), "getrandom": (318, 278),
    "getrlimit": (97, 163), "membarrier": (324, 283), "getcpu": (309, 168), "restart_syscall": (219, 128),
    "sendfile": (40, 71),
}  # fmt: skip
"""Calls that are let through whatever their arguments."""

_THREAD = 0x10000
_CONDITIONAL: dict[str, tuple[tuple[int | None, int | None], int, int, tuple[int, ...]]] = {
    "clone": ((56, 220), 0, _THREAD, (_THREAD,)),
    "socketpair": ((53, 199), 1, 0xF, (1,)),
    "prlimit64": ((302, 261), 0, 0xFFFFFFFF, (0,)),
    # Not those that name a process to be sent signals (F_SETOWN, FIOSETOWN and their kin).
    "fcntl": ((72, 25), 1, 0xFFFFFFFF, (0, 1, 2, 3, 4, 5, 6, 7, 1030)),
    "ioctl": ((16, 29), 1, 0xFFFFFFFF, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),
}
"""Calls that are let through where one argument, masked, is one of some values: threads yes, processes no."""

_CLONE3 = 435
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_LOAD, _MASK, _EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06

_OLDEST = 3
"""Landlock's version that first guards against truncation: Linux 6.2."""
_RIGHTS = {1: 0x1FFF, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""All that can be forbidden, by the version that first could."""
_READ, _LIST, _WRITE = 1 << 2, 1 << 3, (1 << 1) | (1 << 5) | (1 << 8) | (1 << 14)
"""Writing is to write, remove, make and truncate plain files: a flat folder is soon counted and soon removed."""


class Unconfined(OSError):
    """This machine lacks one of the walls."""


def software() -> set[str]:
    """Folders that an interpreter and its libraries lie in."""
    found = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return found | {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo"}


def rules(readable: Iterable[str], writable: Iterable[str] = ()) -> int:
    """A descriptor of what may still be opened: these folders, `/dev/null` and `/dev/urandom`.

    Raises:
        Unconfined: the kernel has no Landlock, or one that is too old.
    """
    _machine()
    version = max(0, _LIBC.syscall(444, None, 0, 1))
    if version < _OLDEST:
        raise Unconfined(f"the kernel's Landlock has version {version} and {_OLDEST} is needed: Linux 6.2 or newer")
    every = sum(bits for since, bits in _RIGHTS.items() if since <= version)
    # TCP since version 4; signals and abstract sockets since version 6.
    wanted = (every, 3, 3)[: 1 if version < 4 else 2 if version < 6 else 3]
    made = _called(444, struct.pack(f"{len(wanted)}Q", *wanted), 8 * len(wanted), 0)
    for path, rights in _granted(readable, writable):
        _grant(made, path, rights)
    return made


def _granted(readable: Iterable[str], writable: Iterable[str]) -> Iterator[tuple[str, int]]:
    yield from ((path, _READ | _LIST) for path in readable)
    yield from ((path, _READ | _LIST | _WRITE) for path in writable)
    yield "/dev/null", _READ | (1 << 1)
    yield "/dev/urandom", _READ


def _grant(made: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        _called(445, made, 1, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


def limit(seconds: int, memory: int, file: int) -> None:
    """Bound this process: seconds of processor time, bytes of address space, and bytes of one file."""
    # A second more until it is killed, should it have caught the signal.
    hard = seconds if seconds == resource.RLIM_INFINITY else seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file, file))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def confine(made: int) -> None:
    """Raise the walls, for this thread and all that it starts: no way leads back.

    Args:
        made: what `rules` gave; it is closed.

    Raises:
        Unconfined: one of the walls can't be raised.
    """
    _called_by_name("prctl", 38, 1, 0, 0, 0)  # no new privileges, which both walls ask for
    # What root holds beside its files: all capabilities are let go.
    _called_by_name("capset", struct.pack("=Ii", 0x20080522, 0), struct.pack("=6I", *[0] * 6))
    _called(446, made, 0)
    os.close(made)
    program = b"".join(_filter())
    room = ctypes.create_string_buffer(program, len(program))
    _called_by_name("prctl", 22, 2, struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(room)), 0, 0)


def _filter() -> Iterator[bytes]:
    """The seccomp filter, as classic BPF; what it doesn't name fails with "operation not permitted"."""
    machine, column = _machine()
    refuse = _step(_RETURN, _REFUSE | errno.EPERM)
    yield _step(_LOAD, 4) + _step(_EQUAL, machine, 1, 0) + refuse + _step(_LOAD, 0)
    for numbers in _FREE.values():
        if (number := numbers[column]) is not None:
            yield _step(_EQUAL, number, 0, 1) + _step(_RETURN, _ALLOW)
    for numbers, argument, mask, values in _CONDITIONAL.values():
        number = numbers[column]
        checks = b"".join(_step(_EQUAL, value, 0, 1) + _step(_RETURN, _ALLOW) for value in values)
        body = _step(_LOAD, 16 + 8 * argument) + _step(_MASK, mask) + checks + refuse
        yield _step(_EQUAL, number or 0, 0, len(body) // 8) + body
    # The C library then tries `clone`, whose flags a filter can see.
    yield _step(_EQUAL, _CLONE3, 0, 1) + _step(_RETURN, _REFUSE | errno.ENOSYS) + refuse


def _machine() -> tuple[int, int]:
    if sys.platform != "linux" or (machine := platform.machine()) not in _MACHINES:
        raise Unconfined(f"no walls are known for {platform.machine()} under {sys.platform}: Linux is needed")
    return _MACHINES[machine]


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("HBBI", code, then, otherwise, value)


def _called(number: int, *arguments: object) -> int:
    return _checked(_LIBC.syscall(number, *arguments), f"system call {number}")


def _called_by_name(name: str, *arguments: object) -> int:
    return _checked(getattr(_LIBC, name)(*arguments), name)


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise Unconfined(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result
