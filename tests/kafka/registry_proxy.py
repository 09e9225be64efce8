#!/usr/bin/env python3
"""Stands in front of a real schema registry and adds what a real one has on bad days and in other companies.

    registry_proxy.py REGISTRY [--user NAME:PASSWORD] [--bearer TOKEN] [--delay SECONDS] [--fail N] [--shift-ids N]
        [--one-id N] [--tell-nothing] [--answer STATUS:BODY]
        [--port N] [--certificate PEM --key PEM [--client-authority PEM]]

    --user, --bearer     401 without these credentials
    --delay              seconds before each answer
    --fail               the first N requests are answered with 503
    --shift-ids          schema ids are N more than the registry's, as if it had given them anew
    --one-id             every schema has this id, and the id gives back the first of them; with --tell-nothing it gives none
    --answer             what is answered to everything, BODY with \\x1b and the like for bytes
    --certificate, --key TLS; with --client-authority only for clients with a certificate from it

Listens on 127.0.0.1 and prints its URL, then a line for each request. Ends with its standard input.
"""

import argparse
import base64
import json
import os
import re
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("registry")
    parser.add_argument("--user")
    parser.add_argument("--bearer")
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--fail", type=int, default=0)
    parser.add_argument("--shift-ids", type=int, default=0)
    parser.add_argument("--one-id", type=int)
    parser.add_argument("--tell-nothing", action="store_true")
    parser.add_argument("--answer")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--client-authority")
    return parser.parse_args()


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        options = self.server.options
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        print(self.command, self.path, flush=True)
        time.sleep(options.delay)
        status, said = self.refusal() or self.by_id() or self.pass_on(body)
        if options.one_id and status == 200 and body:
            status, said = self.give_one_id(body, said)
        if options.shift_ids and status == 200:
            said = shifted(said, options.shift_ids)
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)
        except OSError:  # the client did not wait
            self.close_connection = True

    do_GET = do_POST = answer

    def by_id(self):
        options = self.server.options
        if options.answer:
            status, _, text = options.answer.partition(":")
            return int(status), text.encode().decode("unicode_escape").encode("latin-1")
        if self.path.startswith("/schemas/ids/") and options.tell_nothing:
            return 404, b'{"error_code": 40403, "message": "Schema not found"}'
        if self.path.startswith("/schemas/ids/") and options.one_id:
            return 200, json.dumps({"schema": self.server.first}).encode()
        return None

    def give_one_id(self, body, said):
        answer = json.loads(said)
        if "id" in answer:
            self.server.first = self.server.first or json.loads(body)["schema"]
            answer = {"id": self.server.options.one_id}
        return 200, json.dumps(answer).encode()

    def refusal(self):
        options = self.server.options
        with self.server.lock:
            self.server.requests += 1
            if self.server.requests <= options.fail:
                return 503, b"starting"
        wanted = None
        if options.user:
            wanted = "Basic " + base64.b64encode(options.user.encode()).decode()
        if options.bearer:
            wanted = "Bearer " + options.bearer
        if wanted and self.headers.get("Authorization") != wanted:
            return 401, b'{"error_code": 40101, "message": "Unauthorized"}'
        return None

    def pass_on(self, body):
        path = re.sub(r"(?<=/schemas/ids/)\d+", lambda n: str(int(n[0]) - self.server.options.shift_ids), self.path)
        request = urllib.request.Request(self.server.options.registry + path, data=body or None, method=self.command)
        request.add_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def log_message(self, *_):
        pass


def shifted(said, by):
    answer = json.loads(said)
    if isinstance(answer, dict) and isinstance(answer.get("id"), int):
        answer["id"] += by
    return json.dumps(answer).encode()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):  # a client that does not like our certificate
        print("error", sys.exc_info()[1], flush=True)


def main():
    options = parse_arguments()
    server = Server(("127.0.0.1", options.port), Handler)
    server.options, server.requests, server.lock, server.first = options, 0, threading.Lock(), None
    scheme = "http"
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
        if options.client_authority:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(options.client_authority)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "https"
    print(f"{scheme}://127.0.0.1:{server.server_port}", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
