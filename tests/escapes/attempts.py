"""Attempts to get out of a sandbox, each in a process of its own. Prints a line for each:

    NAME refused REASON     the system said no
    NAME harmless           nothing was said, and the caller has to see that nothing happened
    NAME ESCAPED WHAT       it worked

The argument is JSON: where the world outside is, its processes, its sockets.
"""

import ctypes
import errno
import fcntl
import json
import os
import platform
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading

world = json.loads(sys.argv[1])
HOME, SECRET, VICTIM, TOOLS = world["home"], world["secret"], world["victim"], world["tools"]
PROCESS = world["process"]
libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
ATTEMPTS = []


class Escaped(Exception):
    pass


def attempt(function):
    ATTEMPTS.append(function)
    return function


def only(condition):
    return attempt if condition else lambda function: function


def checked(result):
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def call(x86, arm, *arguments):
    numbers = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return checked(libc.syscall(ctypes.c_long(x86 if X86 else arm), *numbers))


def must_fail(what, function, *arguments):
    """Calls a function that must raise an error."""
    function(*arguments)
    raise Escaped(what)


# Files


@attempt
def read_a_secret():
    raise Escaped(open(SECRET).read())


@attempt
def list_the_home():
    raise Escaped(os.listdir(HOME))


@attempt
def read_shadow():
    raise Escaped(open("/etc/shadow").read(10))


@attempt
def read_through_a_link():
    os.symlink(SECRET, "link-to-secret")
    raise Escaped(open("link-to-secret").read())


@attempt
def read_through_a_hard_link():
    os.link(SECRET, "hard-link")
    raise Escaped(open("hard-link").read())


@attempt
def read_through_the_root_of_process_1():
    raise Escaped(open("/proc/1/root" + SECRET).read())


@attempt
def read_through_the_folder_of_a_process():
    raise Escaped(os.listdir("/proc/%d/cwd" % PROCESS))


@attempt
def read_through_the_parents():
    for pid in (os.getppid(), 1, PROCESS):
        for name in ("root", "cwd", "fd/3", "fd/4"):
            try:
                raise Escaped(open("/proc/%d/%s%s" % (pid, name, SECRET)).read())
            except OSError:
                pass
    raise OSError("no way")


@attempt
def read_through_inherited_files():
    seen = []
    for number in range(3, 1024):
        try:
            os.fstat(number)
        except OSError:
            continue
        seen.append(number)
    # Python may have files of its own open here: what counts is whether one leads anywhere.
    for number in seen:
        for path in (".", "..", "../../../../../../../.." + SECRET):
            try:
                found = os.open(path, os.O_RDONLY, dir_fd=number)
            except OSError:
                continue
            raise Escaped("%d leads to %s" % (number, os.readlink("/proc/self/fd/%d" % found)))
    raise OSError("%d files, and none leads out" % len(seen))


@attempt
def make_a_file_outside():
    must_fail("made", open, os.path.join(HOME, "made"), "w")


@attempt
def make_a_folder_outside():
    must_fail("made", os.mkdir, os.path.join(HOME, "made"))


@attempt
def make_a_link_outside():
    must_fail("made", os.symlink, "x", os.path.join(HOME, "made"))


@attempt
def make_a_pipe_outside():
    must_fail("made", os.mkfifo, os.path.join(HOME, "made"))


@attempt
def overwrite_outside():
    must_fail("opened", open, VICTIM, "w")


@attempt
def append_outside():
    must_fail("opened", open, VICTIM, "a")


@attempt
def overwrite_through_a_link():
    os.symlink(VICTIM, "link-to-victim")
    must_fail("opened", open, "link-to-victim", "r+")


@attempt
def truncate_outside():
    must_fail("emptied", os.truncate, VICTIM, 0)


@attempt
def truncate_by_opening_for_reading():
    must_fail("emptied", os.open, VICTIM, os.O_RDONLY | os.O_TRUNC)


@attempt
def remove_outside():
    must_fail("removed", os.unlink, VICTIM)


@attempt
def move_in_from_outside():
    must_fail("moved", os.rename, VICTIM, "moved")


@attempt
def move_out():
    open("own", "w").close()
    must_fail("moved", os.rename, "own", os.path.join(HOME, "moved"))


@attempt
def link_out():
    open("own-2", "w").close()
    must_fail("linked", os.link, "own-2", os.path.join(HOME, "linked"))


@attempt
def write_to_what_is_read_only():
    must_fail("opened", open, os.path.join(TOOLS, "tool"), "r+")


@attempt
def make_a_file_in_what_is_read_only():
    must_fail("made", open, os.path.join(TOOLS, "made"), "w")


@attempt
def move_what_is_read_only():
    must_fail("moved", os.rename, os.path.join(TOOLS, "tool"), "tool")


# Attributes. A reduced sandbox may say that it was done; the caller sees that it was not.


@attempt
def change_the_mode_outside():
    os.chmod(VICTIM, 0o777)


@attempt
def change_the_mode_of_what_is_read_only():
    os.chmod(os.path.join(TOOLS, "tool"), 0o777)


@attempt
def change_the_mode_of_an_open_file():
    os.fchmod(os.open(os.path.join(TOOLS, "tool"), os.O_RDONLY), 0o777)


@attempt
def change_the_mode_by_a_newer_call():
    path = ctypes.c_char_p(os.path.join(TOOLS, "tool").encode())
    must_fail("changed", call, 452, 452, -100, path, 0o777, 0)


@attempt
def change_the_time_outside():
    os.utime(VICTIM, (1, 1))


@attempt
def change_the_time_of_an_open_file():
    os.utime(os.open(os.path.join(TOOLS, "tool"), os.O_RDONLY), (1, 1))


@attempt
def change_the_owner_of_what_is_read_only():
    os.chown(os.path.join(TOOLS, "tool"), os.getuid(), os.getgid())


@attempt
def change_the_owner_to_another():
    os.chown(TOOLS, 0, 12345)


@attempt
def set_an_attribute():
    must_fail("set", os.setxattr, os.path.join(TOOLS, "tool"), "user.larder", b"1")


# Rights


def become_set_user_id(make):
    try:
        make()
    except OSError:
        if os.path.exists("suid"):
            os.unlink("suid")
        raise
    if os.path.exists("suid") and os.stat("suid").st_mode & (stat.S_ISUID | stat.S_ISGID):
        raise Escaped("%o" % os.stat("suid").st_mode)


@attempt
def set_user_id_by_chmod():
    open("suid", "w").close()
    become_set_user_id(lambda: os.chmod("suid", 0o4755))


@attempt
def set_group_id_by_fchmod():
    become_set_user_id(lambda: os.fchmod(os.open("suid", os.O_CREAT | os.O_WRONLY), 0o2755))


@attempt
def set_user_id_by_open():
    become_set_user_id(lambda: os.open("suid", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o4755))


@attempt
def set_user_id_by_a_file_without_a_name():
    fd = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o4755)
    if os.fstat(fd).st_mode & stat.S_ISUID:
        raise Escaped("a file without a name")
    raise OSError("without the bit")


@attempt
def set_user_id_by_mknod():
    become_set_user_id(lambda: os.mknod("suid", stat.S_IFREG | 0o4755))


@attempt
def set_user_id_by_openat2():
    how = ctypes.create_string_buffer(struct.pack("QQQ", os.O_CREAT | os.O_WRONLY, 0o4755, 0))
    become_set_user_id(lambda: call(437, 437, -100, ctypes.c_char_p(b"suid"), how, 24))


@attempt
def become_root():
    must_fail("root", os.setuid, 0 if os.getuid() else 1)


@attempt
def run_a_set_user_id_program():
    for program in ("/usr/bin/su", "/usr/bin/passwd", "/usr/bin/mount"):
        if os.path.exists(program):
            status = subprocess.run([program, "-V"], stdin=subprocess.DEVNULL, capture_output=True)
    text = open("/proc/thread-self/status").read()
    if "NoNewPrivs:\t1" not in text:
        raise Escaped("new privileges")
    raise OSError("no new privileges")


@attempt
def make_a_device():
    must_fail("a device", os.mknod, "memory", stat.S_IFCHR | 0o666, os.makedev(1, 1))


@attempt
def open_the_machines_devices():
    for path in ("/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/tty", "/dev/fuse", "/dev/kvm", "/dev/net/tun", "/dev/vsock"):
        try:
            os.open(path, os.O_RDONLY)
        except OSError:
            continue
        raise Escaped(path)
    raise OSError("none")


@attempt
def raise_a_limit():
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    must_fail("raised", resource.setrlimit, resource.RLIMIT_CORE, (-1, -1))


@attempt
def raise_the_limit_of_processes():
    import resource

    must_fail("raised", resource.setrlimit, resource.RLIMIT_NPROC, (-1, -1))


# Namespaces and mounts

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000


@attempt
def a_user_namespace_inside():
    must_fail("unshared", call, 272, 97, CLONE_NEWUSER)


@attempt
def a_mount_namespace_inside():
    must_fail("unshared", call, 272, 97, CLONE_NEWNS)


@attempt
def a_user_namespace_by_clone():
    must_fail("cloned", call, 56, 220, CLONE_NEWUSER | signal.SIGCHLD, 0, 0, 0, 0)


@attempt
def a_user_namespace_by_clone3():
    arguments = ctypes.create_string_buffer(struct.pack("11Q", CLONE_NEWUSER, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, 0))
    must_fail("cloned", call, 435, 435, arguments, 88)


@attempt
def enter_a_namespace():
    path = "/proc/%d/ns/mnt" % PROCESS if os.path.exists("/proc/%d/ns/mnt" % PROCESS) else "/proc/self/ns/mnt"
    must_fail("entered", call, 308, 268, os.open(path, os.O_RDONLY), 0)


@attempt
def change_the_root():
    must_fail("changed", os.chroot, ".")


@attempt
def mount_a_tmpfs():
    must_fail("mounted", call, 165, 40, ctypes.c_char_p(b"x"), ctypes.c_char_p(b"/tmp"), ctypes.c_char_p(b"tmpfs"), 0, 0)


@attempt
def make_a_mount_writable():
    must_fail("remounted", call, 165, 40, 0, ctypes.c_char_p(b"/usr"), 0, 32 | 4096, 0)


@attempt
def unmount():
    must_fail("unmounted", call, 166, 39, ctypes.c_char_p(b"/proc"), 2)


@attempt
def copy_a_mount():
    must_fail("copied", call, 428, 428, -100, ctypes.c_char_p(b"/"), 1)


@attempt
def mount_by_the_new_calls():
    must_fail("opened", call, 430, 430, ctypes.c_char_p(b"tmpfs"), 0)


@attempt
def open_by_a_handle():
    handle = ctypes.create_string_buffer(struct.pack("Ii", 8, 1) + bytes(8))
    must_fail("opened", call, 304, 265, os.open("/", os.O_RDONLY), handle, 0)


# Processes


@attempt
def trace_the_parent():
    must_fail("traced", call, 101, 117, 16, os.getppid(), 0, 0)


@attempt
def trace_a_process_outside():
    must_fail("traced", call, 101, 117, 16, PROCESS, 0, 0)


@attempt
def read_memory_of_the_parent():
    local = ctypes.create_string_buffer(8)
    vector = ctypes.create_string_buffer(struct.pack("QQ", ctypes.addressof(local), 8))
    must_fail("read", call, 310, 270, os.getppid(), vector, 1, vector, 1, 0)


@attempt
def read_variables_of_a_process():
    raise Escaped(open("/proc/%d/environ" % PROCESS, "rb").read())


@attempt
def read_memory_of_process_1():
    raise Escaped(open("/proc/1/mem", "r+b").read(1))


@attempt
def read_variables_of_process_1():
    raise Escaped(open("/proc/1/environ", "rb").read())


@attempt
def overwrite_the_executable_that_set_this_up():
    for pid in (1, os.getppid(), PROCESS):
        for mode in ("r+b", "wb"):
            try:
                open("/proc/%d/exe" % pid, mode)
            except OSError:
                continue
            if os.readlink("/proc/%d/exe" % pid) != os.path.realpath(sys.executable):
                raise Escaped("opened the executable of %d" % pid)
    raise OSError("none can be opened")


@attempt
def end_a_process_outside():
    os.kill(PROCESS, signal.SIGKILL)


@attempt
def take_a_file_of_another_process():
    must_fail("taken", call, 438, 438, 0, 0, 0)


@attempt
def compare_with_another_process():
    must_fail("compared", call, 312, 272, os.getpid(), os.getppid(), 0, 0, 0)


@attempt
def slow_a_process_outside():
    os.setpriority(os.PRIO_PROCESS, PROCESS, 19)


@attempt
def pin_a_process_outside():
    os.sched_setaffinity(PROCESS, {0})


@attempt
def limit_a_process_outside():
    import resource

    resource.prlimit(PROCESS, resource.RLIMIT_NOFILE, (7, 7))


# Network


@attempt
def connect_by_tcp():
    socket.create_connection(("127.0.0.1", world["tcp"]), 2).sendall(b"out")


@attempt
def connect_by_ipv6():
    socket.create_connection(("::1", world["tcp"]), 2).sendall(b"out")


@attempt
def send_by_udp():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"out", ("127.0.0.1", world["udp"]))


@attempt
def send_to_the_outside():
    must_fail("sent", socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto, b"out", ("192.0.2.1", 53))


@attempt
def ask_dns():
    raise Escaped(socket.getaddrinfo("example.org", 80))


@attempt
def connect_to_a_named_socket():
    socket.socket(socket.AF_UNIX).connect(world["socket"])
    raise Escaped("connected")


@attempt
def connect_to_an_abstract_socket():
    socket.socket(socket.AF_UNIX).connect("\0" + world["abstract"])
    raise Escaped("connected")


@attempt
def reach_the_host_of_a_virtual_machine():
    must_fail("a socket", socket.socket, 40, socket.SOCK_STREAM)


@attempt
def raw_packets():
    must_fail("a socket", socket.socket, 17, socket.SOCK_RAW)


@attempt
def netlink():
    must_fail("a socket", socket.socket, 16, socket.SOCK_RAW)


@attempt
def kernel_cryptography():
    must_fail("a socket", socket.socket, 38, socket.SOCK_SEQPACKET)


@attempt
def a_ring_of_system_calls():
    must_fail("a ring", call, 425, 425, 1, ctypes.create_string_buffer(120))


# The kernel


@attempt
def keys_of_the_user():
    must_fail("a key", call, 250, 219, 0, -4, 1)


@attempt
def add_a_key():
    must_fail("a key", call, 248, 217, ctypes.c_char_p(b"user"), ctypes.c_char_p(b"x"), ctypes.c_char_p(b"y"), 1, -4)


@attempt
def load_a_program_into_the_kernel():
    must_fail("bpf", call, 321, 280, 0, ctypes.create_string_buffer(72), 72)


@attempt
def count_events_of_the_machine():
    must_fail("perf", call, 298, 241, ctypes.create_string_buffer(128), 0, -1, -1, 0)


@attempt
def handle_page_faults():
    must_fail("userfaultfd", call, 323, 282, 1)


@attempt
def read_the_kernels_log():
    must_fail("log", call, 103, 116, 3, ctypes.create_string_buffer(64), 64)


@attempt
def name_the_machine():
    must_fail("named", socket.sethostname, "x")


@attempt
def push_input_to_a_terminal():
    try:
        fcntl.ioctl(0, 0x5412, b"x")
    except OSError as error:
        if error.errno != errno.EPERM:
            raise Escaped("only because there is no terminal: %s" % error)
        raise
    raise Escaped("pushed")


@attempt
def another_personality():
    must_fail("changed", call, 135, 92, 6)


@only(X86)
def system_calls_of_x32():
    must_fail("called", call, 0x40000000 | 39, 0)


@attempt
def calls_from_the_future():
    try:
        call(999, 999)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise Escaped(str(error))
        raise


@attempt
def change_the_kernels_settings():
    must_fail("opened", open, "/proc/sys/kernel/core_pattern", "r+")


@attempt
def trigger_the_kernel():
    must_fail("opened", open, "/proc/sysrq-trigger", "w")


@attempt
def read_kernel_memory():
    raise Escaped(open("/proc/kcore", "rb").read(1) or "")


@attempt
def read_the_users_keys():
    found = open("/proc/keys").read()
    if found:
        raise Escaped(found)
    raise OSError("nothing")


@attempt
def reach_control_groups():
    raise Escaped(os.listdir("/sys/fs/cgroup"))

# Ways around what is named above


@attempt
def write_to_inherited_files():
    for number in [0] + list(range(3, 1024)):
        try:
            os.write(number, b'{"Exited":0}\n')
        except OSError:
            continue
        raise Escaped("%d is %s" % (number, os.readlink("/proc/self/fd/%d" % number)))
    raise OSError("none")


@attempt
def signal_by_a_handle():
    must_fail("signalled", signal.pidfd_send_signal, os.pidfd_open(PROCESS), signal.SIGKILL)


@attempt
def signal_by_a_queue():
    about = ctypes.create_string_buffer(struct.pack("iii", signal.SIGTERM, 0, -1), 128)
    must_fail("signalled", call, 129, 138, PROCESS, signal.SIGTERM, about)


@attempt
def signal_by_thread():
    must_fail("signalled", call, 234, 131, PROCESS, PROCESS, signal.SIGTERM)


@attempt
def let_the_kernel_signal():
    one, other = socket.socketpair()
    fcntl.fcntl(one, 8, PROCESS)  # F_SETOWN
    fcntl.fcntl(one, 10, signal.SIGKILL)  # F_SETSIG
    fcntl.fcntl(one, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    other.send(b"x")
    raise OSError("who looks at the process outside sees that it lives")


@attempt
def signal_a_group():
    must_fail("signalled", os.killpg, os.getpgid(PROCESS), signal.SIGTERM)


@attempt
def shared_memory_of_the_machine():
    name = "/dev/shm/%s" % os.path.basename(world["shared"])
    raise Escaped(open(name).read())


@attempt
def name_memory_for_others():
    name = world["shared"].encode() + b"-made"
    made = ctypes.CDLL(None, use_errno=True).shm_open(ctypes.c_char_p(name), os.O_CREAT | os.O_RDWR, 0o600)
    if made == -1:
        raise OSError(ctypes.get_errno(), "refused")
    raise OSError("who looks outside sees that nothing was made")


@attempt
def a_second_name_for_what_is_read_only():
    must_fail("linked", os.link, os.path.join(TOOLS, "tool"), "second")


@attempt
def exchange_with_what_is_read_only():
    open("exchanged", "w").close()
    new = ctypes.c_char_p(os.path.join(TOOLS, "tool").encode())
    must_fail("exchanged", call, 316, 276, -100, ctypes.c_char_p(b"exchanged"), -100, new, 2)


@attempt
def watch_a_folder_outside():
    watch = libc.inotify_init1(os.O_NONBLOCK)
    must_fail("watched", lambda: checked(libc.inotify_add_watch(watch, HOME.encode(), 0xFFF)))


@attempt
def lock_a_file_outside():
    must_fail("locked", lambda: fcntl.flock(os.open(VICTIM, os.O_RDONLY), fcntl.LOCK_EX))


@attempt
def move_pages_of_a_process_outside():
    must_fail("moved", call, 256, 238, PROCESS, 1, ctypes.create_string_buffer(8), ctypes.create_string_buffer(8))


@attempt
def change_the_folder_of_another_process():
    must_fail("opened", os.open, "/proc/%d/cwd" % PROCESS, os.O_PATH | os.O_DIRECTORY)


@attempt
def ask_the_message_bus():
    for path in ("/run/dbus/system_bus_socket", "/run/user/%d/bus" % os.getuid(), "/run/docker.sock", "/var/run/docker.sock"):
        try:
            socket.socket(socket.AF_UNIX).connect(path)
        except OSError:
            continue
        raise Escaped(path)
    raise OSError("none")


@attempt
def release_agents_and_helpers():
    for path in ("/sys/fs/cgroup/release_agent", "/sys/kernel/uevent_helper", "/proc/sys/kernel/modprobe", "/proc/sys/fs/binfmt_misc/register"):
        try:
            os.open(path, os.O_WRONLY)
        except OSError:
            continue
        raise Escaped(path)
    raise OSError("none")


@attempt
def keep_a_mount_busy():
    must_fail("swapped", call, 167, 224, ctypes.c_char_p(b"swap"), 0)



def try_one(function):
    """Runs an attempt. It must end in seconds: none has to wait."""
    signal.alarm(10)
    try:
        function()
        return "harmless"
    except Escaped as error:
        return "ESCAPED %r" % (error.args[0],)
    except BaseException as error:
        return "refused %s" % str(error).replace("\n", " ")


for function in ATTEMPTS:
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        print(function.__name__, try_one(function), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        print(function.__name__, "refused by a signal")
print("tried", len(ATTEMPTS))
