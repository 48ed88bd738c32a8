import json
from http.server import BaseHTTPRequestHandler, HTTPServer

STORE = {}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        value = STORE.get(self.path)
        self.send_response(200 if value is not None else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"value": value}).encode())

    def do_PUT(self):
        length = int(self.headers.get("Content-Length", 0))
        STORE[self.path] = self.rfile.read(length).decode()
        self.send_response(204)
        self.end_headers()


def serve(port=8000):
    HTTPServer(("127.0.0.1", port), Handler).serve_forever()
