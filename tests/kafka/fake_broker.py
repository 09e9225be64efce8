#!/usr/bin/env python3
"""A broker that answers no more than a client's first questions: which versions it speaks, and who the brokers are. It
advertises what it is told to, as brokers do whose advertised.listeners are wrong. It knows no topic.

    fake_broker.py ID=HOST:PORT…

Listens on 127.0.0.1 and prints its address. ID=self is its own address. Ends with its standard input.
"""

import os
import socketserver
import struct
import sys
import threading

METADATA, VERSIONS = 3, 18


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


class Handler(socketserver.BaseRequestHandler):
    def read(self, n):
        data = b""
        while len(data) < n:
            more = self.request.recv(n - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def handle(self):
        try:
            while True:
                request = self.read(struct.unpack(">i", self.read(4))[0])
                api, version, number = struct.unpack(">hhi", request[:8])
                answer = struct.pack(">i", number) + self.answer(api, version, request)
                self.request.sendall(struct.pack(">i", len(answer)) + answer)
        except OSError:
            pass

    def answer(self, api, version, request):
        if api == VERSIONS:
            known = [(METADATA, 0, 1), (VERSIONS, 0, 0), (0, 0, 3), (1, 0, 4), (2, 0, 1), (10, 0, 0), (32, 0, 0)]
            return struct.pack(">hi", 35 if version > 0 else 0, len(known)) + b"".join(struct.pack(">hhh", *k) for k in known)
        if api != METADATA:
            raise ConnectionError
        brokers = self.server.brokers
        answer = struct.pack(">i", len(brokers))
        for broker, host, port in brokers:
            answer += struct.pack(">i", broker) + text(host) + struct.pack(">i", port)
            answer += struct.pack(">h", -1) if version > 0 else b""
        answer += struct.pack(">i", brokers[0][0]) if version > 0 else b""
        names = topics(request)
        answer += struct.pack(">i", len(names))
        for name in names:  # UNKNOWN_TOPIC_OR_PARTITION
            answer += struct.pack(">h", 3) + text(name) + (b"\0" if version > 0 else b"") + struct.pack(">i", 0)
        return answer


def topics(request):
    at = 8
    client = struct.unpack(">h", request[at : at + 2])[0]
    at += 2 + max(client, 0)
    count = struct.unpack(">i", request[at : at + 4])[0]
    at += 4
    names = []
    for _ in range(max(count, 0)):
        size = struct.unpack(">h", request[at : at + 2])[0]
        names.append(request[at + 2 : at + 2 + size].decode())
        at += 2 + size
    return names


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def main():
    server = Server(("127.0.0.1", 0), Handler)
    server.brokers = []
    for word in sys.argv[1:]:
        broker, address = word.split("=", 1)
        host, port = server.server_address if address == "self" else address.rsplit(":", 1)
        server.brokers.append((int(broker), host, int(port)))
    print(f"127.0.0.1:{server.server_address[1]}", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
