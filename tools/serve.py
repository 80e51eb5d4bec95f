"""Serve the built book on this machine and print its address. Usage: python tools/serve.py [port]"""

import functools
import http.server
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"
PORT = 8000


class SiteHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files; says nothing, caches nothing, so that a rebuilt page is seen at once."""

    # said here, because a machine's own table of types may call a script text/plain, which a browser refuses
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript"}

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *arguments):
        pass


def make_server(folder, port=0, handler=SiteHandler):
    """Return a server of ``folder`` on the loopback address; port 0 takes any free one."""
    serve_folder = functools.partial(handler, directory=str(folder))
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), serve_folder)


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else PORT
    try:
        server = make_server(SITE, port)
    except OSError:
        print(f"Port {port} is taken, so another one is used.")
        server = make_server(SITE)
    print(f"\nThe book is open at http://localhost:{server.server_port}/   (Ctrl+C closes it)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("\nClosed.")


if __name__ == "__main__":
    main()
