"""Network namespaces on one machine that are joined by a network of a given bandwidth, delay and loss, as several machines are.

    with Network(4, megabits=1000, delay_ms=1, loss=0.001) as network:
        subprocess.Popen(network.words(0, ["retort", ...]), env={..., "GLOO_SOCKET_IFNAME": network.interface})

Needs root and `ip` (iproute2). With delay or loss, packets go through a relay, a process of its own that reads them from TUN devices, so
that no netem in the kernel is needed; the relay takes time of a CPU, some 15 microseconds a packet of 9000 bytes. With bandwidth alone
the kernel limits it (tbf). `why_not()` tells what is missing.
"""
import collections
import fcntl
import heapq
import os
import random
import select
import shutil
import signal
import struct
import subprocess
import time

TUNSETIFF, TUN_WITHOUT_HEADER = 0x400454CA, 0x1001
MTU = 9000
QUEUE_SECONDS = 0.25  # of a sender, then packets are dropped
READS_AT_ONCE = 16


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def why_not():
    """Empty when namespaces can be made here, else the reason."""
    if shutil.which("ip") is None:
        return "`ip` is missing (iproute2)"
    name = f"retort-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return f"no network namespace can be made: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=False)
    return "" if os.access("/dev/net/tun", os.R_OK | os.W_OK) else "/dev/net/tun cannot be opened"


def relay(devices, megabits, delay_ms, loss, seed):
    """Passes packets on for ever. Each device has a line of this bandwidth in each direction; the last byte of an address is its number + 1."""
    draw = random.Random(seed)
    seconds_per_byte = 8 / (megabits * 1e6) if megabits else 0
    out_free, in_free = [0.0] * len(devices), [0.0] * len(devices)
    waiting, number = [], 0  # (time, number, device, packet)
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, target, packet = heapq.heappop(waiting)
            try:
                os.write(devices[target], packet)
            except OSError:  # the interface is down
                pass
        timeout = max(0.0, waiting[0][0] - now) if waiting else None
        for source in (devices.index(ready) for ready in select.select(devices, [], [], timeout)[0]):
            for packet in read_some(devices[source]):
                target = packet[19] - 1 if packet[0] >> 4 == 4 else -1
                now = time.monotonic()
                begin = max(now, out_free[source])
                if not 0 <= target < len(devices) or begin - now > QUEUE_SECONDS or draw.random() < loss:
                    continue
                out_free[source] = begin + len(packet) * seconds_per_byte
                arrival = max(out_free[source] + delay_ms / 1000, in_free[target] + len(packet) * seconds_per_byte)
                in_free[target] = arrival
                number += 1
                heapq.heappush(waiting, (arrival, number, target, packet))


def read_some(device):
    packets = collections.deque()
    try:
        for _ in range(READS_AT_ONCE):
            packets.append(os.read(device, 65536))
    except BlockingIOError:
        pass
    return packets


class Network:
    interface = "net0"

    def __init__(self, count, megabits=0, delay_ms=0.0, loss=0.0, seed=0):
        """`megabits` a second of each machine in each direction, 0: no limit; `delay_ms` in one direction; `loss` of packets, 0 to 1."""
        self.count, self.settings = count, (megabits, delay_ms, loss, seed)
        self.is_relayed = delay_ms > 0 or loss > 0
        self.name = f"rt{os.getpid() % 100000}"
        self.devices, self.relay = [], 0

    def namespace(self, index):
        return f"{self.name}-{index}"

    def address(self, index):
        return f"10.77.0.{index + 1}"

    def words(self, index, command):
        return ["ip", "netns", "exec", self.namespace(index), *command]

    def __enter__(self):
        try:
            for index in range(self.count):
                ip("netns", "add", self.namespace(index))
            if self.is_relayed:
                self.start_relay()
            else:
                self.make_bridge()
            for index in range(self.count):
                inside = ["-n", self.namespace(index)]
                ip(*inside, "addr", "add", f"{self.address(index)}/24", "dev", self.interface)
                ip(*inside, "link", "set", self.interface, "up")
                ip(*inside, "link", "set", "lo", "up")
            return self
        except BaseException:
            self.__exit__()
            raise

    def start_relay(self):
        for index in range(self.count):
            device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            self.devices.append(device)
            outside = f"{self.name}d{index}"
            fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", outside.encode(), TUN_WITHOUT_HEADER))
            ip("link", "set", outside, "netns", self.namespace(index), "name", self.interface)
            ip("-n", self.namespace(index), "link", "set", self.interface, "mtu", str(MTU), "txqueuelen", "10000")
        self.relay = os.fork()
        if self.relay == 0:
            try:
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))  # else a busy machine adds delays of its own
            except PermissionError:
                pass
            try:
                relay(self.devices, *self.settings)
            finally:
                os._exit(0)

    def make_bridge(self):
        megabits = self.settings[0]
        ip("link", "add", f"{self.name}b", "type", "bridge")
        ip("link", "set", f"{self.name}b", "up")
        for index in range(self.count):
            outside = f"{self.name}d{index}"
            ip("link", "add", outside, "type", "veth", "peer", "name", self.interface, "netns", self.namespace(index))
            ip("link", "set", outside, "master", f"{self.name}b", "up")
            if megabits:
                burst = max(65536, int(megabits * 1e6 / 8 * 0.002))  # two milliseconds
                inside = ["ip", "netns", "exec", self.namespace(index), "tc", "qdisc", "add", "dev", self.interface]
                subprocess.run([*inside, "root", "tbf", "rate", f"{megabits}mbit", "burst", str(burst), "latency", f"{int(QUEUE_SECONDS * 1000)}ms"],
                               check=True, capture_output=True)

    def __exit__(self, *_):
        if self.relay:
            os.kill(self.relay, signal.SIGKILL)
            os.waitpid(self.relay, 0)
        for device in self.devices:
            os.close(device)
        for index in range(self.count):
            subprocess.run(["ip", "netns", "del", self.namespace(index)], capture_output=True, check=False)
        if not self.is_relayed:
            subprocess.run(["ip", "link", "del", f"{self.name}b"], capture_output=True, check=False)
